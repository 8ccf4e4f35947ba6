"""The command that an anomaly's page shows marks the episode that it is about."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
import requests
from past_exporter import SPEC, past_exporter
from test_anomaly_pages import DAYS, LABELS, ONE, exporter, get, text  # noqa: F401
from test_cli import run

from wolfpack.cli.marked_series import stretch
from wolfpack.spec import WolfpackError

MODEL = {"project": "travel", "model": "arrival-delay"}
MODELS = [("travel", "arrival-delay")]


def shown(page: str) -> list[str]:
    (command,) = re.findall(r"<code>(wolfpack feedback .*?)</code>", page, re.DOTALL)
    return shlex.split(unescape(command))


def test_the_page_names_the_newest_episode_without_a_verdict(exporter) -> None:  # noqa: F811
    command = shown(get(exporter, ONE))
    its = stretch(command[-1], MODELS)

    assert command[:3] == ["wolfpack", "feedback", "SPEC"]
    assert command[3:6] == ["--url", "http://localhost", "--wrong"]
    assert its.labels == LABELS
    assert (its.first.timestamp(), its.last.timestamp()) == (DAYS[4], DAYS[4])


def test_the_command_of_the_page_marks_it(tmp_path: Path, exporter) -> None:  # noqa: F811
    given = shown(get(exporter, ONE))[-1]
    (tmp_path / "m.yml").write_text(SPEC)
    with past_exporter(tmp_path) as url:
        options = ("--url", url, "--engine", "python", "--wrong", given, "--note", "a holiday")
        code, _, err = run("feedback", tmp_path / "m.yml", *options)
        assert (code, err) == (0, "")
        (said,) = requests.get(f"{url}/api/v1/feedback", params=MODEL, timeout=10).json()["feedback"]
    # The same word, as it arrived, for the exporter whose page it is.
    body = MODEL | {key: said[key] for key in ("labels", "verdict", "note")}
    body |= {key: datetime.fromtimestamp(said[key], UTC).isoformat() for key in ("start", "end")}
    assert exporter.http.post("/api/v1/feedback", json=body).status_code == 200
    page = get(exporter, ONE)

    assert "1 -1.2 wrong: a holiday" in text(page)
    assert stretch(shown(page)[-1], MODELS).first.timestamp() == DAYS[1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "is no stretch of a series; write '{\"project\""),
        ('{"project": "travel", "model": "arrival-delay"}@2024-05-02', "is no stretch"),
        ('{"project": 1}@2024-05-02/2024-05-03', "labels must be texts by name"),
        ('{"project": "a", "model": "b"}@2024-05-02/2024-05-03', "they describe travel/arrival-delay"),
    ],
)
def test_what_is_no_stretch_is_refused(given: str, said: str) -> None:
    with pytest.raises(WolfpackError, match=re.escape(said)):
        stretch(given, MODELS)
