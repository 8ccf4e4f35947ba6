"""Many series of one grid together, a whole history or point by point: the same numbers either way.

A call into numpy costs about as much for one series as for a hundred, so series are scored side by side, at most
`TOGETHER` of them, which keeps their state near the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wolfpack.detectors.detection import Detection, Floats, Reason, Season, checked, seconds, unready
from wolfpack.detectors.grid import STEP_POINTS
from wolfpack.detectors.scorer import Recipe, Rows, Scorer
from wolfpack.detectors.seasons import seasons

TOGETHER = 1000


class Stream:
    """So many series of one grid whose points come one after the other.

    Give it the history first, then each new point. It can be pickled: it holds nothing that the history does not
    say.

    Parameters
    ----------
    recipe : the method, of `RECIPES`.
    series : number of series.
    season : length of the season as timedelta or in seconds; None for day and week.
    """

    def __init__(self, recipe: Recipe, series: int, season: Season = None) -> None:
        self.recipe, self.series, self.season = recipe, series, seconds(season)
        self._early: tuple[Floats, Floats] = np.empty(0), np.empty((0, series))
        self._last: float | None = None
        self._scorers: list[Scorer] = []

    def advance(self, times: ArrayLike, values: ArrayLike) -> Detection:
        """Return what is said of the next points, arrays of shape (points, series), and learn them.

        Parameters
        ----------
        times : array, shape (points,); seconds, strictly increasing and after all earlier ones.
        values : array, shape (points, series); NaN is a missing value.

        Raises
        ------
        ValueError
            If shapes do not fit, a time is out of order, or the season does not fit the step; nothing was learnt.
        """
        at, value = checked(times, values, 2)
        if value.shape[1] != self.series:
            raise ValueError(f"values are of {value.shape[1]} series; this stream is of {self.series}")
        if len(at) and self._last is not None and at[0] <= self._last:
            raise ValueError(f"times[0]: {float(at[0])!r} is not after {self._last!r}, the last point given")
        if not self._scorers:
            early = np.concatenate([self._early[0], at]), np.concatenate([self._early[1], value])
            if len(early[0]) < STEP_POINTS:
                self._early, self._last = early, _last(at, self._last)
                return unready(value.shape)
            self._scorers = self._begin(early[0])
            self._early = early[0][:0], early[1][:0]
            found = self._score(*early)
            first = len(early[0]) - len(at)
        else:
            found, first = self._score(at, value), 0
        self._last = _last(at, self._last)
        return _detection(found, first)

    def _begin(self, times: Floats) -> list[Scorer]:
        grid = seasons(times, self.season)
        sizes = [min(TOGETHER, self.series - first) for first in range(0, max(self.series, 1), TOGETHER)]
        return [Scorer(self.recipe, size, grid) for size in sizes]

    def _score(self, times: Floats, values: Floats) -> list[Rows]:
        return [
            scorer.advance(times, values[:, i * TOGETHER : (i + 1) * TOGETHER])
            for i, scorer in enumerate(self._scorers)
        ]


def score_together(recipe: Recipe, times: ArrayLike, values: ArrayLike, season: Season = None) -> Detection:
    """Return what a method says of each point of several series of one grid.

    Parameters
    ----------
    times : array, shape (n,); seconds since the epoch, strictly increasing.
    values : array, shape (n, series); NaN is a missing value.

    Raises
    ------
    ValueError
        As `Stream.advance`.
    """
    at, value = checked(times, values, 2)
    return Stream(recipe, value.shape[1], season).advance(at, value)


def score_alone(recipe: Recipe, times: ArrayLike, values: ArrayLike, season: Season = None) -> Detection:
    """Return what a method says of each point of one series; arrays of shape (n,)."""
    at, value = checked(times, values)
    found = Stream(recipe, 1, season).advance(at, value[:, None])
    names = ("score", "expected", "lower", "upper", "ready")
    arrays: dict[str, Any] = {name: getattr(found, name)[:, 0] for name in names}
    return Detection(**arrays, reasons=found.reasons)


def _last(times: Floats, before: float | None) -> float | None:
    return float(times[-1]) if len(times) else before


def _detection(found: Sequence[Rows], first: int) -> Detection:
    """Return the rows of all series side by side, from the given point on."""
    names = ("score", "expected", "lower", "upper", "ready")
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(rows, name) for rows in found], axis=1)[first:] for name in names
    }
    reasons = [
        Reason(one.point - first, one.series + i * TOGETHER, one.words)
        for i, rows in enumerate(found)
        for one in rows.reasons
        if one.point >= first
    ]
    return Detection(**arrays, reasons=tuple(sorted(reasons, key=lambda one: (one.point, one.series))))
