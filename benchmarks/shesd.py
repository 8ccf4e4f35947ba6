"""Seasonal ESD against stored outputs of Twitter's R package: `python -m benchmarks.shesd --data DIR`.

DIR holds `manifest.json` with the cases, `series/` with their inputs and `expected/` with R's outputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import describe, keep_one_core

CORE = keep_one_core() if __name__ == "__main__" else None

import numpy as np  # noqa: E402 - counts the cores when it is imported

from benchmarks.report import CLOCK, markdown, measure, reached  # noqa: E402
from wolfpack.detectors import Outliers, seasonal_esd, seasonal_esd_vector  # noqa: E402

HEADER = ("what", "ours", "at least", "aim", "reached")
SPEED_POINTS, SPEED_ANOMS = 2160, 0.02
"""The series that is timed: hours of 90 days; R takes 0.038 s for it."""
FAIR = 1.0, 1e-3
"""Expected values agree within this much, absolute and relative: R cuts them to whole numbers."""


@dataclass
class Tally:
    """What the cases came to."""

    jaccard: list[float] = field(default_factory=list)
    refusals: list[bool] = field(default_factory=list)
    expected: list[bool] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


class Data:
    """The folder of stored cases; a series is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.cases: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())["cases"]
        self._series: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def series(self, file: str) -> tuple[np.ndarray, np.ndarray]:
        """Return times in epoch seconds and values."""
        if file not in self._series:
            lines = [line.split(",") for line in (self._folder / file).read_text().splitlines()[1:]]
            times = [datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for at, _ in lines]
            self._series[file] = np.array(times), np.array([float(value or "nan") for _, value in lines])
        return self._series[file]

    def outliers(self, case: dict[str, Any], times: np.ndarray) -> dict[int, float]:
        """Return R's outliers: index from 0 to what R expected there."""
        rows = [
            line.split(",") for line in (self._folder / case["expected_file"]).read_text().splitlines()[1:]
        ]
        if case["function"] == "Vec":
            return {int(index) - 1: float(expected) for index, _, expected in rows}
        place = {int(at): index for index, at in enumerate(times)}
        stamp = (datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for at, _, _ in rows)
        return {place[int(at)]: float(row[2]) for at, row in zip(stamp, rows, strict=True)}


def run(case: dict[str, Any], times: np.ndarray, values: np.ndarray) -> Outliers:
    """Return what we find with the options of a case."""
    options = {key: value for key, value in case["options"].items() if key != "e_value"}
    if case["function"] == "Vec":
        return seasonal_esd_vector(values, options.pop("period"), **options)
    return seasonal_esd(times, values, **options)


def judge(data: Data, cases: list[dict[str, Any]]) -> Tally:
    """Return how our answers compare with R's."""
    tally = Tally()
    for case in cases:
        times, values = data.series(case["series_file"])
        try:
            found = run(case, times, values)
        except ValueError as error:
            tally.refusals.append("error" in case)
            if "error" not in case:
                tally.jaccard.append(0.0)
                tally.differing.append(f"{case['id']}: refused by us, {error}")
            continue
        if "error" in case:
            tally.refusals.append(False)
            tally.differing.append(f"{case['id']}: refused by R, {case['error']}")
            continue
        _compare(tally, case, found, data.outliers(case, times))
    return tally


def _compare(tally: Tally, case: dict[str, Any], found: Outliers, theirs: dict[int, float]) -> None:
    ours = set(found.index.tolist())
    both, either = len(ours & set(theirs)), len(ours | set(theirs))
    tally.jaccard.append(both / either if either else 1.0)
    if ours != set(theirs):
        tally.differing.append(
            f"{case['id']}: {len(ours - set(theirs))} more, {len(set(theirs) - ours)} fewer of {len(theirs)}"
        )
    if (
        "longterm" not in case["options"] and "longterm_period" not in case["options"]
    ):  # R lists those misaligned
        expected = dict(zip(found.index.tolist(), np.trunc(found.expected).tolist(), strict=True))
        tally.expected += [
            abs(expected[index] - theirs[index]) <= FAIR[0] + FAIR[1] * abs(theirs[index])
            for index in ours & set(theirs)
        ]


def timed_series() -> tuple[np.ndarray, np.ndarray]:
    """Return hours of 90 days with a daily season and some outliers."""
    random = np.random.default_rng(1)
    values = 100 + 20 * np.sin(np.arange(SPEED_POINTS) * np.pi / 12) + random.normal(size=SPEED_POINTS)
    values[random.integers(0, SPEED_POINTS, 20)] += 30
    return 3600.0 * np.arange(SPEED_POINTS), values


def rows(tally: Tally, repeats: int) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    n = len(tally.jaccard)
    equal, mean = sum(one == 1 for one in tally.jaccard), float(np.mean(tally.jaccard))
    refused = len(tally.refusals)
    share = sum(tally.refusals) / max(1, refused)
    yield (
        "sets equal",
        f"{equal / n:.1%} ({equal} of {n})",
        "95 %",
        "98 %",
        reached(equal / n, 0.95, 0.98, True),
    )
    yield ("mean Jaccard", f"{mean:.4f}", "0.99", "0.995", reached(mean, 0.99, 0.995, True))
    yield (
        "refusals equal", f"{sum(tally.refusals)} of {refused}", "all", "all", reached(share, 1.0, 1.0, True),
    )  # fmt: skip
    fair = sum(tally.expected)
    yield ("expected values within 1 + 0.1 % of R's", f"{fair} of {len(tally.expected)}", "-", "-", "-")
    times, values = timed_series()
    took = measure(lambda: seasonal_esd(times, values, max_anoms=SPEED_ANOMS, direction="both"), repeats)
    what = f"one series of {SPEED_POINTS:,} points at max_anoms {SPEED_ANOMS} (R: 38 ms)"
    yield (what, str(took), "80 ms", "30 ms", reached(took.middle, 0.08, 0.03))


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--quick", is_flag=True, help="Every twentieth case: shows that it runs.")
@click.option("--clock", type=click.Choice(["wall", "cpu"]), default="wall", help="cpu: for a busy machine.")
def main(data: Path, quick: bool, clock: str) -> None:
    """Print one table: how many sets of outliers are R's, and how long one series takes."""
    import os

    os.environ[CLOCK] = clock
    stored = Data(data)
    cases = stored.cases[::20] if quick else stored.cases
    tally = judge(stored, cases)
    print(markdown(HEADER, list(rows(tally, 1 if quick else 15))))
    told = [*describe({}), f"{len(cases)} cases, core {CORE}, {clock} clock", *tally.differing]
    print("\n" + "\n".join(f"- {line}" for line in told))


if __name__ == "__main__":
    main()
