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
        statistics = np.full((shape[0], len(self.wanted), shape[1]), np.nan)
        expected, lower, upper, error, n = np.full((5, *shape), np.nan)
        learnt = np.abs(values) < LARGEST
        values = np.where(learnt, values, 0.0)
        slots, phases = self.seasons.places(times)
        for i, at in enumerate(times):
            valid = learnt[i]
            self.first[valid & np.isinf(self.first)] = at
            old = at - self.first >= self.seasons.long * 8 / 7
            self.courses.predict(slots[i], phases[i], old)
            n[i] = self.courses.n
            centre, usual = self._expect()
            expected[i] = centre
            lower[i], upper[i] = self.band.ends(centre, usual)
            last = self.courses.level[LAST].copy()
            self.courses.learn(values[i], valid, slots[i], phases[i])
            error[i] = values[i] - centre
            self._tell(statistics[i], valid, error[i] / usual, values[i] == last)
        np.clip(statistics, -MOST, MOST, out=statistics)
        return Block(statistics, expected, lower, upper, error, learnt, n)

    def _expect(self) -> tuple[Floats, Floats]:
        """Return what is expected and its usual error; NaN where nothing is yet."""
        centre, usual = self.courses.choose()
        if self.course is None:
            return centre, usual
        hidden = np.where(np.isfinite(centre), 0.0, np.nan)
        return self.courses.forecast[self.course] + hidden, self.courses.usual[self.course] + hidden

    def _tell(self, out: Floats, valid: NDArray[np.bool_], z: Floats, same: NDArray[np.bool_]) -> None:
        """Write the statistics of one point."""
        courses, rows = self.courses, self._rows
        told = valid & (courses.n > FIRST)
        known = courses.known & told
        for name, course in OFF.items():
            if name in rows:
                np.copyto(out[rows[name]], courses.z[course], where=known[course])
        judged = told & ~np.isnan(z)
        z = np.where(judged, z, 0.0)
        self.band.learn(z, judged)
        self._spell(z, judged)
        values = {"error": z, "spell": self.spells[0] * np.sqrt(24), "level": self.spells[1] * 4}
        for name in ("restless", "spread"):
            if name in rows:
                size = np.maximum(self.spells[SPELLS.index(name)], SIZE_LEAST)
                values[name] = 4 * np.log2(size)
        self._stand(valid, same & (courses.n > 1))
        values["still"] = np.where(self.moves >= MOVED, _stillness(self.still), np.nan)
        for name, value in values.items():
            if name in rows:
                np.copyto(out[rows[name]], value, where=judged)

    def _stand(self, valid: NDArray[np.bool_], same: NDArray[np.bool_]) -> None:
        """Count repeats of the last value, and how often it changed."""
        self.still = np.where(valid, np.where(same, self.still + 1, 0), self.still)
        self.moves += valid & ~same

    def _spell(self, z: Floats, judged: NDArray[np.bool_]) -> None:
        now = self._now
        np.clip(z, -SPELL_CLIP, SPELL_CLIP, out=now[0])
        np.clip(self.courses.z[LEVEL], -SPELL_CLIP, SPELL_CLIP, out=now[1])
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


def _stillness(repeats: Floats) -> Floats:
    """Return a size for so many repeats of a value: one may be chance, two where none ever were are not.

    From then on it grows with their power 1.5.
    """
    many = 0.4 * np.maximum(repeats, 1.0) ** 1.5
    return np.where(repeats > 1, many, np.where(repeats == 1, 0.15, 0.126))
