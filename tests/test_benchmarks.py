"""The benchmarks run from end to end and print every row that they owe; nothing here depends on a time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(name: str) -> tuple[list[dict[str, str]], str]:
    """Return the rows of a benchmark's table, and all that it printed; quick and without peers."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--no-peers"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    header, rule, *rows = cells
    assert set("".join(rule)) == {"-"}
    return [dict(zip(header, row, strict=True)) for row in rows], done.stdout


@pytest.fixture(scope="module")
def speed() -> tuple[list[dict[str, str]], str]:
    return run("profile")


@pytest.fixture(scope="module")
def quality() -> tuple[list[dict[str, str]], str]:
    return run("drift_quality")


@pytest.mark.parametrize(
    ("what", "least", "aim"),
    [
        (r"Parquet to profile; whylogs", "55 times faster", "130"),
        (r"Arrow in memory to profile; whylogs", "75 times faster", "155"),
        (r"two Parquet files to two profiles to all scores; Evidently", "110 times faster", "200"),
        (r"time over the floor", "2.2", "1.4"),
        (r"80,000 rows streamed from Parquet: memory", "75 MB, flat in rows", "16 MB"),
        (r"20 segments on 20,000 rows", "450 ms", "270 ms"),
        (r"20 profiles of 100 columns merged", "2 s", "500 ms"),
        (r"100 columns and 20 segments as bytes: size", "2 MB", "-"),
        (r"100 columns and 20 segments as bytes: write", "30 ms", "-"),
        (r"100 columns and 20 segments as bytes: read", "30 ms", "-"),
        (r"PySpark 20,000 rows warm", "5 s", "2 s"),
    ],
)
def test_every_number_of_speed_is_printed(
    speed: tuple[list[dict[str, str]], str], what: str, least: str, aim: str
) -> None:
    """Each row says what ours took, and what is asked."""
    (row,) = [row for row in speed[0] if re.match(what, row["what"])]

    assert (row["at least"], row["aim"]) == (least, aim)
    assert re.match(r"-?[\d.]+ (ms|s|MB)|not measured: .", row["ours"])


def test_speed_says_the_machine_and_versions(speed: tuple[list[dict[str, str]], str]) -> None:
    assert re.search(r"^- .+, \d+ cores, ", speed[1], re.MULTILINE)
    assert re.search(r"^- Python 3\.\d+\.\d+, numpy \S+, scipy \S+, pyarrow \S+$", speed[1], re.MULTILINE)


def test_false_alarms_are_counted_in_every_cell(quality: tuple[list[dict[str, str]], str]) -> None:
    """Three references times six sizes of a day, from raw values and in bins."""
    rows = [row for row in quality[0] if row["what"] == "any false alarm in a day of 100 columns"]

    places = {(row["reference"], row["rows"]) for row in rows}
    assert places == {
        (n, m) for n in ("1,000", "5,000", "100,000") for m in ("30", "50", "100", "300", "1,000", "5,000")
    }
    assert len(rows) == 18
    assert all(re.fullmatch(r"\S+ % of 4", row[side]) for row in rows for side in ("ours", "ours in bins"))
    assert {row["asked"] for row in rows} == {"at most 1 %"}


@pytest.mark.parametrize(
    ("what", "times", "asked"),
    [
        ("mean shift of 0.5 sd", 2, "at least 90 %"),
        ("mean shift of 1 sd", 2, "at least 90 %"),
        ("missing 1 to 5 %", 2, "at least 90 %"),
        ("new category of 2 %", 2, "at least 90 %"),
        ("new integer of 2 %", 2, "at least 90 %"),
        ("scale x1.5", 2, "at least 90 %"),
        ("log-normal (sigma 2) x3", 2, "at least 90 %"),
        ("shift of 0.02 sd (trivial)", 2, "at most 0.1 %"),
        ("constant 5 becomes 3", 3, "at least 100 %"),
        ("zeros (90 %) become -1", 3, "at least 100 %"),
        ("2 % of -999", 1, "at least 90 %"),
        ("10 rows per user, no drift", 3, "at most 1 %"),
        ("50 rows per user, no drift", 3, "at most 1 %"),
        ("day effect of 0.15 sd, no drift", 3, "at most 1 %"),
        ("10 rows per user, shift of 0.5 sd", 3, "stated"),
        ("50 rows per user, shift of 0.5 sd", 3, "stated"),
        ("day effect of 0.15 sd, shift of 0.5 sd", 3, "stated"),
    ],
)
def test_every_case_of_drift_is_counted(
    quality: tuple[list[dict[str, str]], str], what: str, times: int, asked: str
) -> None:
    rows = [row for row in quality[0] if row["what"] == what]

    assert [row["asked"] for row in rows] == [asked] * times
    assert all(re.fullmatch(r"\S+ % of \d+", row["ours"]) for row in rows)


def test_a_constant_that_changes_is_found_even_quickly(quality: tuple[list[dict[str, str]], str]) -> None:
    """The cells judge what they say: the one whose outcome is certain comes out so."""
    rows = [row for row in quality[0] if row["what"] == "constant 5 becomes 3"]

    assert {(row["ours"], row["reached"]) for row in rows} == {("100 % of 4", "yes")}


def test_one_outlier_is_tried_on_both_sides(quality: tuple[list[dict[str, str]], str]) -> None:
    rows = [row for row in quality[0] if row["what"].startswith("one 1e6 ")]

    assert len(rows) == 4
    assert all(float(row["ours"]) >= 0 for row in rows)


@pytest.fixture(scope="module")
def exposition() -> tuple[list[dict[str, str]], str]:
    return run("exposition")


@pytest.mark.parametrize(
    ("what", "least"),
    [
        (r"2,020 series, unchanged, identity; `generate_latest`$", "100 times faster"),
        (r"2,020 series, unchanged, gzip; `generate_latest` and gzip$", "100 times faster"),
        (r"2,020 series, one model of 10 changed, identity; the same$", "20 times faster"),
        (r"2,020 series, one model of 10 changed, gzip; the same$", "20 times faster"),
        (r"2,020 series, unchanged, identity, over HTTP", "stated"),
        (r"2,020 series, unchanged, gzip, over HTTP", "stated"),
    ],
)
def test_every_number_of_the_metrics_page_is_printed(
    exposition: tuple[list[dict[str, str]], str], what: str, least: str
) -> None:
    (row,) = [row for row in exposition[0] if re.match(what, row["what"])]

    assert row["at least"] == least
    assert re.match(r"[\d.]+ m?s \(min [\d.]+\)$", row["ours"])


def test_the_ledger_is_measured() -> None:
    """Commits by number of writers, and windows from partial merges, each beside what it is compared with."""
    command = [sys.executable, "-m", "benchmarks.ledger", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]

    assert done.returncode == 0, done.stderr
    assert len([row for row in rows if "durable writes" in row]) == 5
    assert len([row for row in rows if "window of 360 minutes" in row]) == 2


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("service", ("`/batches`", "`/predictions`", "99th percentile", "errors")),
        ("large", ("resident after a day", "first full `/metrics`", "resident after that start")),
        ("pages", ("one of them changed", "models: size", "value of a segment: size", "`wolfpack dashboards`")),
    ],
)
def test_the_service_is_measured(name: str, lines: tuple[str, ...]) -> None:
    """Each number of the table of what the service must reach is printed, with its limits."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]

    assert done.returncode == 0, done.stderr
    for line in lines:
        assert len([row for row in rows if line in row]) == 1, line
