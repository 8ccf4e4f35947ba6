"""`wolfpack feedback`: episodes of a real exporter's past, marked right or wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from past_exporter import END, SPEC, past_exporter
from test_cli import run


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with past_exporter(tmp_path) as its:
        yield its


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "m.yml").write_text(SPEC)
    return tmp_path / "m.yml"


def listed(url: str, spec: Path, *options: str) -> list[dict[str, Any]]:
    given = ("--url", url, "--to", END, "--engine", "python", "--format", "json")
    code, out, err = run("feedback", spec, *given, *options)
    assert (code, err) == (0, "")
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_an_episode_is_marked_by_its_name_and_the_newest_word_counts(url: str, spec: Path) -> None:
    before = listed(url, spec)
    first, second = before[0]["id"], before[1]["id"]
    marked = listed(url, spec, "--wrong", first, "--right", second[:6], "--note", "a holiday")
    again = listed(url, spec, "--right", first)

    assert len({one["id"] for one in before}) == len(before) == 5
    assert {one["verdict"] for one in before} == {None}
    assert [one["verdict"] for one in marked] == ["wrong", "right", None, None, None]
    assert [one["verdict"] for one in again] == ["right", "right", None, None, None]
    assert listed(url, spec) == again
    page = requests.get(f"{url}/api/v1/feedback?project=travel&model=arrival-delay", timeout=10).json()
    assert {(one["verdict"], one["note"], one["start"]) for one in page["feedback"]} == {
        ("right", "", before[0]["start"]), ("right", "a holiday", before[1]["start"]),
    }  # fmt: skip


def test_a_name_that_is_none_is_refused_with_those_there_are(url: str, spec: Path) -> None:
    known = listed(url, spec)[-1]["id"]
    code, _, err = run("feedback", spec, "--url", url, "--to", END, "--engine", "python", "--wrong", "zzz")

    assert code == 2
    assert "'zzz' is the name of 0 episodes" in err
    assert known in err


def test_the_list_is_a_table_with_what_was_said(url: str, spec: Path) -> None:
    name = listed(url, spec)[0]["id"]
    code, out, _ = run("feedback", spec, "--url", url, "--to", END, "--engine", "python", "--wrong", name)

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[:1]] == ["id"]
    (line,) = [line for line in out.splitlines() if line.startswith(name)]
    assert line.endswith("wrong")
