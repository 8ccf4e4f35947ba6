"""Our verdicts on made columns: from raw values, and from counts per bin drawn without any value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.cells import SEED, Cell, alarm_random
from benchmarks.populations import KINDS, MISSING, Column, Random, mixed, normal
from wolfpack.stats import ALL, Profile, compare, profile

COLUMNS = 100
"""Columns compared at once, among which the chance of a false alarm is divided."""
OUTLIER = 1e6
WORDS = pa.array([f"word-{code}" for code in range(KINDS + 1)])


def arrow_table(columns: list[Column]) -> pa.Table:
    """Return the columns as a table; codes become dictionary-encoded text."""
    arrays = [
        pa.array(column)
        if column.dtype.kind == "f"
        else pa.DictionaryArray.from_arrays(column.astype(np.int32), WORDS)
        for column in columns
    ]
    return pa.table(arrays, names=[f"c{place}" for place in range(len(arrays))])


def judge(reference: Profile, current: list[Column]) -> NDArray[np.bool_]:
    """Return which columns drifted, shape (columns,)."""
    found = compare(reference, profile(arrow_table(current), baseline=reference), distances=False)
    return np.array([column.drifted for column in found])


def found_columns(cell: Cell, batch: int, columns: int = COLUMNS) -> int:
    """Return how many of the columns of one batch were found to have drifted."""
    before, (now,) = cell.draw(batch, columns)
    table = arrow_table(before)
    if not cell.windows:
        return int(judge(profile(table), now).sum())
    start = np.datetime64("2024-01-01", "s")
    day = start + np.repeat(np.arange(cell.windows), cell.m) * np.timedelta64(86_400, "s")
    reference = profile(table.append_column("day", pa.array(day)), time="day", every="1d")
    return int(judge(reference, now).sum())


def alarm_days(n: int, batch: int, rows: tuple[int, ...], days: int) -> list[int]:
    """Return for each number of current rows how many of so many days without drift had any alarm."""
    random = alarm_random(n, batch)
    reference = profile(arrow_table(mixed(random, COLUMNS, n)))
    return [sum(bool(judge(reference, mixed(random, COLUMNS, m)).any()) for _ in range(days)) for m in rows]


def alarm_days_in_bins(n: int, batch: int, rows: tuple[int, ...], days: int) -> list[int]:
    """Return the same for 100 continuous columns with 1 % missing, drawn in bin space.

    Whatever the distribution, the mass between neighbouring values of a continuous reference is a Dirichlet
    spacing; so the mass of its bins is drawn from its counts alone, and the current counts from that.
    """
    random = np.random.default_rng([SEED, n, batch, 1])
    base = profile(arrow_table([np.arange(n, dtype=np.float64)]))
    counts = base["c0"].bins
    spacings = counts.astype(np.float64)
    spacings[[0, -1]] += 1  # one spacing beyond either extreme
    spacings[-2] -= 1  # n values have n - 1 spacings between them
    found = [0] * len(rows)
    for _ in range(days):
        missing = random.negative_binomial(n, 1 - MISSING, COLUMNS)
        reference = _with_counts(base, np.tile(counts, (COLUMNS, 1)), missing)
        mass = random.dirichlet(spacings, COLUMNS)
        for place, m in enumerate(rows):
            missing = random.binomial(m, MISSING, COLUMNS)
            current = _with_counts(base, random.multinomial(m - missing, mass), missing)
            found[place] += any(column.drifted for column in compare(reference, current, distances=False))
    return found


def _with_counts(base: Profile, bins: NDArray[np.int64], missing: NDArray[np.int64]) -> Profile:
    """Return a profile of one column per row of `bins`, each as the only column of `base` but for its counts."""
    state = base["c0"]
    states = {
        f"c{place}": replace(state, rows=int(counts.sum() + lost), missing=int(lost), bins=counts)
        for place, (counts, lost) in enumerate(zip(bins, missing, strict=True))
    }
    return replace(base, segments={ALL: states})


def outlier_change(batch: int, shift: float) -> tuple[float, float]:
    """Return by how much one value of 1e6 in the reference, or now, changes a score, in parts of the limit.

    The limit is 0.01 or 1 % of the score, whichever is more: at most 1 is asked. Both are the largest change
    over 100 columns of 5,000 rows, now 1,000, and over their four scores.
    """
    random: Random = np.random.default_rng([SEED, batch, round(100 * shift), 2])
    before, now = normal(random, COLUMNS, 5000), normal(random, COLUMNS, 1000, shift=shift)
    plain = _scores(before, now)
    changes = [
        np.abs(scores - plain) / np.maximum(0.01, 0.01 * np.abs(plain))
        for scores in (_scores(_and_one(before), now), _scores(before, _and_one(now)))
    ]
    return float(changes[0].max()), float(changes[1].max())


def _and_one(columns: list[Column]) -> list[Column]:
    return [np.append(column, OUTLIER) for column in columns]


def _scores(before: list[Column], now: list[Column]) -> NDArray[np.float64]:
    """Return the four scores of each column, shape (columns, 4)."""
    reference = profile(arrow_table(before))
    found = compare(reference, profile(arrow_table(now), baseline=reference), distances=False)
    scores = [(one.psi, one.ks, one.missing_increase, one.novel) for one in found]
    return np.array(scores, np.float64)
