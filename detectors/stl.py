"""Robust STL with a periodic season: the decomposition that `stl(…, "periodic", robust = TRUE)` makes in R.

Seasonal and trend parts come from loess smoothers in turn, fifteen times over, each time with weights that say how
far a point lay from the fit. Smoothers are evaluated at every tenth of their width and interpolated between, as
there: with these jumps the numbers are R's to about 1e-13 of the values.

References
----------
.. [1] R. B. Cleveland, W. S. Cleveland, J. E. McRae, I. Terpenning. 1990. STL: a seasonal-trend decomposition
   procedure based on loess. Journal of Official Statistics 6, 3-73.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from wolfpack.detectors.detection import Floats
from wolfpack.detectors.partial_sort import middle

ROUNDS = 15
"""Rounds of robustness after the first fit: R's `outer` for robust = TRUE; each with one inner pass."""
JUMPS = 10
"""A smoother is evaluated once in a tenth of its width; R's default for s.jump, t.jump and l.jump."""


@dataclass(frozen=True)
class Decomposition:
    """Parts of a series; what is left of it is the remainder.

    Parameters
    ----------
    seasonal : array, shape (n,); the same at each repetition of a phase.
    trend : array, shape (n,).
    """

    seasonal: Floats
    trend: Floats


def stl(values: ArrayLike, period: int) -> Decomposition:
    """Decompose a series into a season that repeats exactly, a trend and a rest, robustly.

    Parameters
    ----------
    values : array, shape (n,), finite, n > 2 period.
    period : points of one season, 2 or more.

    Returns
    -------
    Decomposition
        O(n) memory; the time grows as 170 n, whatever the period.

    Raises
    ------
    ValueError
        If a value is not finite, or there are not more than two seasons.

    Examples
    --------
    >>> parts = stl([i + 5 * (i % 4 == 0) for i in range(40)], period=4)
    >>> parts.seasonal[:5].round(2).tolist(), parts.trend[[0, 39]].round(2).tolist()
    ([3.75, -1.25, -1.25, -1.25, 3.75], [1.25, 40.25])
    """
    y = np.asarray(values, dtype=np.float64)
    _check(y, period)
    n = len(y)
    cycles = _Cycles(n, period, 10 * n + 1)
    low_pass = _Loess(n, _odd(period))
    level = _Loess(n, _odd(math.ceil(1.5 * period / (1 - 1.5 / (10 * n + 1)))))
    weights, trend = np.ones(n), np.zeros(n)
    for round_ in range(ROUNDS + 1):
        smooth = cycles.smooth(y - trend, weights)
        seasonal = smooth[period : period + n] - low_pass.smooth(_averaged(smooth, period))
        trend = level.smooth(y - seasonal, weights)
        if round_ < ROUNDS:
            weights = _robustness(y, trend + seasonal)
    return Decomposition(_per_phase(seasonal, period), trend)


def _check(y: Floats, period: int) -> None:
    if y.ndim != 1 or not np.isfinite(y).all():
        raise ValueError(
            f"values of shape {y.shape} must be (n,) and finite; leave out or fill what is missing"
        )
    if period < 2 or len(y) <= 2 * period:
        raise ValueError(
            f"period: {period} with {len(y)} values; more than two seasons of two points or more are needed"
        )


class _Loess:
    """Smoother of degree 1 over `width` neighbours of a series of length n; its geometry is made once."""

    def __init__(self, n: int, width: int) -> None:
        jump = min(math.ceil(width / JUMPS), n - 1)
        at = np.arange(0, n, jump)
        self._span = min(width, n)
        left = np.clip(at - (width + 1) // 2 + 1, 0, n - self._span)
        if at[-1] != n - 1:  # the end is evaluated too, over the neighbours of the last point before it
            at, left = np.append(at, n - 1), np.append(left, left[-1])
        self._at, self._left, self._every = at, left, np.arange(n)
        self._offset = (left[:, None] + np.arange(self._span) - at[:, None]).astype(np.float64)
        reach = np.abs(self._offset).max(axis=1) + max(0, (width - n) // 2)
        self._near = _tricube(np.abs(self._offset), reach[:, None])
        self._least = (0.001 * (n - 1)) ** 2
        self._fixed = self._fit(self._near)

    def smooth(self, y: Floats, weights: Floats | None = None) -> Floats:
        """Return the smoothed series; without weights every point counts alike."""
        if weights is None:
            line, lost = self._fixed, None
        else:
            near = self._near * sliding_window_view(weights, self._span)[self._left]
            line, lost = self._fit(near), near.sum(axis=1) <= 0
        fitted = np.einsum("ij,ij->i", line, sliding_window_view(y, self._span)[self._left])
        if lost is not None:
            fitted[lost] = y[self._at[lost]]
        return np.asarray(np.interp(self._every, self._at, fitted))

    def _fit(self, weights: Floats) -> Floats:
        """Return what each neighbour counts in the value of a line through them, of weights of shape (m, span)."""
        total = weights.sum(axis=1, keepdims=True)
        share = weights / np.where(total > 0, total, 1.0)
        centre = np.einsum("ij,ij->i", share, self._offset)[:, None]
        off = self._offset - centre
        spread = np.einsum("ij,ij,ij->i", share, off, off)[:, None]
        slope = np.where(spread > self._least, -centre / np.where(spread > 0, spread, 1.0), 0.0)
        return np.asarray(share * (slope * off + 1.0))


class _Cycles:
    """Smoother of degree 0 over the values of each phase, so wide that it is nearly their mean."""

    def __init__(self, n: int, period: int, width: int) -> None:
        self._n, self._period = n, period
        self._rows = -(-n // period)
        self._full = n - (self._rows - 1) * period  # phases that have as many values as there are rows
        self._ends = {rows: _end_weights(rows, width) for rows in (self._rows, self._rows - 1)}

    def smooth(self, y: Floats, weights: Floats) -> Floats:
        """Return the smoothed values, one more of each phase before and after; shape (n + 2 period,)."""
        table = np.zeros((2, self._rows, self._period))
        table.reshape(2, -1)[:, : self._n] = y, weights
        smooth = np.zeros((self._rows + 2, self._period))
        for rows, phases in (
            (self._rows, slice(0, self._full)), (self._rows - 1, slice(self._full, self._period)),
        ):  # fmt: skip
            smooth[: rows + 2, phases] = self._phase(*table[:, :rows, phases])
        return smooth.ravel()[: self._n + 2 * self._period]

    def _phase(self, y: Floats, weights: Floats) -> Floats:
        """Return the smooth of values of shape (rows, phases): before them, each, and after them."""
        rows = len(y)
        total = self._ends[rows] @ weights
        with np.errstate(invalid="ignore", divide="ignore"):
            before, first, last, after = self._ends[rows] @ (weights * y) / total
        lost = total <= 0
        first, last = np.where(lost[1], y[0], first), np.where(lost[2], y[-1], last)
        before, after = np.where(lost[0], first, before), np.where(lost[3], last, after)
        between = (last - first) / (rows - 1) * np.arange(rows)[:, None]
        between[-1] = last - first
        return np.vstack([before[None], first + between, after[None]])


def _end_weights(rows: int, width: int) -> Floats:
    """Return the tricube weights of `rows` values for the places before, at the first, at the last, and after."""
    at = np.array([-1, 0, rows - 1, rows])[:, None]
    distance = np.abs(np.arange(rows) - at).astype(np.float64)
    return _tricube(distance, distance.max(axis=1, keepdims=True) + (width - rows) // 2)


def _tricube(distance: Floats, reach: Floats) -> Floats:
    weight = (1.0 - (distance / reach) ** 3) ** 3
    return np.where(distance <= 0.001 * reach, 1.0, np.where(distance <= 0.999 * reach, weight, 0.0))


def _averaged(values: Floats, period: int) -> Floats:
    """Return three moving averages one after the other, over a season twice and then over three points."""
    for width in (period, period, 3):
        sums = np.cumsum(values[:width])[-1]
        moves = np.column_stack([-values[:-width], values[width:]]).ravel()
        values = np.cumsum(np.concatenate([[sums], moves]))[::2] / width
    return np.asarray(values)


def _robustness(y: Floats, fit: Floats) -> Floats:
    """Return bisquare weights of the residuals; those beyond six times their median count nothing."""
    size = np.abs(y - fit)
    most = 6.0 * middle(size)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = (1.0 - (size / most) ** 2) ** 2
    return np.where(size <= 0.001 * most, 1.0, np.where(size <= 0.999 * most, weight, 0.0))


def _per_phase(seasonal: Floats, period: int) -> Floats:
    phase: NDArray[np.int64] = np.arange(len(seasonal)) % period
    return np.asarray((np.bincount(phase, seasonal) / np.bincount(phase))[phase])


def _odd(width: int) -> int:
    return width + 1 - width % 2
