"""What is strange about a point, in a dozen numbers: off its courses, a spell off them, restless, too calm, stuck.

Each statistic is around 0 on an ordinary point and on either side of it otherwise; what is ordinary is not judged
here but by each statistic's own past (`rarity`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.band import Band
from wolfpack.detectors.courses import (
    DAY,
    DAY_NOW,
    LAST,
    LATE,
    LEVEL,
    PHASE,
    WEEK_NOW,
    Courses,
)
from wolfpack.detectors.courses import WEEK as WEEK_COURSE
from wolfpack.detectors.detection import Floats
from wolfpack.detectors.seasons import Seasons

OFF = {"jump": LAST, "late": LATE, "day": DAY, "day_now": DAY_NOW, "week": WEEK_COURSE, "week_now": WEEK_NOW}
"""Statistics that are the error of a course over its usual size."""
SPELLS = ("spell", "level", "restless", "spread")
"""Means of late: errors of the chosen course, distance from the long-run level, size of errors short and long."""
SPELL_POINTS, SPELL_DAYS = (24, 24, 6, 24), 4.0
"""Points that a mean of late looks back, and days at the most, so that a spell of daily points is days, not a month."""
LEAST_SPELL = 4
"""Points that it looks back at the least."""
SPELL_START = np.array([0.0, 0.0, 1.0, 1.0])[:, None]
SPELL_CLIP, SIZE_CLIP, SIZE_LEAST = 4.0, 8.0, 0.03
"""Errors beyond which one point moves a mean no more, and the least size of errors told apart."""
STATISTICS = ("error", *OFF, *SPELLS, "still")
SEASONAL = ("day", "day_now", "week", "week_now")
LARGEST = 1e300
"""Values beyond it are infinite: their differences leave the doubles."""
FIRST = 6
"""Points that only teach."""
MOVED = 10
"""Changes of the value before it can stand still: what never moved does not stop."""
MOST = 1e9
"""Statistics are cut here: what is so far off a constant is only that."""


@dataclass(frozen=True)
class Block:
    """So many points of so many series, as far as they can be described one by one.

    Parameters
    ----------
    statistics : array, shape (points, statistics asked for, series); NaN where there is none.
    expected, lower, upper : arrays, shape (points, series); NaN where nothing is expected yet.
    error : array, shape (points, series); value less expected.
    learnt : array of bool, shape (points, series); whether the value was one.
    n : array, shape (points, series); values before the point.
    """

    statistics: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    error: Floats
    learnt: NDArray[np.bool_]
    n: Floats


class _Told:
    """What is kept of each point of a block until its statistics are written."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        points, series = shape
        self.z, self.known = np.empty((points, 7, series)), np.empty((points, 7, series), dtype=bool)
        self.spells, self.judged = np.empty((points, 4, series)), np.empty(shape, dtype=bool)
        self.error, self.still, self.moves = np.empty((3, *shape))


class Evidence:
    """The statistics of so many series of one grid, point by point.

    Parameters
    ----------
    series : number of series.
    seasons : of their grid.
    wanted : names of statistics, of `STATISTICS`.
    course : the course that is expected; None chooses, point by point, the one that erred least so far.
    """

    def __init__(
        self, series: int, seasons: Seasons, wanted: tuple[str, ...], course: int | None = None
    ) -> None:
        self.seasons, self.course, self.wanted = seasons, course, wanted
        self.courses = Courses(series, seasons.slots, seasons.phases, PHASE * seasons.phase_share)
        self.band = Band(series)
        self.first = np.full(series, np.inf)
        self.spells = SPELL_START * np.ones(series)
        self._spell_rate = 1 / spell_points(seasons.per_day)[:, None]
        self.still, self.moves = np.zeros((2, series))
        self._now = np.empty((4, series))
        self._rows = {name: i for i, name in enumerate(wanted)}

    def describe(self, times: Floats, values: Floats) -> Block:
        """Return the statistics of the next points, and learn them.

        Parameters
        ----------
        times : array, shape (points,); after all earlier ones.
        values : array, shape (points, series).
        """
        shape = values.shape
        expected, lower, upper, error, n = np.full((5, *shape), np.nan)
        learnt = np.abs(values) < LARGEST
        values = np.where(learnt, values, 0.0)
        slots, phases = self.seasons.places(times)
        told = _Told(shape)
        for i, at in enumerate(times):
            valid = learnt[i]
            self.first[valid & np.isinf(self.first)] = at
            old = at - self.first >= self.seasons.long * 8 / 7
            self.courses.predict(slots[i], phases[i], old)
            n[i] = self.courses.n
            centre, usual = self._expect()
            expected[i] = centre
            lower[i], upper[i] = self.band.ends(centre, usual)
            same = values[i] == self.courses.level[LAST]
            self.courses.learn(values[i], valid, slots[i], phases[i])
            np.subtract(values[i], centre, out=error[i])
            self._learn(told, i, valid, error[i] / usual, same)
        return Block(self._statistics(told), expected, lower, upper, error, learnt, n)

    def _expect(self) -> tuple[Floats, Floats]:
        """Return what is expected and its usual error; NaN where nothing is yet."""
        centre, usual = self.courses.choose()
        if self.course is None:
            return centre, usual
        hidden = np.where(np.isfinite(centre), 0.0, np.nan)
        return self.courses.forecast[self.course] + hidden, self.courses.usual[self.course] + hidden

    def _learn(
        self, told: _Told, i: int, valid: NDArray[np.bool_], z: Floats, same: NDArray[np.bool_]
    ) -> None:
        """Learn the error of a point, and keep what is told of it."""
        courses = self.courses
        ready = valid & (courses.n > FIRST)
        judged = ready & (z == z)  # not where there is none
        told.z[i], told.known[i], told.judged[i] = courses.z, courses.known & ready, judged
        z = np.where(judged, z, 0.0)
        told.error[i] = z
        self.band.learn(z, judged)
        self._spell(z, judged)
        told.spells[i] = self.spells
        self._stand(valid, same & (courses.n > 1))
        told.still[i], told.moves[i] = self.still, self.moves

    def _statistics(self, told: _Told) -> Floats:
        """Return the statistics of the points of a block."""
        points, series = told.error.shape
        out = np.full((points, len(self.wanted), series), np.nan)
        values = {
            "error": told.error, "spell": told.spells[:, 0] * np.sqrt(24), "level": told.spells[:, 1] * 4,
            "still": np.where(told.moves >= MOVED, _stillness(told.still), np.nan),
        }  # fmt: skip
        for name, row in self._rows.items():
            if name in OFF:
                np.copyto(out[:, row], told.z[:, OFF[name]], where=told.known[:, OFF[name]])
            else:
                value = values[name] if name in values else _size(told.spells[:, SPELLS.index(name)])
                np.copyto(out[:, row], value, where=told.judged)
        return np.clip(out, -MOST, MOST, out=out)

    def _stand(self, valid: NDArray[np.bool_], same: NDArray[np.bool_]) -> None:
        """Count repeats of the last value, and how often it changed."""
        self.still = np.where(valid, np.where(same, self.still + 1, 0), self.still)
        self.moves += valid & ~same

    def _spell(self, z: Floats, judged: NDArray[np.bool_]) -> None:
        now = self._now
        now[0], now[1] = z, self.courses.z[LEVEL]
        np.minimum(now[:2], SPELL_CLIP, out=now[:2])
        np.maximum(now[:2], -SPELL_CLIP, out=now[:2])
        now[2:] = np.minimum(np.abs(z), SIZE_CLIP)
        now -= self.spells
        now *= self._spell_rate
        now *= judged
        self.spells += now


def spell_points(per_day: float) -> Floats:
    """Return how many points each mean of late looks back, of so many points in a day; shape (4,).

    Examples
    --------
    >>> spell_points(288.0), spell_points(1.0)
    (array([24., 24.,  6., 24.]), array([4., 4., 4., 4.]))
    """
    return np.minimum(SPELL_POINTS, max(SPELL_DAYS * per_day, LEAST_SPELL))


def _size(mean: Floats) -> Floats:
    """Return the size of errors of late in quarter octaves."""
    return np.asarray(4 * np.log2(np.maximum(mean, SIZE_LEAST)))


def _stillness(repeats: Floats) -> Floats:
    """Return a size for so many repeats of a value: one may be chance, two where none ever were are not.

    From then on it grows with their power 1.5.
    """
    many = 0.4 * np.maximum(repeats, 1.0) ** 1.5
    return np.where(repeats > 1, many, np.where(repeats == 1, 0.15, 0.126))
