"""Two more scores that people ask for, beside the verdict: Jensen-Shannon and Wasserstein distance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.column_state import ColumnState

CLIPPED = 0.001
"""Share of the reference on either side beyond which a value counts as if it lay at that quantile."""


def jensen_shannon(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon distance of two lists of counts: 0 to sqrt(ln 2) = 0.8326.

    The square root of the mean Kullback-Leibler divergence, natural logarithm, of both from their middle. It is
    the plain one: without drift it is about sqrt((B - 1)(1/n + 1/m) / 8) on B bins.

    Parameters
    ----------
    reference, current : counts, shape (k,), each with at least one row.

    References
    ----------
    J. Lin, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37, 1991.
    """
    p, q = reference / reference.sum(), current / current.sum()
    middle = (p + q) / 2
    sides = [float((x[x > 0] * np.log(x[x > 0] / middle[x > 0])).sum()) for x in (p, q)]
    return math.sqrt(max(sum(sides) / 2, 0.0))


def wasserstein(reference: ColumnState, current: ColumnState) -> tuple[float, float] | None:
    """Return the clipped and normed Wasserstein distance, and within what error it is.

    The area between both distribution functions from the reference's 0.1 % to its 99.9 % quantile (at least
    its second smallest to its second largest value), over the reference's standard deviation with its values
    clipped there. So one far value on either side does not matter, and a shift of everything by one deviation
    is about 1. None for lean states and without values or variation.

    The error is that of both sketches, everywhere at its worst; 0 while they keep every value.
    """
    if reference.lean or current.lean or not reference.sketch.count or not current.sketch.count:
        return None
    values, weights = reference.sketch.weighted()
    ranks = np.cumsum(weights)
    cut = max(math.ceil(CLIPPED * int(ranks[-1])), 2)
    low, high = (
        float(values[min(int(np.searchsorted(ranks, r)), len(values) - 1)])
        for r in (cut, ranks[-1] - cut + 1)
    )
    inside = np.clip(values, low, high)
    middle = float(np.average(inside, weights=weights))
    deviation = math.sqrt(float(np.average((inside - middle) ** 2, weights=weights)))
    if not high > low or not 0 < deviation < math.inf:
        return None
    now, now_weights = current.sketch.weighted()
    points = np.sort(np.concatenate((inside, np.clip(now, low, high), [low, high])))
    apart = _share_up_to(values, ranks, points[:-1]) - _share_up_to(now, np.cumsum(now_weights), points[:-1])
    error = (reference.sketch.rank_error + current.sketch.rank_error) * (high - low)
    return float(np.abs(apart) @ np.diff(points)) / deviation, error / deviation


def _share_up_to(
    items: NDArray[np.float64], ranks: NDArray[np.int64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    under = np.append(0, ranks)[np.searchsorted(items, points, side="right")]
    return np.asarray(under / ranks[-1], np.float64)
