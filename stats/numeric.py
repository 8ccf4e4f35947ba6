"""Counting numbers: sort once, read everything off the sorted values."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.column_state import LEAN, ColumnState
from wolfpack.stats.distinct import distinct_sorted
from wolfpack.stats.moments import sum_powers
from wolfpack.stats.sketch import Sketch, sketch_sorted

Floats = NDArray[np.float64]
_TINY, _HUGE = np.nextafter(0.0, 1.0), np.finfo(np.float64).max
_SPECIAL = 7


@lru_cache(maxsize=16384)
def _probes(plan: ColumnPlan) -> Floats:
    """Return the points at which ranks are read: the edges, then what tells the special values apart.

    The number of values under -_HUGE is that of -inf, under 0 of the negatives, under _TINY of these and the
    zeros, under inf of all but +inf and NaN, and NaN sorts behind everything. The last two are the range.
    """
    low = -_HUGE if plan.low is None else plan.low
    with np.errstate(over="ignore"):
        above = np.inf if plan.high is None else np.nextafter(plan.high, np.inf)
    return np.array([*plan.edges, -_HUGE, 0.0, _TINY, np.inf, np.nan, low, above])


def count_numeric(values: Floats, plan: ColumnPlan, k: int, changed: int = 0) -> ColumnState:
    """Return the state of one chunk.

    Parameters
    ----------
    values : shape (n,), NaN where missing; sorted in place, so pass a copy.
    plan : a plan of numbers or times.
    k : sketch size; a lean state if it is `LEAN`.
    changed : so many of the NaN are values that are no numbers.
    """
    values.sort()
    return count_sorted(values, plan, k, changed)


def count_sorted(values: Floats, plan: ColumnPlan, k: int, changed: int = 0) -> ColumnState:
    """Return the state of a chunk in ascending order, NaN last; see `count_numeric`."""
    ranks = np.searchsorted(values, _probes(plan))
    inner = ranks[:-_SPECIAL]
    first, negative, zero, last, valid, low, above = ranks[-_SPECIAL:].tolist()
    finite = values[first:last]
    bins = np.empty(len(inner) + 1, np.int64)
    bins[:-1], bins[-1] = inner, last
    bins[1:] -= inner
    bins[0] -= first
    return ColumnState(
        plan=plan,
        rows=len(values),
        missing=len(values) - valid - changed,
        bins=bins,
        sketch=Sketch(1) if k == LEAN else sketch_sorted(finite, k),
        nonfinite=first + valid - last,
        changed=changed,
        zeros=zero - negative,
        negatives=negative - first,
        out_of_range=max(low, first) - first + last - min(above, last),
        powers=sum_powers(finite, plan.pivot),
        minimum=float(finite[0]) if last > first else None,
        maximum=float(finite[-1]) if last > first else None,
        distinct=None if k == LEAN else distinct_sorted(finite),
    )
