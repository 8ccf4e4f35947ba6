"""The two seasons of a grid: where in its day and in its week each point falls.

Phase comes from time, not from counting points, so that a gap moves nothing; and it is counted from the first point
and rounded, so that a day that a clock change made 23 or 25 hours long is still the same day of the week. Times are
taken as they are: for a season in local time give local times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats
from wolfpack.detectors.grid import DAY, STEP_POINTS

WEEK = 7 * DAY
MOST_SLOTS, MOST_PHASES = 288, 168
"""Slots of the short season and phases of the long one at the most: five minutes of a day, hours of a week."""


@dataclass(frozen=True)
class Seasons:
    """A short and a long season on a grid.

    Parameters
    ----------
    start : time of the first point.
    step : seconds between two points.
    short, long : lengths in seconds.
    slots, phases : parts that they are cut into; 1 means that there is no such season.
    """

    start: float
    step: float
    short: float
    slots: int
    long: float
    phases: int

    @property
    def per_day(self) -> float:
        """Points in a day."""
        return DAY / self.step

    @property
    def phase_share(self) -> float:
        """Share of a phase of the long season that one point is, at most 1."""
        return min(1.0, self.step * self.phases / self.long)

    def places(self, times: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return slot and phase of each time."""
        since = times - self.start
        return _place(since, self.short, self.slots), _place(since, self.long, self.phases)


def seasons(times: Floats, season: float | None = None) -> Seasons:
    """Return the seasons of a series whose first points lie at these times.

    The step is the median of the first ten differences, so that points to come do not change it.

    Parameters
    ----------
    times : array, at least `STEP_POINTS` of them are looked at; seconds, strictly increasing.
    season : seconds; up to a day it takes the place of the day, a longer one that of the week.

    Raises
    ------
    ValueError
        If the season is not a whole number, two or more, of steps.
    """
    step = float(np.median(np.diff(times[:STEP_POINTS])))
    if season is not None and (round(season / step) < 2 or abs(season / step - round(season / step)) > 0.1):
        raise ValueError(
            f"season: {season:g} s is not a whole number, two or more, of the points' step, "
            f"{step:g} s; give a multiple of the step"
        )
    short = season if season is not None and season <= DAY else DAY
    long = season if season is not None and season > DAY else WEEK
    slots, phases = _parts(short, step, MOST_SLOTS), _parts(long, step, MOST_PHASES)
    return Seasons(float(times[0]), step, short, slots, long, phases)


def _parts(length: float, step: float, most: int) -> int:
    """Return into how many parts a season is cut: steps, or fewer, longer ones; 1 if it has not two steps."""
    return min(round(length / step), most) if length >= 2 * step else 1


def _place(since: Floats, length: float, parts: int) -> NDArray[np.int64]:
    return np.round(since * (parts / length)).astype(np.int64) % parts
