"""Areas under the ROC and the precision-recall curve from counts by score, their standard errors and bounds.

Counts are of positives and negatives at each score, shape (k,), scores ascending; fractions are expected counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

Floats = NDArray[np.float64]
Weights = NDArray[Any]


def roc_area(p: Weights, n: Weights) -> float:
    """Return the chance that a positive scores above a negative, ties half; needs both."""
    return float(p @ (np.cumsum(n) - n / 2) / p.sum() / n.sum())


def roc_bound(p: Weights, n: Weights, mixed: NDArray[np.bool_]) -> float:
    """Return by how much the area can be off where several scores fell into one of the `mixed` cells."""
    return float(p[mixed].astype(float) @ n[mixed] / 2 / p.sum() / n.sum())


def roc_variance(p: Weights, n: Weights) -> float:
    """Return the variance of the area; needs two of each label.

    References
    ----------
    E. DeLong, D. DeLong, D. Clarke-Pearson, Comparing the areas under two or more correlated receiver operating
    characteristic curves, Biometrics 44, 1988, equation 5 for one curve.
    """
    beaten, losing = _placements(p, n)
    return _variance(beaten, p) / float(p.sum()) + _variance(losing, n) / float(n.sum())


def roc_influence(p: Weights, n: Weights) -> Floats:
    """Return by how much the area moves if a negative at a score becomes a positive, shape (k,)."""
    beaten, losing = _placements(p, n)
    area = roc_area(p, n)
    return np.asarray((beaten - area) / p.sum() - (losing - area) / n.sum())


def _placements(p: Weights, n: Weights) -> tuple[Floats, Floats]:
    """Return the share of negatives that a positive at a score beats, and of positives that beat a negative."""
    beaten = (np.cumsum(n) - n / 2) / n.sum()
    return beaten, (p.sum() - np.cumsum(p) + p / 2) / p.sum()


def average_precision(p: Weights, n: Weights, mixed: NDArray[np.bool_]) -> float:
    """Return the mean, over positives, of the precision among all that score as high; needs a positive.

    In a mixed cell positives and negatives are taken as evenly spread over it.

    References
    ----------
    J. Davis, M. Goadrich, The relationship between precision-recall and ROC curves, ICML 2006, for that.
    """
    at, above = _from_top(p, n)
    precision = (above + at)[0] / np.maximum((above + at).sum(0), 1e-300)
    total = at[0] * precision
    if mixed.any():
        total = np.where(mixed[::-1], _spread_evenly(at, above), total)
    return float(total.sum() / at[0].sum())


def precision_bounds(p: Weights, n: Weights, mixed: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the least and the largest average precision that the order within mixed cells can give."""
    at, above = _from_top(p, n)
    (p_at, n_at), (p_above, n_above) = at, above
    tied = p_at * (p_above + p_at) / np.maximum((above + at).sum(0), 1e-300)
    first = p_at * (p_above + p_at) / np.maximum(p_above + p_at + n_above, 1e-300)
    false = (
        n_above + n_at
    )  # all negatives of the cell before its first positive: sum of (P + i) / (P + i + N)
    last = p_at - false * (digamma(p_above + p_at + false + 1) - digamma(p_above + false + 1))
    last = np.where(false > 0, last, p_at)
    blurred = mixed[::-1]
    low, high = (np.where(blurred, edge, tied).sum() / p_at.sum() for edge in (last, first))
    return float(low), float(high)


def precision_variance(p: Weights, n: Weights) -> float:
    """Return the variance of the average precision by the delta method; needs two positives."""
    hit, miss = precision_influence(p, n)
    return float(p @ hit**2 + n @ miss**2)


def precision_influence(p: Weights, n: Weights) -> tuple[Floats, Floats]:
    """Return by how much one more positive, and one more negative, at a score moves the average precision.

    With TP, FP the rows that score at least as high as a positive, another row moves the mean of TP / (TP + FP) by
    what it adds to TP or FP of all positives at or below it, and a positive by its own term too.
    """
    at, above = _from_top(p, n)
    true, false = above + at
    seen = np.maximum(true + false, 1e-300)
    positives = at[0].sum()
    area = float((at[0] * true / seen).sum() / positives)
    gain, loss = (np.cumsum((at[0] * slope)[::-1]) for slope in (false / seen / seen, true / seen / seen))
    return ((true / seen - area)[::-1] + gain) / positives, -loss / positives


def _from_top(p: Weights, n: Weights) -> tuple[Floats, Floats]:
    """Return positives and negatives at each score, highest first, and above it; both of shape (2, k)."""
    at = np.stack([p[::-1], n[::-1]]).astype(np.float64)
    return at, np.cumsum(at, 1) - at


def _spread_evenly(at: Floats, above: Floats) -> Floats:
    """Return P * integral over t in 0..1 of (TP + t P) / (TP + FP + t (P + N)), for each cell."""
    start, step = above.sum(0), at.sum(0)
    slope = at[0] / np.maximum(step, 1e-300)
    log = np.log1p(step / np.maximum(start, 1e-300)) / np.maximum(step, 1e-300)
    area = slope + (above[0] - slope * start) * np.where(start > 0, log, 0.0)
    return np.asarray(at[0] * area)


def _variance(values: Floats, counts: Weights) -> float:
    """Return the sample variance (n - 1) of values that occur so often."""
    total = float(counts.sum())
    mean = float(values @ counts) / total
    return float(np.square(values - mean) @ counts) / (total - 1)
