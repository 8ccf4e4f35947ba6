"""A value of a spec changed in its text: the file says it then, and everything else as before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from made_specs import drawn
from test_rules_examples import FULL, loaded

from wolfpack.cli import servers
from wolfpack.client import HttpTransport
from wolfpack.rules.episodes import Episode
from wolfpack.rules.knobs import knobs, turned
from wolfpack.rules.silences import read_silences, silenced
from wolfpack.rules.spec_diff import spec_diff, with_value
from wolfpack.spec import Spec, WolfpackError, load

PLACE = ("drift", "psi", "warning")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("drift: {psi: {warning: 0.1}}  # usual\n", "drift: {psi: {warning: 9}}  # usual\n"),
        ("drift:\n  psi:\n    warning: 0.1 # usual\nowner: a\n", "drift:\n  psi:\n    warning: 9 # usual\nowner: a\n"),
        ("drift: {ks: {}}\n", "drift: {ks: {}, psi: {warning: 9}}\n"),
        ("drift: {}\n", "drift: {psi: {warning: 9}}\n"),
        ("drift:\nowner: a\n", "drift: {psi: {warning: 9}}\nowner: a\n"),
        ("drift:\n  ks: {}  # usual\n\n# owner\nowner: a\n",
         "drift:\n  ks: {}  # usual\n  psi: {warning: 9}\n\n# owner\nowner: a\n"),
        ("drift:\n    ks: {}\n", "drift:\n    ks: {}\n    psi: {warning: 9}\n"),
        ("owner: a", "owner: a\ndrift: {psi: {warning: 9}}\n"),
        ("owner: a\r\ndetect:\r\n- {x: 1}\r\n", "owner: a\r\ndetect:\r\n- {x: 1}\r\ndrift: {psi: {warning: 9}}\r\n"),
        ("note: |\n  drift: no\n  key\n", "note: |\n  drift: no\n  key\ndrift: {psi: {warning: 9}}\n"),
        ("'drift': {\"psi\": {warning: '0.1'}}\n", "'drift': {\"psi\": {warning: 9}}\n"),
    ],
)  # fmt: skip
def test_only_the_value_changes(before: str, after: str) -> None:
    assert with_value(before, PLACE, "9") == after


def test_names_that_yaml_would_misread_are_quoted() -> None:
    text = with_value("columns: {}\n", ("columns", 'odd "x": 1', "missing", "warning"), "0.2")

    assert yaml.safe_load(text) == {"columns": {'odd "x": 1': {"missing": {"warning": 0.2}}}}


def test_every_threshold_of_random_specs_can_be_turned_in_their_files(tmp_path: Path) -> None:
    """The file that was changed says exactly what the changed spec does: `spec_diff` refuses otherwise."""
    (tmp_path / "full").mkdir()
    specs = [*drawn(10, tmp_path), *loaded(tmp_path / "full", FULL)]
    count = 0
    for one in specs:
        for knob in knobs(one.spec):
            values = [
                value for value in knob.quieter()[:1] + knob.louder()[:1] if turned(one.spec, knob, value)
            ]
            for value in values if knob.place in one.sources else []:
                wanted = turned(one.spec, knob, value)
                assert isinstance(wanted, Spec)
                written = f'"{knob.written(value)}"' if knob.bound else knob.written(value)
                said = spec_diff(one, wanted, {knob.place: written}, tmp_path)
                count += 1
                assert said.startswith("--- a/")
    assert count > 40


def test_a_value_behind_an_alias_is_left_to_a_person(tmp_path: Path) -> None:
    text = "version: wolfpack/v1\nproject: a\nmodel: b\ndrift: {psi: &it {warning: 0.3}, ks: *it}\n"
    (tmp_path / "m.yml").write_text(text)
    one = load(tmp_path / "m.yml")
    (ks,) = [knob for knob in knobs(one.spec) if knob.place == ("drift", "ks", "warning")]
    wanted = turned(one.spec, ks, 0.4)
    assert wanted is not None

    with pytest.raises(
        WolfpackError, match=r"m\.yml: cannot be changed by rule; write by hand: drift\.ks\.warning: 0\.4"
    ):
        spec_diff(one, wanted, {ks.place: "0.4"}, tmp_path)


@pytest.mark.needs("alertmanager")
def test_what_alertmanager_keeps_silent_is_known(tmp_path: Path) -> None:
    """A silence of a real one, on what it matches, while it holds."""
    config = tmp_path / "am.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    now = datetime.now(UTC).timestamp()
    matchers = [
        {"name": "alertname", "value": "A|B", "isRegex": True},
        {"name": "model", "value": "x", "isRegex": False, "isEqual": False},
    ]
    body = {
        "matchers": matchers,
        "startsAt": _at(now + 5),
        "endsAt": _at(now + 100),
        "createdBy": "me",
        "comment": "x",
    }
    with servers.alertmanager(tmp_path, config) as url:
        transport = HttpTransport(url)
        transport.send("POST", "/api/v2/silences", {}, json.dumps(body).encode(), "application/json")
        silences = read_silences(transport)

    def one(name: str, model: str, start: float, end: float) -> Episode:
        return Episode(now + start, now + end, (("alertname", name), ("model", model)))

    assert silenced(one("A", "y", 6, 99), silences)
    assert silenced(one("B", "", 6, 99), silences)
    assert not silenced(one("AB", "y", 6, 99), silences)
    assert not silenced(one("A", "x", 6, 99), silences)
    assert not silenced(one("A", "y", 0, 99), silences)
    assert not silenced(one("A", "y", 6, 200), silences)


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
