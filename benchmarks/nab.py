"""The Numenta Anomaly Benchmark: `python -m benchmarks.nab --data DIR`, DIR the folder with its `data/` and windows.

While constants were chosen only the development half was looked at: the files at even places in the order of their
names. The other half was kept aside. One table has both, one what each kind of series gives.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np

from benchmarks.machine import describe
from benchmarks.nab_score import PROFILES, Scored, total
from benchmarks.report import markdown, now
from wolfpack.detectors import METHODS, Detection, detect

WINDOWS = "combined_windows.json"
ASKED = {"optimised": (60, 72), "line": (50, 65)}
"""Standard score at least and as aim, at the best threshold and at the alarm line."""


@dataclass(frozen=True)
class Series:
    """One file: times in seconds, values, and the labelled windows by point."""

    name: str
    times: np.ndarray
    values: np.ndarray
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Judged:
    """A series with what was said of it; points whose time did not come after the one before are left out."""

    series: Series
    kept: np.ndarray
    found: Detection

    @property
    def scored(self) -> Scored:
        score = np.zeros(len(self.series.values))
        score[self.kept] = np.nan_to_num(self.found.score)
        return Scored(score, self.series.windows)

    def outside_band(self) -> tuple[int, int, int]:
        """Return how many values lie below and above the band, and of how many, outside the windows."""
        values = self.series.values[self.kept]
        ordinary = np.ones(len(self.series.values), dtype=bool)
        for first, last in self.series.windows:
            ordinary[first : last + 1] = False
        counted = self.found.ready & ordinary[self.kept]
        below, above = values < self.found.lower, values > self.found.upper
        return int(np.sum(below & counted)), int(np.sum(above & counted)), int(np.sum(counted))


def read(folder: Path) -> list[Series]:
    """Return the series of the corpus in the order of their names."""
    windows = json.loads((folder / WINDOWS).read_text())
    return [_series(folder / "data" / name, name, windows[name]) for name in sorted(windows)]


def _series(path: Path, name: str, windows: Sequence[tuple[str, str]]) -> Series:
    with path.open(newline="") as file:
        rows = [(datetime.fromisoformat(time), float(value)) for time, value in list(csv.reader(file))[1:]]
    first = {}
    for place, (time, _) in enumerate(rows):
        first.setdefault(time, place)
    bounds = sorted((first[datetime.fromisoformat(a)], first[datetime.fromisoformat(b)]) for a, b in windows)
    times = np.array([time.replace(tzinfo=UTC).timestamp() for time, _ in rows])
    return Series(name, times, np.array([value for _, value in rows]), tuple(bounds))


def judge(series: Series, method: str) -> Judged:
    """Score one series; clock changes put a few points out of order, and those are not scored."""
    before = np.maximum.accumulate(np.concatenate([[-np.inf], series.times[:-1]]))
    kept = np.flatnonzero(series.times > before)
    return Judged(series, kept, detect(series.times[kept], series.values[kept], method))


def row(name: str, judged: Sequence[Judged]) -> list[str]:
    """Return the row of a part of the corpus."""
    corpus = [one.scored for one in judged]
    best = [total(corpus, profile) for profile in PROFILES]
    line = total(corpus, "standard", 1.0)
    below, above, counted = np.sum([one.outside_band() for one in judged], axis=0)
    return [
        name,
        str(len(judged)),
        " / ".join(f"{one.score:.1f}" for one in best),
        f"{best[0].found} of {best[0].windows}, {best[0].outside}",
        f"{best[0].threshold:.2f}",
        f"{line.score:.1f}",
        f"{line.found}, {line.outside}",
        f"{100 * below / counted:.2f} % / {100 * above / counted:.2f} %",
    ]


HEADER = (
    "part", "series", "best threshold: standard / low FP / low FN", "windows found, points outside", "at",
    "at the alarm line", "windows found, points outside", "below / above the band",
)  # fmt: skip


def parts(judged: Sequence[Judged]) -> list[list[str]]:
    """Return the rows of the whole, of its halves and of each kind of series that has windows."""
    kinds = sorted({one.series.name.split("/")[0] for one in judged if one.series.windows})
    rows = [row("all", judged), row("development half", judged[::2]), row("kept aside", judged[1::2])]
    return rows + [row(kind, [one for one in judged if one.series.name.startswith(kind)]) for kind in kinds]


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--method", type=click.Choice(list(METHODS)), default="auto", show_default=True)
@click.option("--development", is_flag=True, help="Look at the development half alone.")
@click.option("--quick", is_flag=True, help="Every sixth series: the tests' round.")
def main(data: Path, method: str, development: bool, quick: bool) -> None:
    """Print the scores of a method."""
    series = read(data)
    chosen = series[::6] if quick else series[::2] if development else series
    start = now()
    judged = [judge(one, method) for one in chosen]
    rows = [row("development half", judged)] if development else parts(judged)
    print(markdown(HEADER, rows))
    points = sum(len(one.values) for one in chosen)
    asked = "; ".join(f"{name}: at least {least}, aim {aim}" for name, (least, aim) in ASKED.items())
    print(f"\n- asked of the standard score of all: {asked}")
    print(f"- `{method}`, {points:,} points in {now() - start:.0f} s")
    print("\n".join(f"- {line}" for line in describe({})))


if __name__ == "__main__":
    main()
