"""How far a mean lies from another, as a share of it, and what that share reaches without a change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scipy.special import ndtri

from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.floors import alpha

NEAR_ZERO = 0.1
"""A mean nearer to zero than so many standard deviations is no measure of a change."""


@dataclass(frozen=True)
class Spread:
    """How many numbers, their mean and their standard deviation."""

    count: int
    mean: float
    stddev: float


def add_spreads(spreads: Sequence[Spread]) -> Spread:
    """Return the spread of all their numbers, up to rounding; of one at least.

    Examples
    --------
    >>> add_spreads([Spread(2, 1.0, 0.0), Spread(2, 3.0, 0.0)])
    Spread(count=4, mean=2.0, stddev=1.0)
    """
    count = sum(one.count for one in spreads)
    mean = sum(one.count * one.mean for one in spreads) / count
    squares = sum(one.count * (one.stddev**2 + (one.mean - mean) ** 2) for one in spreads)
    return Spread(count, mean, math.sqrt(squares / count))


def mean_change(
    before: ColumnState, now: ColumnState, columns: int = 1, habit: float = 0.0
) -> tuple[float, float] | None:
    """Return (mean now - mean before) / \\|mean before\\| and its noise floor.

    The floor is the larger of what sampling gives (Welch's standard error times the Gaussian quantile) and what
    the reference's own windows reach.

    Parameters
    ----------
    before, now : states of one column; those of texts and the like have no mean.
    columns : how many columns are compared at once, at least 1.
    habit : `Floors.mean` of the column, in its own unit.

    Returns
    -------
    tuple or None
        Both are shares, the second >= 0. None where a side has fewer than two values, or where the mean before is
        within `NEAR_ZERO` standard deviations of zero.

    References
    ----------
    B. L. Welch, The generalization of "Student's" problem when several different population variances are
    involved, Biometrika 34, 1947; with this many rows the quantile is the Gaussian one.
    """
    if before.mean is None or now.mean is None:
        return None
    earlier, current = (Spread(one.count, one.mean or 0.0, one.stddev or 0.0) for one in (before, now))
    return spread_change(earlier, current, columns, habit)


def spread_change(
    before: Spread, now: Spread, columns: int = 1, habit: float = 0.0
) -> tuple[float, float] | None:
    """Return what `mean_change` does, of spreads."""
    size = abs(before.mean)
    if min(before.count, now.count) < 2 or not size or size < NEAR_ZERO * before.stddev:
        return None
    squares = before.stddev**2 / before.count + now.stddev**2 / now.count
    sampling = _quantile(alpha(columns)) * math.sqrt(squares)
    found = (now.mean - before.mean) / size, max(sampling, habit) / size
    return found if all(map(math.isfinite, found)) else None


@lru_cache(maxsize=256)
def _quantile(chance: float) -> float:
    return -float(ndtri(chance / 2))
