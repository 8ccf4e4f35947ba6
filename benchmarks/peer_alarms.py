"""A peer's verdicts on the same cells, with its defaults; runs in its environment.

`python -m benchmarks.peer_alarms NAME REPEATS COLUMNS` prints by cell the shares found: of the columns, and
of the repeats with any column found. A cell that the peer cannot judge is left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cells import ALARM_REFERENCES, ALARM_ROWS, OUTLIER_SHIFTS, Cell, alarm_random, all_cells
from benchmarks.populations import Column, mixed, normal

Judge = Callable[[pd.DataFrame, list[pd.DataFrame]], Any]
"""From the reference and several current frames, of one size, to (verdict, score) arrays (frames, columns)."""
DAYS = 10
"""Current frames that share one reference: as many as that come out of one fit."""
LEAST_CHUNKS = 4
"""Chunks of the reference under which NannyML's mean and deviation over them mean nothing."""


def frame(columns: list[Column]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            f"c{place}": column if column.dtype.kind == "f" else np.char.add("word-", column.astype(str))
            for place, column in enumerate(columns)
        }
    )


def evidently_judge(reference: pd.DataFrame, currents: list[pd.DataFrame]) -> Any:
    """Return what DataDriftPreset's tests say, without the drawing: its choice of test, its threshold."""
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    found = []
    for current in currents:
        for name in reference.columns:
            numeric = reference[name].dtype == float
            kind = ColumnType.Numerical if numeric else ColumnType.Categorical
            before, now = (
                side[name].replace([-np.inf, np.inf], np.nan).dropna() for side in (reference, current)
            )
            result = get_stattest(before, now, kind, None)(before, now, kind, None)
            found.append((bool(result.drifted), float(result.drift_score)))
    shape = (len(currents), len(reference.columns), 2)
    return np.moveaxis(np.array(found, float).reshape(shape), -1, 0)


def nannyml_judge(reference: pd.DataFrame, currents: list[pd.DataFrame]) -> Any:
    """Return its univariate calculator's alerts, with chunks as long as a current frame; None if too few."""
    from nannyml import UnivariateDriftCalculator

    m = len(currents[0])
    if len(reference) // m < LEAST_CHUNKS:
        return None
    words = [name for name in reference.columns if reference[name].dtype != float]
    calculator = UnivariateDriftCalculator(
        column_names=list(reference.columns), treat_as_categorical=words, chunk_size=m
    )
    result = calculator.fit(reference).calculate(pd.concat(currents, ignore_index=True))
    table = result.filter(period="analysis").to_df()
    columns = [(name, "jensen_shannon") for name in reference.columns]
    return np.array(
        [[table[(*column, part)].to_numpy(float) for column in columns] for part in ("alert", "value")]
    ).transpose(0, 2, 1)


def shares(judge: Judge, draw: Callable[[int], Any], repeats: int) -> list[float] | None:
    """Return the shares of columns and of repeats found; `draw` gives a batch's reference and frames."""
    verdicts = []
    for batch in range(-(-repeats // DAYS)):
        reference, currents = draw(batch)
        found = judge(reference, currents[: repeats - batch * DAYS])
        if found is None:
            return None
        verdicts.append(found[0])
    rows = np.concatenate(verdicts) > 0
    return [float(rows.mean()), float(rows.any(axis=1).mean())]


def draw_cell(cell: Cell, columns: int) -> Callable[[int], Any]:
    def draw(batch: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        before, nows = cell.draw(batch, columns, DAYS)
        return frame(before), [frame(now) for now in nows]

    return draw


def draw_alarm(n: int, m: int, columns: int) -> Callable[[int], Any]:
    def draw(batch: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        random = alarm_random(n, batch)
        return frame(mixed(random, columns, n)), [frame(mixed(random, columns, m)) for _ in range(DAYS)]

    return draw


def outlier_change(judge: Judge, columns: int, shift: float) -> list[float]:
    """Return the largest change of a score by one 1e6 in the reference, and now, in parts of the limit."""
    random = np.random.default_rng(1)
    before, now = normal(random, columns, 5000), normal(random, columns, 1000, shift=shift)

    def score(before: list[Column], now: list[Column]) -> Any:
        return judge(frame(before), [frame(now)])[1]

    plain = score(before, now)
    limit = np.maximum(0.01, 0.01 * np.abs(plain))
    changed = score([np.append(c, 1e6) for c in before], now), score(before, [np.append(c, 1e6) for c in now])
    return [float((np.abs(one - plain) / limit).max()) for one in changed]


def main(name: str, repeats: str, columns: str) -> None:
    judge: Judge = {"evidently": evidently_judge, "nannyml": nannyml_judge}[name]
    times, wide = int(repeats), int(columns)
    found = {cell.key: shares(judge, draw_cell(cell, wide), times) for cell in all_cells()}
    for n in ALARM_REFERENCES:
        for m in ALARM_ROWS:
            found[f"alarm | {n} | {m}"] = shares(judge, draw_alarm(n, m, wide), times)
    for shift in OUTLIER_SHIFTS:
        found[f"outlier | {shift:g}"] = outlier_change(judge, wide, shift)
    versions = ", ".join(f"{package} {version(package)}" for package in (name, "numpy", "pandas", "scipy"))
    print(json.dumps({"found": found, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
