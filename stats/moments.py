"""Sums of powers about a frozen pivot, and mean, deviation, skewness and kurtosis from them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ROW = 4096
"""Values summed by one call of BLAS, which starts no threads for so few."""
_BLOCK = 8 * _ROW
"""Values summed at once; the scratch stays in the processor's caches."""


class Powers(NamedTuple):
    """Sums of (x - pivot) to the powers 1 to 4."""

    total: float = 0.0
    squares: float = 0.0
    cubes: float = 0.0
    fourths: float = 0.0


NO_POWERS = Powers()


def sum_powers(values: NDArray[np.float64], pivot: float) -> Powers:
    """Return the sums over finite values, shape (n,); infinite where a power is beyond the largest double."""
    apart, squares = np.empty(_BLOCK), np.empty(_BLOCK)
    sums = np.zeros(4)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(values), _BLOCK):
            block = values[start : start + _BLOCK]
            np.subtract(block, pivot, out=apart[: len(block)])
            used = -(-len(block) // _ROW) * _ROW
            apart[len(block) : used] = 0.0
            x = apart[:used].reshape(-1, _ROW)
            xx = np.multiply(x, x, out=squares[:used].reshape(-1, _ROW))
            rows = np.vecdot(x, x), np.vecdot(xx, x), np.vecdot(xx, xx)
            sums += (x.sum(), *(row.sum() for row in rows))
    sums[np.isnan(sums)] = np.inf  # infinities of both signs cancelled each other
    return Powers(*sums.tolist())


def central(powers: Powers, count: int) -> tuple[float, float, float, float]:
    """Return the mean less the pivot, and the central moments 2 to 4; needs count > 0."""
    m1, m2, m3, m4 = (power / count for power in powers)
    if not math.isfinite(m2):
        return m1, math.inf, math.nan, math.nan
    return (
        m1,
        max(m2 - m1 * m1, 0.0),
        m3 - 3 * m1 * m2 + 2 * m1**3,
        max(m4 - 4 * m1 * m3 + 6 * m1 * m1 * m2 - 3 * m1**4, 0.0),
    )


def skewness(powers: Powers, count: int) -> float | None:
    """Return the third central moment over deviation**3; None without variation or where it overflows."""
    _, variance, third, _ = central(powers, count)
    return _ratio(third, variance, 1.5)


def kurtosis(powers: Powers, count: int) -> float | None:
    """Return the fourth central moment over variance**2 less 3; None as for `skewness`."""
    _, variance, _, fourth = central(powers, count)
    ratio = _ratio(fourth, variance, 2.0)
    return None if ratio is None else ratio - 3


def _ratio(moment: float, variance: float, power: float) -> float | None:
    below = variance**power if 0 < variance < 1e150 else 0.0
    return moment / below if below > 0 and math.isfinite(moment) else None
