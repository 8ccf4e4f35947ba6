"""What a profile knows of one column in one segment: counts on the plan's bins, moments, and in full a sketch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan, Kind
from wolfpack.stats.distinct import NONE as NO_VALUES
from wolfpack.stats.distinct import Distinct, merge_distinct
from wolfpack.stats.frequent import NONE as NO_WORDS
from wolfpack.stats.frequent import Frequent, merge_frequent
from wolfpack.stats.moments import NO_POWERS, Powers, central, kurtosis, skewness
from wolfpack.stats.sketch import Sketch, merge_sketches

Counts = NDArray[np.int64]
_NO_SUMS = np.empty(0)

SKETCH_ALL = 512
"""Sketch size for all rows: quantiles within 0.8 % of the ranks, 0.2 % if all parts were merged at once."""
LEAN = SKETCH_SEGMENT = 0
"""Sketch size of a lean state, which has none."""


@dataclass(frozen=True, eq=False, slots=True)
class ColumnState:
    """One column's rows in one segment, mergeable with any other state on the same plan.

    A state is full, or lean (segments, panes): then it has counts and moments, but no sketch, no `distinct`
    and no `frequent`. Merged with rows of a lean state, a full one is lean.

    Parameters
    ----------
    plan : how the column is counted.
    rows : all rows (of a list's items: all items), >= 0; rows == missing + nonfinite + changed + count.
    missing : rows without a value: null, and NaN in numeric columns.
    nonfinite : rows that hold an infinity.
    changed : rows whose value cannot be read as the plan's kind.
    zeros, negatives : finite values equal to 0 and under 0; 0 for kinds without numbers.
    out_of_range : finite values outside the plan's range.
    bins : values per bin of the plan, shape (bin_count(plan),); for categories the last counts all others.
    powers : sums of (x - pivot) to the powers 1 to 4 over the finite values.
    minimum, maximum : of the finite values; None without any.
    sketch : quantile sketch of the finite values; empty for kinds without numbers.
    distinct : distinct values of numbers and categories; None if lean.
    frequent : the most frequent of the values that the plan's categories lack.
    sums : embeddings: sum of the vectors less the plan's center, shape (dimensions,); else empty.
    """

    plan: ColumnPlan
    rows: int
    missing: int
    bins: Counts
    sketch: Sketch
    nonfinite: int = 0
    changed: int = 0
    zeros: int = 0
    negatives: int = 0
    out_of_range: int = 0
    powers: Powers = NO_POWERS
    minimum: float | None = None
    maximum: float | None = None
    distinct: Distinct | None = None
    frequent: Frequent = NO_WORDS
    sums: NDArray[np.float64] = field(default_factory=lambda: _NO_SUMS)

    def __post_init__(self) -> None:
        self.bins.setflags(write=False)  # merge hands states on as they are

    @property
    def kind(self) -> Kind:
        return self.plan.kind

    @property
    def count(self) -> int:
        """Rows that hold a value of the plan's kind, and for numbers a finite one."""
        return self.rows - self.missing - self.nonfinite - self.changed

    @property
    def lean(self) -> bool:
        return self.distinct is None

    def without_sketch(self) -> ColumnState:
        """Return the lean state of the same rows."""
        return replace(self, sketch=Sketch(1), distinct=None, frequent=NO_WORDS)

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
    def total(self) -> float:
        """Sum of (x - pivot)."""
        return self.powers.total

    @property
    def squares(self) -> float:
        """Sum of (x - pivot)**2."""
        return self.powers.squares

    @property
    def mean(self) -> float | None:
        """Mean of the finite values; None without any, and for kinds without numbers."""
        return None if self.minimum is None else self.plan.pivot + self.powers.total / self.count

    @property
    def stddev(self) -> float | None:
        """Population standard deviation of the finite values (0 for one value); None without any."""
        return None if self.minimum is None else math.sqrt(central(self.powers, self.count)[1])

    @property
    def skewness(self) -> float | None:
        """Third standardised moment; None without values or variation, or if the sums overflow."""
        return None if self.minimum is None else skewness(self.powers, self.count)

    @property
    def kurtosis(self) -> float | None:
        """Fourth standardised moment less 3; None without values or variation, or if the sums overflow."""
        return None if self.minimum is None else kurtosis(self.powers, self.count)

    @property
    def centroid(self) -> NDArray[np.float64] | None:
        """Mean vector of an embedding, shape (dimensions,); None without any."""
        return np.array(self.plan.center) + self.sums / self.count if len(self.sums) and self.count else None

    def behind(self, end: float) -> float | None:
        """Return how many seconds the newest value of a datetime column lies before `end`; None without any."""
        return None if self.kind != "datetime" or self.maximum is None else end - self.maximum

    def quantile(self, q: float) -> float | None:
        """Return the q-quantile within the sketch's rank error, 0 and 1 exactly; None without values or lean.

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
        one, two = ((NO_VALUES if s.distinct is None else s.distinct).hashes for s in (self, other))
        return (
            mine == theirs
            and np.array_equal(self.bins, other.bins)
            and np.array_equal(self.sums, other.sums)
            and len(self.sketch.levels) == len(other.sketch.levels)
            and all(map(np.array_equal, self.sketch.levels, other.sketch.levels))
            and np.array_equal(one, two)
        )


_SCALARS = (
    *("plan", "rows", "missing", "nonfinite", "changed", "zeros", "negatives", "out_of_range"),
    *("powers", "minimum", "maximum", "frequent", "lean"),
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
    """Return the state of no rows: the identity of merge; lean if k is `LEAN`."""
    bins = np.zeros(bin_count(plan), np.int64)
    sums = np.zeros(len(plan.center)) if plan.kind == "embedding" else _NO_SUMS
    return ColumnState(plan, 0, 0, bins, Sketch(max(k, 1)), distinct=NO_VALUES if k else None, sums=sums)


def merge_states(states: Sequence[ColumnState]) -> ColumnState:
    """Return the state of all rows together, as if one state had counted them; the states stay as they are.

    Counts, extremes, distinct: exact. Moments: up to rounding. Quantiles: within the sketch's error. All states
    must be on one plan, which the profile has checked; at least one is needed.
    """
    first = states[0]
    if len(states) == 1:
        return first
    lean = all(s.lean for s in states) or any(s.lean and s.rows for s in states)
    full = [] if lean else [s for s in states if not s.lean]
    lows = [s.minimum for s in states if s.minimum is not None]
    highs = [s.maximum for s in states if s.maximum is not None]
    return ColumnState(
        plan=first.plan,
        rows=sum([s.rows for s in states]),
        missing=sum([s.missing for s in states]),
        bins=_add([s.bins for s in states]),
        sketch=merge_sketches([s.sketch for s in full]) if full else Sketch(1),
        nonfinite=sum([s.nonfinite for s in states]),
        changed=sum([s.changed for s in states]),
        zeros=sum([s.zeros for s in states]),
        negatives=sum([s.negatives for s in states]),
        out_of_range=sum([s.out_of_range for s in states]),
        powers=Powers(*map(sum, zip(*[s.powers for s in states], strict=True))),
        minimum=min(lows) if lows else None,
        maximum=max(highs) if highs else None,
        distinct=merge_distinct([s.distinct for s in full if s.distinct is not None]) if full else None,
        frequent=merge_frequent([s.frequent for s in full]),
        sums=_add([s.sums for s in states]) if len(first.sums) else _NO_SUMS,
    )


def _add(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    total = arrays[0].copy()
    for array in arrays[1:]:
        total += array
    return total
