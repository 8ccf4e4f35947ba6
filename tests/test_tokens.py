"""Tokens: who may what follows the file as it is now, without a restart."""

from __future__ import annotations

import os

import pytest
import yaml
from conftest import THREE_LINES

from wolfpack.exporter import TokenFile, create_app, new_token, open_service
from wolfpack.spec import WolfpackError, names

FAR = {"REMOTE_ADDR": "192.0.2.1"}
MODELS = "/api/v1/models?project=travel"


class Guarded:
    """An exporter with a tokens file."""

    def __init__(self, folder) -> None:
        (folder / "m.yml").write_text(THREE_LINES)
        self.file = folder / "tokens"
        self.write()
        self.service = open_service([folder / "m.yml"], f"sqlite:///{folder / 'l.db'}", TokenFile(self.file))
        self.http = create_app(self.service).test_client()

    def write(self, *entries: dict) -> None:
        """Put another file in the place of the one that is there, as editors and Kubernetes do."""
        new = self.file.with_suffix(".new")
        new.write_text(yaml.safe_dump(list(entries)))
        os.replace(new, self.file)

    def status(self, secret: str, path: str = MODELS) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return self.http.get(path, headers=headers, environ_base=FAR).status_code

    def well(self) -> float:
        """Return whether the last load succeeded, as a scrape from this machine sees it."""
        for line in self.http.get("/metrics").text.splitlines():
            if line.startswith(f"{names.RELOAD_SUCCESSFUL} "):
                return float(line.split(" ")[1])
        raise AssertionError("it is not on the page")


@pytest.fixture
def guarded(tmp_path):
    one = Guarded(tmp_path)
    yield one
    one.service.close()


def test_a_token_is_good_from_when_it_is_in_the_file_until_it_is_taken_out(guarded) -> None:
    first, entry = new_token("first", ["travel"], ["read"])
    second, other = new_token("second", ["travel"], ["read"])
    before = guarded.status(first)
    guarded.write(entry, other)
    both = guarded.status(first), guarded.status(second)
    guarded.write(other)

    assert (before, both) == (401, (200, 200))
    assert (guarded.status(first), guarded.status(second)) == (401, 200)


def test_a_token_loses_a_project_and_a_scope_at_once(guarded) -> None:
    secret, entry = new_token("one", ["travel"], ["read"])
    guarded.write(entry)
    assert guarded.status(secret) == 200
    guarded.write(entry | {"projects": ["bank"]})
    assert guarded.status(secret) == 403
    guarded.write(entry | {"scopes": ["write"]})
    assert guarded.status(secret) == 403


@pytest.mark.parametrize("bad", ["{", "- {name: x}", "a: b", "[1]"], ids=["yaml", "entry", "list", "number"])
def test_while_the_file_cannot_be_read_the_tokens_from_before_stay_and_it_is_said(
    guarded, bad, caplog
) -> None:
    secret, entry = new_token("one", ["travel"], ["read"])
    guarded.write(entry)
    assert (guarded.status(secret), guarded.well()) == (200, 1)
    guarded.file.write_text(bad)
    assert (guarded.status(secret), guarded.well()) == (200, 0)
    assert [
        one.message
        for one in caplog.records
        if "stay in force" in one.message and str(guarded.file) in one.message
    ]
    guarded.file.unlink()
    assert (guarded.status(secret), guarded.well()) == (200, 0)
    guarded.write()
    assert (guarded.status(secret), guarded.well()) == (401, 1)


def test_a_hash_that_no_token_can_have_is_refused_by_its_entry(tmp_path) -> None:
    _, entry = new_token("one", None, ["read"])
    for bad in ("ü" * 64, entry["sha256"].upper(), "abc"):
        (tmp_path / "tokens").write_text(yaml.safe_dump([entry, entry | {"sha256": bad}], allow_unicode=True))
        with pytest.raises(WolfpackError, match=r"entry 1: sha256 .* is no SHA-256"):
            TokenFile(tmp_path / "tokens")
