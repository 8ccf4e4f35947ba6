"""Whether chances come true: expected calibration error and the error in each region of the prediction."""

from __future__ import annotations

import numpy as np

from wolfpack.stats.estimates import Estimate, known
from wolfpack.stats.floors import FALSE_ALARMS
from wolfpack.stats.regions import Regions

DRAWS = 4000
"""Of a whole window's labels; the quantile of 0.99 is then within a tenth of a deviation."""
ROUNDING = 1e-9


def expected_calibration_error(regions: Regions) -> Estimate | None:
    """Return the mean of |share of positives - mean chance| over regions, weighed by rows; None without rows.

    A well calibrated score has an error above 0, since shares vary: read it beside `calibration_noise`. The
    standard error is that of the errors' sums, at most too large where a region is right on average.

    Parameters
    ----------
    regions : of chances with labels 0 and 1.

    References
    ----------
    M. Naeini, G. Cooper, M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.
    """
    errors = regions.errors
    if not regions.rows:
        return None
    value = float(np.abs(errors.totals).sum()) / regions.rows
    variance = float(_variances(regions).sum()) / regions.rows**2
    return known(value, variance if regions.rows > 1 else None)


def calibration_noise(regions: Regions, chance: float = FALSE_ALARMS) -> float | None:
    """Return what the expected calibration error reaches if chances come true, with this chance; None without rows.

    The quantile over 4,000 draws, always the same, of the positives in each region at its mean chance.

    Raises
    ------
    ValueError
        If a region's mean prediction is not in the range 0<=x<=1.
    """
    rows = regions.labels.rows
    if not regions.rows:
        return None
    chances = regions.labels.means + regions.errors.means
    if (chances < -ROUNDING).any() or (chances > 1 + ROUNDING).any():
        raise ValueError("predictions: their mean is not in the range 0<=x<=1 in each region; give chances")
    draws = np.random.default_rng(0).binomial(rows, np.clip(chances, 0, 1), (DRAWS, len(rows)))
    errors = np.abs(draws - rows * chances).sum(1) / regions.rows
    return float(np.quantile(errors, 1 - chance))


def error_by_region(regions: Regions) -> list[Estimate | None]:
    """Return prediction less label on average in each region, shape (k,); None where there are no rows."""
    return [regions.errors.mean(place) for place in range(len(regions.edges) + 1)]


def _variances(regions: Regions) -> np.ndarray:
    """Return the variance of each region's sum of errors."""
    rows = regions.errors.rows
    return np.asarray(regions.errors.squares * rows / np.maximum(rows - 1, 1))
