"""What a profile knows of one column in one segment: counts on the plan's bins, moments, a sketch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan, Kind
from wolfpack.stats.sketch import Sketch, merge_sketches

Counts = NDArray[np.int64]

SKETCH_ALL = 512
"""Sketch size for all rows: quantiles within 0.8 % of the ranks, 0.2 % if all parts were merged at once."""
SKETCH_SEGMENT = 128
"""Sketch size for one segment: there are many, and few look at their quantiles."""


@dataclass(frozen=True, eq=False, slots=True)
class ColumnState:
    """One column's rows in one segment, mergeable with any other state on the same plan.

    Parameters
    ----------
    plan : how the column is counted.
    rows : all rows, >= 0; rows == missing + nonfinite + count.
    missing : rows without a value: null, and NaN in numeric columns.
    nonfinite : rows that hold an infinity.
    zeros, negatives : finite values equal to 0 and under 0; 0 for kinds without numbers.
    bins : values per bin of the plan, shape (bin_count(plan),); for categories the last counts all others.
    total, squares : sums of (x - pivot) and of its square over the finite values.
    minimum, maximum : of the finite values; None without any.
    sketch : quantile sketch of the finite values; empty for kinds without numbers.
    """

    plan: ColumnPlan
    rows: int
    missing: int
    bins: Counts
    sketch: Sketch
    nonfinite: int = 0
    zeros: int = 0
    negatives: int = 0
    total: float = 0.0
    squares: float = 0.0
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        self.bins.flags.writeable = False  # merge hands states on as they are

    @property
    def kind(self) -> Kind:
        return self.plan.kind

    @property
    def count(self) -> int:
        """Rows that hold a finite value."""
        return self.rows - self.missing - self.nonfinite

    @property
    def missing_ratio(self) -> float | None:
        """Share of rows without a value; None without rows."""
        return self.missing / self.rows if self.rows else None

    @property
    def singletons(self) -> int:
        """Categories counted once, plus the rows outside the plan's categories; 0 for kinds without any."""
        counted_once = int(np.count_nonzero(self.bins[:-1] == 1))
        return counted_once + int(self.bins[-1]) if self.plan.categories else 0

    @property
    def mean(self) -> float | None:
        """Mean of the finite values; None without any, and for kinds without numbers."""
        if self.minimum is None:
            return None
        return self.plan.pivot + self.total / self.count

    @property
    def stddev(self) -> float | None:
        """Population standard deviation of the finite values (0 for one value); None without any."""
        if self.minimum is None:
            return None
        mean = self.total / self.count
        variance = self.squares / self.count - mean * mean
        return math.sqrt(variance) if variance > 0 else 0.0 if variance <= 0 else math.inf

    def quantile(self, q: float) -> float | None:
        """Return the q-quantile within the sketch's rank error, 0 and 1 exactly; None without values.

        Raises
        ------
        ValueError
            If q is not in the range 0<=x<=1.
        """
        if q == 0 or q == 1:
            return self.minimum if q == 0 else self.maximum
        return self.sketch.quantile(q)

    def equals(self, other: ColumnState) -> bool:
        """Tell whether both states agree in every number, the sketch's items included."""
        mine, theirs = ([getattr(s, name) for name in _SCALARS] for s in (self, other))
        return (
            mine == theirs
            and np.array_equal(self.bins, other.bins)
            and len(self.sketch.levels) == len(other.sketch.levels)
            and all(map(np.array_equal, self.sketch.levels, other.sketch.levels))
        )


_SCALARS = (
    *("plan", "rows", "missing", "nonfinite", "zeros", "negatives"),
    *("total", "squares", "minimum", "maximum"),
)


def bin_count(plan: ColumnPlan) -> int:
    """Return the number of bins a state on this plan has; one for kinds that are only counted."""
    return len(plan.edges) + len(plan.categories) + 1


def atoms(plan: ColumnPlan) -> NDArray[np.bool_]:
    """Return which bins of a numeric plan hold one single value, shape (bin_count,)."""
    edges = np.array(plan.edges)
    single = edges[1:] == np.nextafter(edges[:-1], np.inf)
    return np.concatenate(([False], single, [False]))[: len(edges) + 1]


def empty_state(plan: ColumnPlan, k: int = SKETCH_ALL) -> ColumnState:
    """Return the state of no rows: the identity of merge."""
    return ColumnState(plan, 0, 0, np.zeros(bin_count(plan), np.int64), Sketch(k))


def merge_states(states: Sequence[ColumnState]) -> ColumnState:
    """Return the state of all rows together, as if one state had counted them; the states stay as they are.

    Counts, extremes: exact. Moments: up to rounding. Quantiles: within the sketch's error. All states must
    be on one plan, which the profile has checked; at least one is needed.
    """
    first = states[0]
    if len(states) == 1:
        return first
    lows = [s.minimum for s in states if s.minimum is not None]
    highs = [s.maximum for s in states if s.maximum is not None]
    return ColumnState(
        plan=first.plan,
        rows=sum([s.rows for s in states]),
        missing=sum([s.missing for s in states]),
        bins=reduce(np.add, [s.bins for s in states]),
        sketch=merge_sketches([s.sketch for s in states]),
        nonfinite=sum([s.nonfinite for s in states]),
        zeros=sum([s.zeros for s in states]),
        negatives=sum([s.negatives for s in states]),
        total=sum([s.total for s in states]),
        squares=sum([s.squares for s in states]),
        minimum=min(lows) if lows else None,
        maximum=max(highs) if highs else None,
    )
