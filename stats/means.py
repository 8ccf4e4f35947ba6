"""How far a mean lies from another, as a share of it, and what that share reaches without a change."""

from __future__ import annotations

import math
from functools import lru_cache

from scipy.special import ndtri

from wolfpack.stats.column_state import ColumnState
from wolfpack.stats.floors import alpha

NEAR_ZERO = 0.1
"""A mean nearer to zero than so many standard deviations is no measure of a change."""


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
    if min(before.count, now.count) < 2 or before.mean is None or now.mean is None:
        return None
    spread, other = before.stddev or 0.0, now.stddev or 0.0
    size = abs(before.mean)
    if not size or size < NEAR_ZERO * spread:
        return None
    sampling = _quantile(alpha(columns)) * math.sqrt(spread**2 / before.count + other**2 / now.count)
    found = (now.mean - before.mean) / size, max(sampling, habit) / size
    return found if all(map(math.isfinite, found)) else None


@lru_cache(maxsize=256)
def _quantile(chance: float) -> float:
    return -float(ndtri(chance / 2))
