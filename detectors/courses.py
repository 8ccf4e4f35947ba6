"""Seven forecasts of each series, each with the usual size of its errors, learnt point by point.

The courses of a series are what its next value may follow: its long-run level, its level of late, its last value,
the same time of the day, that with the day's offset so far, and both with the effect of the time of the week.
Each is a handful of exponential means. What is learnt from one point is clipped at a few usual errors, which is
what makes them robust in O(1) memory: no window of past values is kept (Martin and Masreliez 1975, robust
recursive estimates). Everything is vectorised over series; points come one after the other.

References
----------
.. [1] R. D. Martin, C. J. Masreliez. 1975. Robust estimation via stochastic approximation. IEEE Trans. Inf. Th. 21.
.. [2] C. C. Holt. 1957. Forecasting seasonals and trends by exponentially weighted moving averages. ONR 52.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats

LEVEL, LATE, LAST, DAY, DAY_NOW, WEEK, WEEK_NOW = range(7)
COURSES = ("level", "late", "last", "day", "day_now", "week", "week_now")
SLOW, FAST = 0.0005, 0.1
"""Rates of the long-run level and of the level of late: thousands of points, and ten."""
SCALE = 0.001
"""Rate of the usual errors; faster ones take an incident for the new normal."""
SLOT = 0.15
"""Rate of a slot of the day: about a week of days."""
PHASE = 0.25
"""Rate of an hour of the week: about four weeks; shared by the points that fall in one hour."""
CLIP, CLIP_LEVEL, CLIP_SCALE = 4.0, 3.0, 6.0
"""Usual errors beyond which a point teaches no more: forecasts, the long-run level, the usual errors themselves."""
YOUNG = 20
"""Points before anything is clipped, and errors before a course may be chosen."""
FLOOR, RELATIVE_FLOOR = 0.02, 1e-13
"""Least usual error, of the mean distance from the level, and of the level itself (above the rounding of sums)."""
TINY = float(np.finfo(float).tiny)
HANDICAP = np.array([1, 1, 1.02, 1.03, 1.03, 1.05, 1.05])[:, None]
"""A course with more parameters must be that much better to be chosen."""


class Courses:
    """The state of the seven courses of so many series, and their forecasts of the newest point.

    Parameters
    ----------
    series : number of series.
    slots : slots of the short season; 1 for none.
    phases : phases of the long season.
    phase_rate : rate at which one point moves its phase of the long season.

    Attributes
    ----------
    forecast, error : arrays, shape (7, series); of the last point given. Error 0 where a course has no forecast.
    known : array of bool, shape (7, series); whether it has.
    usual : array, shape (7, series); usual size of its errors.
    z : array, shape (7, series); error over usual size.
    """

    def __init__(self, series: int, slots: int, phases: int, phase_rate: float) -> None:
        self.series, self.phase_rate = series, phase_rate
        self.level, self.offset = np.zeros((3, series)), np.zeros((2, series))
        self.slot, self.slot_n = np.zeros((slots, series)), np.zeros((slots, series))
        self.phase, self.phase_n = np.zeros((phases, series)), np.zeros((phases, series))
        self.scale, self.scale_n = np.zeros((7, series)), np.zeros((7, series))
        self.distance, self.n = np.zeros(series), np.zeros(series)
        self.forecast, self.error, self.z = np.zeros((3, 7, series))
        self.known: NDArray[np.bool_] = np.zeros((7, series), dtype=bool)
        self.usual, self._base = np.zeros((7, series)), np.zeros((2, series))
        self._young = True

    def predict(self, slot: int, phase: int, old: NDArray[np.bool_]) -> None:
        """Set `forecast` and `known` for the next point.

        Parameters
        ----------
        slot, phase : where it falls in the short and the long season.
        old : array of bool, shape (series,); whether the history covers the long season.
        """
        base, day = self._base, self.slot[slot]
        base[0] = day
        np.add(day, self.phase[phase], out=base[1])
        self.forecast[:3] = self.level
        self.forecast[DAY::2] = base
        np.add(base, self.offset, out=self.forecast[DAY_NOW::2])
        self.known[:DAY] = self.n > 0
        self.known[DAY:WEEK] = self.slot_n[slot] >= 2
        self.known[WEEK:] = self.known[DAY] & old & (self.phase_n[phase] > 0)
        floor = FLOOR * self.distance + RELATIVE_FLOOR * np.abs(self.level[LEVEL]) + TINY
        np.maximum(self.scale, floor, out=self.usual)

    def choose(self) -> tuple[Floats, Floats]:
        """Return forecast and usual error of the course that erred least so far; NaN where none may be chosen."""
        cost = np.where(self.known & (self.scale_n >= YOUNG), self.scale * HANDICAP, np.inf)
        best = cost.argmin(axis=0)
        place = best * self.series + np.arange(self.series)
        chosen = np.isfinite(cost.ravel()[place])
        expected = np.where(chosen, self.forecast.ravel()[place], np.nan)
        return expected, np.where(chosen, self.usual.ravel()[place], np.nan)

    def learn(self, value: Floats, valid: NDArray[np.bool_], slot: int, phase: int) -> None:
        """Set `error` and `z` of the point that was predicted, and learn it.

        Parameters
        ----------
        value : array, shape (series,); finite, anything where not valid.
        valid : array of bool, shape (series,); others are not learnt.
        """
        self.known &= valid
        np.subtract(value, self.forecast, out=self.error)
        self.error *= self.known
        np.divide(self.error, self.usual, out=self.z)
        self._learn_scale(valid)
        limit = CLIP * self.scale
        if self._young:
            limit[self.scale_n < YOUNG] = np.inf
            self._young = bool((self.scale_n < YOUNG).any())
        self._learn_levels(value, valid, limit)
        self._learn_seasons(value, valid, slot, phase, limit)
        self.n += valid

    def _learn_scale(self, valid: NDArray[np.bool_]) -> None:
        size = np.abs(self.error)
        cap = CLIP_SCALE * self.scale
        if self._young:
            cap[self.scale_n < YOUNG] = np.inf
        rate = np.maximum(1 / (np.maximum(self.scale_n / 3, self.scale_n - 30) + 1), SCALE)
        rate *= self.known
        self.scale += rate * (np.minimum(size, cap) - self.scale)
        self.scale_n += self.known
        self.distance += valid * np.maximum(1 / (self.n + 1), SCALE) * (size[LEVEL] - self.distance)

    def _learn_levels(self, value: Floats, valid: NDArray[np.bool_], limit: Floats) -> None:
        start = valid & (self.n == 0)
        weight = valid / (self.n + 1)
        limit[LEVEL] *= CLIP_LEVEL / CLIP
        step = _within(self.error[:LAST], limit[:LAST])
        self.level[LEVEL] += np.maximum(weight, SLOW * valid) * step[LEVEL]
        self.level[LATE] += np.maximum(weight, FAST * valid) * step[LATE]
        np.copyto(self.level[LAST], value, where=valid)
        if start.any():
            self.level[:, start] = value[start]
        limit[LEVEL] *= CLIP / CLIP_LEVEL
        bound = limit[DAY::2]
        self.offset += FAST * self.known[DAY::2] * _within(self.error[DAY_NOW::2], bound)

    def _learn_seasons(
        self, value: Floats, valid: NDArray[np.bool_], slot: int, phase: int, limit: Floats
    ) -> None:
        mean, count = self.slot[slot], self.slot_n[slot]
        seen = valid & (count > 0)
        off = value - mean
        bound = limit[DAY]
        clipped = _within(off, bound)
        effect, effect_n = self.phase[phase], self.phase_n[phase]
        effect += seen * np.maximum(1 / (effect_n + 1), self.phase_rate) * (clipped - effect)
        effect_n += seen
        step = np.where(count < 3, off, clipped)
        rate = np.where(count == 0, 1.0, np.maximum(1 / (count + 1), SLOT))
        mean += valid * rate * step
        count += valid


def _within(values: Floats, limit: Floats) -> Floats:
    """Return values cut to a limit on either side; for one series a third of the time of `np.clip`."""
    return np.asarray(np.maximum(np.minimum(values, limit), -limit))
