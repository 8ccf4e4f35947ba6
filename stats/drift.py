"""Scores of how far a distribution moved, from counts on the same bins; 0 is what no drift gives on average.

Every function takes counts with the bins on the last axis, so one call scores one pair or many windows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.floors import KS_MEAN

Array = NDArray[Any]

COARSE = 20
"""Bins on which PSI is scored: 10 see a shift a little sooner, 20 a change of scale."""
ROWS_PER_BIN = 5
"""Rows of the smaller side that each coarse bin should have; else there are fewer bins, at least two."""
RARE = 10
"""Rows of the reference under which a category counts as rare."""


def coarse_bins(rows: float) -> int:
    """Return how many bins PSI is scored on when the smaller side has so many values."""
    return int(min(COARSE, max(2, rows // ROWS_PER_BIN)))


def rare_bins(reference: Array, unseen: Array, ordered: bool) -> NDArray[np.bool_]:
    """Return which bins PSI sets apart, shape (k,): values that the reference never had, or hardly.

    New values must not hide in the mass of their neighbours. Among categories they are weighed together with
    the rare ones: where many are rare some are always unseen, and those seen once are less frequent than they
    look (Zipf, 1,000 categories, 100 rows, no drift: else 42 % false alarms).
    """
    return np.asarray(unseen if ordered else unseen | (reference < RARE))


def group_bins(reference: Array, apart: Array, wanted: int) -> NDArray[np.float64]:
    """Return which of about `wanted` groups each bin belongs to.

    Bins that hold at least 1 / wanted of the reference stay alone, the others are joined in their order to
    groups of about equal reference mass; those set apart are one group of their own.

    Parameters
    ----------
    reference : counts, shape (k,).
    apart : shape (k,), from `rare_bins`.
    wanted : at least 1.

    Returns
    -------
    array
        Shape (k, groups), 1 where bin and group belong together; the last group is that set apart.
    """
    target = max(reference.sum() / wanted, 1e-9)
    alone = (reference >= target) & ~apart
    rest = ~alone & ~apart
    mass = np.where(rest, reference, 0)
    groups = max(1, round(float(mass.sum()) / target))  # 19.99 are 20: one value set apart moves no other
    middle = (np.cumsum(mass) - mass / 2) / max(mass.sum(), 1e-9)
    place = np.minimum((middle * groups).astype(np.int64), groups - 1)
    place[alone] = groups + np.arange(int(alone.sum()))
    last = groups + int(alone.sum())
    place[apart] = last
    return np.asarray(np.arange(last + 1) == place[:, None], np.float64)


def psi(reference: Array, current: Array) -> tuple[Array, Array]:
    """Return the population stability index less what sampling alone gives, and the bins it rests on.

    Sum of (p - q) ln(p / q) with half a row added to each bin of both sides, less (B - 1)(1/n + 1/m), not
    under 0. Bins that are empty on both sides do not count. One bin gives 0.

    Parameters
    ----------
    reference, current : counts, shape (..., k), each with at least one row.

    References
    ----------
    B. Yurdakul, Statistical properties of the population stability index, 2018, for the bias term.
    """
    live = (reference > 0) | (current > 0)
    bins = live.sum(-1)
    n, m = reference.sum(-1), current.sum(-1)
    p = (reference + 0.5) / (n + bins / 2)[..., None]
    q = (current + 0.5) / (m + bins / 2)[..., None]
    raw = np.where(live, (p - q) * np.log(p / q), 0.0).sum(-1)
    return np.maximum(raw - (bins - 1) * (1 / n + 1 / m), 0.0), bins


def ks(reference: Array, current: Array) -> Array:
    """Return the Kolmogorov-Smirnov distance on the bins, less its mean without drift, not under 0.

    The largest difference of the cumulated shares less .87 sqrt(1/n + 1/m). On 128 bins of equal mass it is
    at most 1/128 under the distance of the values themselves.

    Parameters
    ----------
    reference, current : counts of bins in ascending order, shape (..., k), each with at least one row.
    """
    n, m = reference.sum(-1), current.sum(-1)
    apart = np.cumsum(reference, -1) / n[..., None] - np.cumsum(current, -1) / m[..., None]
    return np.asarray(np.maximum(np.abs(apart).max(-1) - KS_MEAN * np.sqrt(1 / n + 1 / m), 0.0))
