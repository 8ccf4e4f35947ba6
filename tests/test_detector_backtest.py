"""`wolfpack backtest --detector`: the episodes of a real exporter's history, as a table, as JSON and as pictures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from past_exporter import END, SPEC, past_exporter
from test_cli import run

from wolfpack.detectors import METHODS

DETECT = (
    SPEC + "detect:\n  - {metric: ml_column_missing_ratio, columns: [delay]}\n  - {metric: ml_pane_rows}\n"
)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("past")
    with past_exporter(folder) as url:
        spec = folder / "m.yml"
        spec.write_text(DETECT)
        yield url, spec


def test_the_days_that_were_strange_are_episodes(past, tmp_path: Path) -> None:
    """Missing values on three days, of which nothing in the training data warned."""
    url, spec = past
    code, out, err = run(
        "backtest", spec, "--url", url, "--detector", "--to", END, "--format", "json", "--pictures", tmp_path
    )
    found = json.loads(out)

    assert (code, err) == (1, "")
    assert {one["labels"]["metric"] for one in found} == {"ml_column_missing_ratio"}
    assert found[0]["began"] == 1714795200  # the end of 2024-05-03 in New York
    assert found[0]["value"] == pytest.approx(0.07)
    assert found[0]["words"].startswith("0.07 where 0")
    (picture,) = tmp_path.glob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_every_method_has_a_picture_and_the_page_shows_it(tmp_path: Path) -> None:
    docs = Path(__file__).parent.parent / "docs"
    command = [sys.executable, "-m", "benchmarks.detector_pictures", str(tmp_path), "--method", "flat"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=docs.parent, check=False)

    assert "flat: alarms at points [200" in done.stdout, done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["flat.png"]
    for method in (*METHODS, "prophet"):
        assert f"](pictures/{method}.png)" in (docs / "detectors.md").read_text()
        assert (docs / "pictures" / f"{method}.png").exists()


def test_the_table_says_when_and_why_and_a_span_narrows_it(past) -> None:
    url, spec = past
    code, out, _ = run("backtest", spec, "--url", url, "--detector", "--to", END)
    none, quiet, _ = run("backtest", spec, "--url", url, "--detector", "--to", "2024-05-02")

    assert code == 1
    assert "2024-05-04 04:00" in out
    assert "ml_column_missing_ratio{" in out
    assert " (1 in " in out
    assert none == 0
    assert "0 episodes" in quiet
