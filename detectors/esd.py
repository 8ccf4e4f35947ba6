"""The generalized extreme Studentized deviate test, with median and MAD in place of mean and deviation.

References
----------
.. [1] B. Rosner. 1983. Percentage points for a generalized ESD many-outlier procedure. Technometrics 25, 165-172.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from wolfpack.detectors.detection import Floats

Direction = Literal["pos", "neg", "both"]
MAD = 1.4826
"""Median absolute deviation to standard deviation of a Gaussian: 1 / norm.ppf(0.75)."""


def critical(n: Floats, alpha: float, sides: int = 2) -> Floats:
    """Return Rosner's critical value for the largest of `n` deviations, in standard deviations.

    Equation (2.5) of Rosner 1983 for the first outlier: (n - 1) t / sqrt((n - 2 + t²) n), t the
    1 - alpha / (sides n) quantile of Student's distribution with n - 2 degrees of freedom. NaN for n < 3.
    """
    n = np.where(n < 3, np.nan, n)
    t = stdtrit(n - 2, 1 - alpha / (sides * n))
    return np.asarray((n - 1) * t / np.sqrt((n - 2 + t * t) * n))


def outliers(
    values: Floats, most: int, alpha: float, direction: Direction, least_scale: float = 0.0
) -> NDArray[np.int64]:
    """Return where the outliers are, the farthest first.

    The value that lies farthest from the median is taken out and median and MAD are made anew, `most` times; the
    outliers are those up to the last one that was beyond its critical value. Of equal values the first goes first.
    A scale of 0 ends the search.

    Parameters
    ----------
    values : array, shape (n,), finite.
    most : outliers at the most, fewer than n / 2.
    alpha : level of the test.
    direction : whether only values above the median count, only those under it, or both.
    least_scale : what the scale is at the least, >= 0: how far values lie apart by rounding alone.

    Returns
    -------
    array of int, shape (k,), k <= most
        O(n log n + most log n).
    """
    left = _Left(values)
    lines = critical(len(values) - np.arange(most, dtype=np.float64), alpha, 2 if direction == "both" else 1)
    taken: list[int] = []
    found = 0
    for line in lines.tolist():
        middle = left.median()
        scale = max(MAD * left.median_distance(middle), least_scale)
        if scale == 0:
            break
        size, index = left.take_farthest(middle, scale, direction)
        taken.append(index)
        found = len(taken) if size > line else found
    return np.array(taken[:found], dtype=np.int64)


class _Left:
    """The values that are left, sorted: what lies farthest from the middle is at an end."""

    def __init__(self, values: Floats) -> None:
        order = np.lexsort((np.arange(len(values)), values))
        self._order: list[int] = order.tolist()
        self._value: list[float] = values[order].tolist()
        self._low, self._high = 0, len(values)

    def median(self) -> float:
        last = self._low + self._high
        return (self._value[(last - 1) // 2] + self._value[last // 2]) / 2

    def median_distance(self, middle: float) -> float:
        """Return the median distance to `middle`: the near half is a run of the sorted values, found by halving."""
        value, n = self._value, self._high - self._low
        half = (n + 1) // 2
        low, high = self._low, self._high - half
        while low < high:
            first = (low + high) // 2
            if middle - value[first] > value[first + half] - middle:
                low = first + 1
            else:
                high = first
        size = max(middle - value[low], value[low + half - 1] - middle)
        if n % 2:
            return size
        below = middle - value[low - 1] if low > self._low else np.inf
        above = value[low + half] - middle if low + half < self._high else np.inf
        return float(size + min(below, above)) / 2

    def take_farthest(self, middle: float, scale: float, direction: Direction) -> tuple[float, int]:
        """Take out the value that lies farthest on the side asked for; return how far, and its index."""
        below = (middle - self._value[self._low]) / scale if direction != "pos" else -np.inf
        above = (self._value[self._high - 1] - middle) / scale if direction != "neg" else -np.inf
        top = bisect_left(self._value, self._value[self._high - 1], self._low, self._high)
        if below > above or (below == above and self._order[self._low] < self._order[top]):
            self._low += 1
            return below, self._order[self._low - 1]
        index = self._order[top]
        self._high -= 1
        self._order[top : self._high] = self._order[
            top + 1 : self._high + 1
        ]  # equal values, so only their order
        return above, index
