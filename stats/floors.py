"""Noise floors of sampling: what a score reaches without drift, with chance alpha, at these row counts.

They hold for independent rows; what a habit of the data adds is in habit.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from scipy import special

FALSE_ALARMS = 0.01
"""Chance of any false alarm when all columns of one window are compared."""
EVIDENCES = 4
KS_MEAN = 0.87
"""Mean of the Kolmogorov distribution, sqrt(pi / 2) ln 2 = 0.8687."""


@dataclass(frozen=True)
class Floors:
    """What each of the four scores, and the difference of the means in the column's unit, reaches without drift."""

    psi: float = 0.0
    ks: float = 0.0
    missing: float = 0.0
    novel: float = 0.0
    mean: float = 0.0


def alpha(columns: int) -> float:
    """Return the chance that one evidence of one column may alarm without drift."""
    return FALSE_ALARMS / (EVIDENCES * max(columns, 1))


@lru_cache(maxsize=4096)
def _chi2_quantile(chance: float, freedom: int) -> float:
    return float(special.chdtri(freedom, chance))


@lru_cache(maxsize=256)
def _kolmogorov_quantile(chance: float) -> float:
    return float(special.kolmogi(chance))


def psi_floor(bins: int, n: float, m: float, chance: float) -> float:
    """Return the floor of `drift.psi`: the chi-squared quantile less its mean, times 1/n + 1/m."""
    if bins < 2:
        return 0.0
    return (_chi2_quantile(chance, bins - 1) - (bins - 1)) * (1 / n + 1 / m)


def ks_floor(n: float, m: float, chance: float) -> float:
    """Return the floor of `drift.ks`: the asymptotic quantile less the mean that the score leaves out."""
    return (_kolmogorov_quantile(chance) - KS_MEAN) * math.sqrt(1 / n + 1 / m)


@lru_cache(maxsize=16384)
def increase_floor(n: int, hits: int, m: int, chance: float) -> float:
    """Return the largest increase of a share that Fisher's one-sided exact test does not find significant.

    Parameters
    ----------
    n, hits : rows of the reference and how many of them count, 0 <= hits <= n, n > 0.
    m : rows now, > 0.
    chance : level of the test.

    Returns
    -------
    float
        (k - 1) / m - hits / n, where k is the smallest count now whose chance, given the total, is at most
        `chance`; an increase is above the floor exactly when it is significant. If no count is, k is m + 1.
    """
    low, step = hits * m // n, 1
    while low + step <= m and tail_chance(n, hits, m, low + step) > chance:
        low, step = low + step, 2 * step
    high = min(low + step, m + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if tail_chance(n, hits, m, middle) > chance:
            low = middle
        else:
            high = middle
    return (high - 1) / m - hits / n


def tail_chance(n: int, hits: int, m: int, now: int) -> float:
    """Return the chance of `now` or more among m rows if hits + now fall on n + m rows at random.

    At or under the expected number, where nothing is significant, 1 is returned.
    """
    if now * n <= hits * m:  # under the mean, where no floor is looked for and the first term may underflow
        return 1.0
    total = hits + now
    log = _log_choose(total, now) + _log_choose(n + m - total, m - now) - _log_choose(n + m, m)
    term = chance = math.exp(log)
    for k in range(now, min(total, m)):
        ratio = (total - k) * (m - k) / ((k + 1) * (n - total + k + 1))
        term *= ratio
        chance += term
        if ratio < 1 and term < 1e-9 * chance:
            break
    return min(chance, 1.0)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
