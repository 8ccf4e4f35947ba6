"""The score of change points, and the benchmark on public series."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.changepoint_score import covering, f1

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
POINTS = st.sets(st.integers(1, 99), max_size=6)


def test_scores_of_a_case_by_hand() -> None:
    """Two annotators: one marks 50, one nothing. Found is 53."""
    marked = [{50}, set()]

    assert f1(marked, [53]) == pytest.approx(2 * 1 * 1 / 2)
    assert f1(marked, [60]) == pytest.approx(2 * 0.5 * 0.75 / 1.25)
    assert covering(marked, [], 100) == pytest.approx((0.5 + 1) / 2)
    assert covering(marked, [50], 100) == pytest.approx((1 + 0.5) / 2)


@settings(max_examples=50, deadline=None)
@given(marked=st.lists(POINTS, min_size=1, max_size=4), found=POINTS)
def test_the_score_is_the_stored_scorer_s(marked: list[set[int]], found: set[int]) -> None:
    path = SHARED / "tools" / "cp_score.py"
    if not path.is_file():
        pytest.skip("the stored scorer is not there")
    spec = importlib.util.spec_from_file_location("cp_score", path)
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    named = {str(i): sorted(one) for i, one in enumerate(marked)}

    assert f1(marked, found) == pytest.approx(theirs.f1(named, found)[0])
    assert covering(marked, found, 100) == pytest.approx(theirs.covering(named, sorted(found), 100))


def test_the_public_benchmarks_name_what_is_absent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.public", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("skipped: ") == 3


def test_the_benchmark_reaches_what_is_asked_on_the_whole() -> None:
    data = SHARED / "data" / "tcpd"
    if not data.is_dir():
        pytest.skip("the series are not there")
    command = [sys.executable, "-m", "benchmarks.changepoint", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert done.returncode == 0, done.stderr
    assert "| no " not in done.stdout
    assert "mean of 20 series" in done.stdout
