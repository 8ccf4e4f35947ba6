"""`trend` on the Turing Change Point Dataset: `python -m benchmarks.changepoint --data DIR`.

DIR holds `annotations.json`, `index.json` and `series/`. All univariate complete series, one set of parameters. A
season of 12 points is offered to each, the year of monthly series; which have one is for the method to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from benchmarks.changepoint_score import covering, f1
from benchmarks.machine import describe
from benchmarks.report import markdown, now, reached
from wolfpack.detectors import change_points

LIMITS = {"cover": (0.70, 0.75), "F1": (0.74, 0.80)}
"""At least and aim."""
PEERS = (
    "nothing found 0.575 / 0.668, binary segmentation 0.693 / 0.738, PELT 0.695 / 0.728, BOCPD 0.636 / 0.696"
)
SEASON, STEP = 12, 86_400.0


@dataclass(frozen=True)
class Series:
    """One series with what each annotator marked."""

    name: str
    values: np.ndarray
    marked: tuple[tuple[int, ...], ...]


def read(folder: Path) -> Iterator[Series]:
    """Yield the univariate complete series in the order of their names."""
    annotations = json.loads((folder / "annotations.json").read_text())
    index = json.loads((folder / "index.json").read_text())
    for name in sorted(annotations):
        if index[name]["n_dim"] == 1 and not index[name]["missing"]:
            raw = json.loads((folder / "series" / f"{name}.json").read_text())["series"][0]["raw"]
            yield Series(name, np.array(raw, dtype=float), tuple(map(tuple, annotations[name].values())))


def found(series: Series) -> list[int]:
    """Return the change points of a series."""
    times = STEP * np.arange(len(series.values))
    return [one.point for one in change_points(times, series.values, season=SEASON * STEP)]


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--quick", is_flag=True, help="Every fourth series: shows that it runs.")
def main(data: Path, quick: bool) -> None:
    """Print covering and F1 of each series, and their means beside what is asked."""
    start, rows, scores = now(), [], []
    for one in list(read(data))[:: 4 if quick else 1]:
        points = found(one)
        scores.append((covering(one.marked, points, len(one.values)), f1(one.marked, points)))
        rows.append(
            [
                one.name,
                str(len(one.values)),
                *(f"{score:.3f}" for score in scores[-1]),
                " ".join(map(str, points)),
            ]
        )
    print(markdown(["series", "points", "cover", "F1", "found"], rows))
    means = np.mean(scores, axis=0)
    table = [
        [name, f"{mean:.3f}", str(least), str(aim), reached(float(mean), least, aim, more_is_better=True)]
        for mean, (name, (least, aim)) in zip(means, LIMITS.items(), strict=True)
    ]
    print("\n" + markdown([f"mean of {len(rows)} series", "ours", "at least", "aim", "reached"], table))
    print(f"\n- measured with the same score, cover / F1: {PEERS}")
    print(f"- {now() - start:.0f} s")
    print("\n".join(f"- {line}" for line in describe({})))


if __name__ == "__main__":
    main()
