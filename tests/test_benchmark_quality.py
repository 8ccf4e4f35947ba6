"""The benchmark of quality runs from end to end and prints three tables; nothing here depends on a time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tables(name: str) -> list[list[dict[str, str]]]:
    """Return the rows of each table that a benchmark prints, quick and without peers."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--no-peers"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found = []
    for block in done.stdout.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        if lines:
            header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            found.append([dict(zip(header, row, strict=True)) for row in rows])
    return found


@pytest.fixture(scope="module")
def libraries() -> list[list[dict[str, str]]]:
    return tables("quality")


def test_quality_agrees_with_scikit_learn_in_every_shape(libraries: list[list[dict[str, str]]]) -> None:
    """Nine shapes at three shares of positives; nothing here depends on a time."""
    rows = libraries[0]

    assert len(rows) == 27
    assert len({(row["scores"], row["positives"]) for row in rows}) == 27
    assert {row["reached"] for row in rows} == {"yes"}


def test_estimates_of_five_data_sets_are_compared_with_what_labels_said(
    libraries: list[list[dict[str, str]]],
) -> None:
    rows = libraries[1]

    assert [row["data"] for row in rows][:2] == ["flights, model 1", "flights, model 2"]
    assert len(rows) == 5
    assert all(0 < float(row["from labels on average"]) < 0.2 for row in rows)


@pytest.mark.parametrize("what", ["scikit-learn", "Evidently", "merged, to measures", "NannyML"])
def test_every_time_of_quality_is_printed(libraries: list[list[dict[str, str]]], what: str) -> None:
    (row,) = [row for row in libraries[2] if what in row["what"]]

    assert re.match(r"[\d.]+ (ms|s)", row["ours"])
