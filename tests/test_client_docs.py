"""The pages about the client and the sources say the numbers of the code, and what they show is read."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from wolfpack.cli import source_keys
from wolfpack.client import failure, prediction_log, retries, spool, transport
from wolfpack.exporter import (
    sources,
    sources_delivery,
    sources_files,
    sources_folder,
    sources_log,
    sources_positions,
)
from wolfpack.spec import keeping, load
from wolfpack.spec.source_kinds import LAGGING, LogFields

DOCS = Path(__file__).parent.parent / "docs"
CONNECT, ANSWER = transport.TIMEOUT
LOG, FOLDER = sources.OFTEN["log"], sources.OFTEN["folder"]
SPECS = re.findall(r"```yaml\n(.*?)```", (DOCS / "sources.md").read_text(), re.DOTALL)


@pytest.mark.parametrize(
    ("page", "phrase"),
    [
        ("client.md", f"`retry_for` ({retries.RETRY_FOR:.0f} s) after the first one"),
        ("client.md", f"doubles from {retries.FIRST_WAIT} s to {retries.LONGEST_WAIT:.0f} s"),
        ("client.md", f"given up after {CONNECT:.0f} s, an answer after {ANSWER:.0f} s"),
        ("client.md", ", ".join(map(str, sorted(failure.MAY_PASS - {0})[2:-1])) + " and 504"),
        ("client.md", f"| {', '.join(map(str, sorted(spool.REFUSED)))}:"),
        ("client.md", f"`spool_limit`, {spool.LIMIT >> 20} MiB a model"),
        ("sources.md", f"more than {sources_delivery.AHEAD // timedelta(minutes=1)} minutes\nafter now"),
        ("sources.md", f"over {keeping.Keeping().panes / keeping.DAY:.0f} days ago"),
        ("sources.md", f"first {sources_files.HEAD:,} bytes"),
        ("sources.md", ", ".join(f"`{one}`" for one in sources_files.UNREAD[:-1])),
        ("sources.md", f"gone for {sources_positions.FORGOTTEN / 86400:.0f} days"),
        ("sources.md", f"parts of {sources_log.SLICE * sources_log.TOGETHER >> 20} MiB"),
        ("sources.md", f"last written {sources_folder.SETTLED:.0f} seconds ago"),
    ],
)
def test_numbers_are_those_of_the_code(page: str, phrase: str) -> None:
    assert phrase in (DOCS / page).read_text(encoding="utf-8")


def test_the_rounds_are_those_that_are_written_down() -> None:
    """A 96th of `every`, between a second and ten minutes, and between 5 seconds and a minute."""
    assert (sources.SLICES, LOG, FOLDER, LAGGING) == (96, (1.0, 600.0), (5.0, 60.0), 1800.0)


def test_every_key_of_a_source_has_its_meaning(monkeypatch) -> None:
    assert sum(map(len, source_keys.rows().values())) == len(source_keys.MEANING)

    monkeypatch.delitem(source_keys.MEANING, "log.path")
    with pytest.raises(ValueError, match=r"log\.path.* are keys or meanings"):
        source_keys.rows()


@pytest.mark.parametrize("place", range(len(SPECS)))
def test_the_sources_that_are_shown_load(place: int, tmp_path) -> None:
    (tmp_path / "m.yml").write_text(SPECS[place])

    assert load(tmp_path / "m.yml").spec.sources


def test_the_line_that_is_shown_is_one_of_ours() -> None:
    for text in ((DOCS / "sources.md").read_text(), prediction_log.__doc__):
        (shown,) = re.findall(r'\{"time".*?\}\n', text, re.DOTALL)
        found = prediction_log.read_calls(" ".join(shown.split()).encode(), "arrival-delay")

        assert list(json.loads(shown)) == [
            "time", "request_id", "model", "version", "endpoint", "elapsed_seconds", "inputs", "prediction",
            "outlier", "outlier_score",
        ]  # fmt: skip
        assert found.inputs.to_pylist() == [{"delay": 12.0, "carrier": "AA"}]
        assert set(LogFields.model_fields) <= set(json.loads(shown))
