"""What is counted of calls to a live model: how many, how long, with what outcome; and of their rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import ArrayLike

BOUNDS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
"""Seconds that bound the buckets of durations, each end included; a last bucket holds what took longer."""
_BUCKETS = len(BOUNDS) + 1


@dataclass(frozen=True)
class CallCounts:
    """Calls of one endpoint. Merging adds; equal to having counted both sets of calls at once.

    Parameters
    ----------
    requests, errors : calls, and those of them that failed.
    seconds : sum of their durations.
    buckets : calls by duration, shape (len(BOUNDS) + 1,), not cumulative.
    """

    requests: int = 0
    errors: int = 0
    seconds: float = 0.0
    buckets: tuple[int, ...] = (0,) * _BUCKETS

    @classmethod
    def of(cls, seconds: ArrayLike, errors: int = 0) -> CallCounts:
        """Return the counts of calls that took so long, shape (n,), `errors` of which failed.

        Examples
        --------
        >>> found = CallCounts.of([0.002, 0.004, 0.2], errors=1)
        >>> found.requests, found.buckets[:4], round(found.quantile(0.5), 5)
        (3, (0, 0, 1, 1), 0.00375)
        """
        taken = np.maximum(np.asarray(seconds, float), 0.0)
        buckets = np.bincount(np.searchsorted(BOUNDS, taken), minlength=_BUCKETS)
        return cls(len(taken), int(errors), float(taken.sum()), tuple(buckets.tolist()))

    def __add__(self, other: CallCounts) -> CallCounts:
        return CallCounts(
            self.requests + other.requests,
            self.errors + other.errors,
            self.seconds + other.seconds,
            tuple(map(sum, zip(self.buckets, other.buckets, strict=True))),
        )

    @property
    def error_ratio(self) -> float | None:
        """Share of the calls that failed; None without calls."""
        return self.errors / self.requests if self.requests else None

    def quantile(self, share: float) -> float | None:
        """Return the duration that this share of the calls did not exceed, as `histogram_quantile` reckons it.

        Linear within a bucket; the largest bound for what is beyond it; None without calls.
        """
        if not self.requests:
            return None
        rank, below = share * self.requests, 0
        for place, count in enumerate(self.buckets[:-1]):
            if below + count >= rank and count:
                low = BOUNDS[place - 1] if place else 0.0
                return low + (BOUNDS[place] - low) * (rank - below) / count
            below += count
        return BOUNDS[-1]

    def holds(self) -> bool:
        """Tell whether the counts agree with each other."""
        counts = (self.requests, self.errors, *self.buckets)
        return (
            len(self.buckets) == _BUCKETS
            and all(isinstance(one, int) and one >= 0 for one in counts)
            and sum(self.buckets) == self.requests >= self.errors
            and math.isfinite(self.seconds)
            and self.seconds >= 0
        )


@dataclass(frozen=True)
class RowCounts:
    """Rows of one endpoint in one segment. Merging adds.

    Parameters
    ----------
    rows : all of them.
    empty : those whose output was empty: none, NaN, an empty text or list.
    scored, outliers : those an outlier model saw, and those of them it flagged.
    scores : sum of their finite scores.
    """

    rows: int = 0
    empty: int = 0
    scored: int = 0
    outliers: int = 0
    scores: float = 0.0

    def __add__(self, other: RowCounts) -> RowCounts:
        return RowCounts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def empty_ratio(self) -> float | None:
        return self.empty / self.rows if self.rows else None

    @property
    def outlier_ratio(self) -> float | None:
        """Share of the scored rows that were flagged; None if none was scored."""
        return self.outliers / self.scored if self.scored else None

    @property
    def mean_score(self) -> float | None:
        return self.scores / self.scored if self.scored else None

    def holds(self) -> bool:
        """Tell whether the counts agree with each other."""
        counts = (self.rows, self.empty, self.scored, self.outliers)
        return (
            all(isinstance(one, int) and one >= 0 for one in counts)
            and self.rows >= max(self.empty, self.scored)
            and self.scored >= self.outliers
            and math.isfinite(self.scores)
        )


Place = tuple[str, str, str]
"""Endpoint, segment column and its value; the last two are empty for all rows."""


@dataclass(frozen=True)
class LiveCounts:
    """Calls by endpoint, rows by endpoint and segment, and calls that were not kept for want of room."""

    calls: dict[str, CallCounts] = field(default_factory=dict)
    rows: dict[Place, RowCounts] = field(default_factory=dict)
    dropped: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing was counted at all."""
        return not (self.calls or self.rows or self.dropped)


def add_counts(counts: Sequence[LiveCounts] | Iterable[LiveCounts]) -> LiveCounts:
    """Return the counts of all of them; of none, nothing."""
    calls: dict[str, CallCounts] = {}
    rows: dict[Place, RowCounts] = {}
    dropped = 0
    for one in counts:
        for endpoint, those in one.calls.items():
            calls[endpoint] = calls[endpoint] + those if endpoint in calls else those
        for place, its in one.rows.items():
            rows[place] = rows[place] + its if place in rows else its
        dropped += one.dropped
    return LiveCounts(calls, rows, dropped)
