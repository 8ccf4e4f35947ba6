"""Seasonal hybrid ESD, causally: is the newest point an outlier of what the season leaves unexplained?

Twitter's S-H-ESD (Vallis, Hochenbaum, Kejariwal 2014) takes a seasonal component and a piecewise median off
a series and runs the generalized ESD test (Rosner 1983) on the rest, with median and MAD in place of mean and
standard deviation. Here each point is tested alone, against what came before it:

* piece: median of the two seasons before the point, which the point continues;
* season: median, over the last eight seasons, of how far the same phase lay from its piece then;
* level: median of the same two seasons with the season taken off, so that a gap does not tilt it;
* residual: value less level less season. Past residuals were made the same way, before their value was
  known, so the scale is one of prediction errors;
* scale: 1.4826 times the median absolute residual of the last eight seasons;
* alarm line: the critical value of the test for the largest of these residuals.

References
----------
.. [1] B. Rosner. 1983. Percentage points for a generalized ESD many-outlier procedure. Technometrics 25.
.. [2] O. Vallis, J. Hochenbaum, A. Kejariwal. 2014. A novel technique for long-term anomaly detection in the
   cloud. USENIX HotCloud.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wolfpack.detectors.detection import Detection, Floats, Season, checked, seconds, unready
from wolfpack.detectors.esd import MAD, critical
from wolfpack.detectors.grid import STEP_POINTS, Grid, grid, trailing

ALPHA = 0.01
"""Level of the test. Measured on 60 series each, alarms in 1,000 points with days in weeks / hours in days:
Gaussian noise on a season 1.6 / 0.1, t3 noise 20 / 15, noise that grows with the season 54 / 45."""
MEMORY = 8
"""Seasons that the seasonal component and the scale look back: two months of weeks."""
LEVEL, LEVEL_SLOTS = 2, 14
"""Seasons, and slots at the least, that the level is the median of; half of them must have a value."""
SCALE_SLOTS = (56, 512)
"""Slots at the least and about at the most that the scale looks back; 512 give it to 5 %."""
WARM_UP, RESIDUALS = 2, 28
"""Values of the same phase, and residuals (or two seasons of them if that is more), before a point is judged:
with 14 residuals 6 in 1,000 of the points thus added alarmed on Gaussian noise, with 28 1.4."""
RELATIVE_FLOOR = 1e-13
"""Least scale, relative to the level. Above the rounding of sums of a million doubles, and it hides nothing:
1e15 with a spread of 1e3 is scored on its spread."""
LIMIT = 100.0
"""Scores are cut here: a constant that moves lies any number of scales away; a gauge must stay readable."""


def causal_esd(times: ArrayLike, values: ArrayLike, season: Season = None, alpha: float = ALPHA) -> Detection:
    """Return score and band of each point, judged by the points before it alone.

    A point is judged after four whole seasons, six if they have 7 slots, without gaps. NaN is a missing
    value: not scored, not learnt. Infinity scores 100 and is not learnt. Of a constant each equal value
    scores 0, any other 100 in size.

    Parameters
    ----------
    times : array, shape (n,); seconds since the epoch, strictly increasing.
    values : array, shape (n,).
    season : length of the season, a whole number of steps; None takes the day for steps under a day, the week
        for steps under a week, else no season.
    alpha : level of the test for the largest of the residuals, 0 < alpha < 1.

    Returns
    -------
    Detection
        `score` is residual / (critical value x scale), from -100 to 100; the band is expected -/+
        critical value x scale, so a score beyond 1 or -1 is a value outside the band.

    Raises
    ------
    ValueError
        If times are out of order or twice there, or the season is no multiple of the step.

    Examples
    --------
    >>> week = [100, 102, 101, 103, 104, 60, 55]
    >>> values = [v + i % 2 for i, v in enumerate(week * 6)] + [100, 102, 101, 103, 104, 104]
    >>> found = causal_esd([86400 * i for i in range(48)], values)
    >>> [i for i in range(48) if abs(found.score[i]) > 1]
    [47]
    """
    at, value = checked(times, values)
    length = seconds(season)
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: {alpha!r} is not in the range 0<x<1")
    if len(at) < STEP_POINTS:
        return unready(len(at))
    with np.errstate(over="ignore", invalid="ignore"):  # differences of huge values may leave the doubles
        return _detection(value, grid(at, length), alpha)


def _detection(value: Floats, slots: Grid, alpha: float) -> Detection:
    phases = slots.phases
    level_slots = max(LEVEL * phases, LEVEL_SLOTS)
    scale_slots = max(phases * min(MEMORY, max(1, SCALE_SLOTS[1] // phases)), SCALE_SLOTS[0])
    slots = slots.closed_up(max(level_slots, MEMORY * phases, scale_slots) + 1)
    known = np.where(np.isfinite(value), value, np.nan)
    level, seasonal, repeats = _season(slots, known, level_slots)
    expected = level + seasonal
    scale, residuals = _scale(slots, known - expected, level, scale_slots)
    ready = (repeats >= WARM_UP) & (residuals >= max(RESIDUALS, 2 * phases)) & np.isfinite(expected)
    half = np.where(ready, critical(residuals + 1, alpha) * scale, np.nan)
    expected = np.where(ready, expected, np.nan)
    score = np.clip((value - expected) / half, -LIMIT, LIMIT)
    return Detection(score, expected, expected - half, expected + half, ready)


def _season(slots: Grid, known: Floats, level_slots: int) -> tuple[Floats, Floats, Floats]:
    """Return level and seasonal component before each point, and how many seasons the latter was seen in."""
    piece, count = trailing(slots.spread(known), slots.slot, level_slots)
    piece[count < level_slots / 2] = np.nan
    if slots.phases == 1:
        return piece, np.zeros(len(piece)), np.where(np.isnan(piece), 0.0, float(WARM_UP))
    seasonal, repeats = trailing(slots.spread(known - piece), slots.slot, MEMORY, stride=slots.phases)
    level, count = trailing(slots.spread(known - seasonal), slots.slot, level_slots)
    return np.where(count < level_slots / 2, piece, level), seasonal, repeats


def _scale(slots: Grid, residual: Floats, level: Floats, width: int) -> tuple[Floats, NDArray[np.float64]]:
    """Return the scale of the residuals before each point, and their number.

    Where more than half of them are zero the median is blind (rare events, counts): the 98 % quantile of
    their size, over 2.33, takes its place, so what happens on some days in eight weeks is no alarm.
    """
    size = slots.spread(np.abs(residual))
    median, count = trailing(size, slots.slot, width)
    floor = np.maximum(RELATIVE_FLOOR * np.abs(level), np.finfo(float).tiny)
    blind = np.flatnonzero(MAD * median <= floor)
    scale = MAD * median
    scale[blind] = trailing(size, slots.slot[blind], width, q=0.98)[0] / 2.33
    return np.fmax(scale, floor), count
