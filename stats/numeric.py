"""Counting a numeric column: sort once, read everything off the sorted values."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.sketch import sketch_sorted

Floats = NDArray[np.float64]
_TINY, _HUGE = np.nextafter(0.0, 1.0), np.finfo(np.float64).max


@lru_cache(maxsize=4096)
def _probes(plan: ColumnPlan) -> Floats:
    """Return the points at which ranks are read: the edges, then what tells the special values apart.

    The number of values under -_HUGE is that of -inf, under 0 of the negatives, under _TINY of these and the
    zeros, under inf of all but +inf and NaN, and NaN sorts behind everything.
    """
    return np.array([*plan.edges, -_HUGE, 0.0, _TINY, np.inf, np.nan])


def count_numeric(values: Floats, plan: ColumnPlan, k: int) -> ColumnState:
    """Return the state of one chunk.

    Parameters
    ----------
    values : shape (n,), NaN where missing; sorted in place, so pass a copy.
    plan : a numeric plan.
    k : sketch size.
    """
    values.sort()
    ranks = np.searchsorted(values, _probes(plan))
    inner = ranks[:-5]
    first, negative, zero, last, valid = ranks[-5:].tolist()
    finite = values[first:last]
    bins = np.empty(len(inner) + 1, np.int64)
    if len(inner):
        bins[0], bins[-1] = inner[0] - first, last - inner[-1]
        np.subtract(inner[1:], inner[:-1], out=bins[1:-1])
    else:
        bins[0] = last - first
    with np.errstate(
        over="ignore"
    ):  # values near the largest double: their squares are infinite, and so is stddev
        apart = finite - plan.pivot
        total, squares = float(np.add.reduce(apart)), float(apart @ apart)
    return ColumnState(
        plan=plan,
        rows=len(values),
        missing=len(values) - valid,
        bins=bins,
        sketch=sketch_sorted(finite, k),
        nonfinite=first + valid - last,
        zeros=zero - negative,
        negatives=negative - first,
        total=total,
        squares=squares,
        minimum=float(finite[0]) if last > first else None,
        maximum=float(finite[-1]) if last > first else None,
    )
