"""Changes that stay: a level that shifted, a slope that turned, a spread that grew or shrank, and when that began.

The history is cut into pieces (`partition`). The evidence at a point is how much more likely the values up to it are
with a cut among the last 48 points than without, after the cut's penalty, in decades; it becomes an alarm over the
same line as every method's (`alarm_line`). Season and noise are learnt from the points before: at 32 points, and anew
whenever there are half as many more, from `REACH` at the most.

Promise: an alarm per change at the most; a shift of four deviations is told after five points or a few more, with the
time it began. Noise with heavy tails, in bursts or of rare counts it takes for changes oftener than `auto` does.
Causal. O(n REACH) time: for studies and daily panes, not for thousands of minute series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from wolfpack.detectors.alarm_line import HELD, AlarmLine, Prior
from wolfpack.detectors.band import Band
from wolfpack.detectors.detection import Detection, Floats, Reason, Season, checked, seconds, unready
from wolfpack.detectors.evidence import LARGEST
from wolfpack.detectors.grid import STEP_POINTS
from wolfpack.detectors.outlook import Outlook, outlook
from wolfpack.detectors.partition import RECENT, Cuts, gain_of_cut, partition
from wolfpack.detectors.pieces import Places, Shape, learn
from wolfpack.detectors.scorer import LIMIT
from wolfpack.detectors.seasons import Seasons, seasons

FIRST, GROWTH, REACH = 32, 1.5, 720
"""Points before anything is judged, growth after which the history is learnt anew, and how much of it at the most."""
PRIOR = Prior(mark=0.5, rate=0.002, excess=1.5)
KINDS = ("level", "slope", "spread")
TWO_IN_DECADES = float(2 * np.log(10.0))
SPREAD = 1e-3
"""Least spread of a piece, of the series' deviation."""
TINY = 1e-300
LEANS = 12
"""Points on either side before a change may be called one of the slope."""


@dataclass(frozen=True)
class Change:
    """A change point.

    Parameters
    ----------
    point : index of the first point of the new piece; of an alarm, that of the alarm.
    began : time of the first point of the new piece.
    before, after : the pieces on either side, in deviations of the series from its median.
    """

    point: int
    began: float
    before: Outlook
    after: Outlook

    @property
    def sizes(self) -> tuple[float, float, float]:
        """How much level, slope and spread changed, each in about standard errors."""
        a, b = self.before, self.after
        error = max(float(np.hypot(a.spread / a.points**0.5, b.spread / b.points**0.5)), TINY)
        few = min(a.points, b.points)
        if few < LEANS:  # too short to lean: its mean against where the piece before led to
            level, slope = ((b.begin + b.end) / 2 - a.end - a.slope * b.points / 2) / error, 0.0
        else:  # the end of a line is known half as well as its middle
            level = (b.begin - a.end - a.slope) / (2 * error)
            slope = (b.slope - a.slope) * few / 12**0.5 / error
        wider = np.log(max(b.spread, TINY) / max(a.spread, TINY)) * (few / 2) ** 0.5
        return float(level), float(slope), float(wider)

    @property
    def kind(self) -> str:
        """What changed most, of `KINDS`."""
        return KINDS[int(np.argmax(np.abs(self.sizes)))]

    @property
    def direction(self) -> float:
        """1 if what changed most rose, -1 if it fell."""
        return float(np.copysign(1.0, self.sizes[KINDS.index(self.kind)]))

    @property
    def words(self) -> str:
        """The change in a sentence."""
        since = datetime.fromtimestamp(self.began, UTC).strftime("%Y-%m-%d %H:%M")
        up = self.direction > 0
        what = {
            "level": f"the level shifted {'up' if up else 'down'}",
            "slope": f"the slope turned {'up' if up else 'down'}",
            "spread": f"values spread {'more' if up else 'less'}",
        }[self.kind]
        return f"{what}; it began at {since}"


def change_points(times: ArrayLike, values: ArrayLike, season: Season = None) -> tuple[Change, ...]:
    """Return the changes of a whole series, as they look from its end.

    Parameters
    ----------
    times : array, shape (n,); seconds, strictly increasing.
    values : array, shape (n,); NaN is left out.
    season : length in seconds; None offers day and week. One that the values do not show is not used.

    Raises
    ------
    ValueError
        As `detect`.

    Examples
    --------
    >>> values = [day % 3 + (6 if day >= 40 else 0) for day in range(80)]
    >>> [(one.point, one.kind) for one in change_points([86400 * day for day in range(80)], values)]
    [(40, 'level')]
    """
    at, value = checked(times, values)
    kept = np.flatnonzero(np.abs(value) < LARGEST)
    if len(kept) < 2:
        return ()
    shape, cuts = learn(value[kept], _candidates(_grid(at, season), at[kept]))
    bounds = [0, *cuts, len(kept)]
    pieces = [outlook((value[kept[a:b]] - shape.centre) / shape.scale) for a, b in pairwise(bounds)]
    return tuple(
        Change(int(kept[cut]), float(at[kept[cut]]), before, after)
        for cut, before, after in zip(cuts, pieces[:-1], pieces[1:], strict=True)
    )


def trend(times: ArrayLike, values: ArrayLike, season: Season = None) -> Detection:
    """Return score, expected value and band of each point of a series; see `detect`."""
    at, value = checked(times, values)
    kept = np.flatnonzero(np.abs(value) < LARGEST)
    grid = _grid(at, season)
    if grid is None or len(kept) <= FIRST:
        return unready(len(at))
    found = _Run(at[kept], value[kept], grid).detection()
    return _spread(found, kept, value)


def weigh(times: Floats, values: Floats) -> Floats:
    """Return the evidence at each point of a series without gaps, in decades: what the line's prior is made of."""
    run = _Run(times, values, seasons(times))
    run.detection()
    return run.evidence


def _grid(times: Floats, season: Season) -> Seasons | None:
    return seasons(times, seconds(season)) if len(times) >= STEP_POINTS else None


def _candidates(grid: Seasons | None, times: Floats) -> list[tuple[int, Places]]:
    """Return the seasons that may be there, the long one first, with the phase of each point."""
    if grid is None:
        return []
    slots, phases = grid.places(times)
    return [(grid.phases, phases), (grid.slots, slots)]


class _Run:
    """The judgement of one series without gaps, from one learning of its shape to the next."""

    def __init__(self, times: Floats, values: Floats, grid: Seasons) -> None:
        self.times, self.values = times, values
        self.seasons = _candidates(grid, times)
        self.line, self.band = AlarmLine(1, grid.per_day, PRIOR), Band(1)
        self.score, self.expected, self.lower, self.upper = np.full((4, len(values)), np.nan)
        self.step, self.told = grid.step, -np.inf
        self.evidence = np.zeros(len(values))
        self.reasons: list[Reason] = []

    def detection(self) -> Detection:
        for first, until in _epochs(len(self.values)):
            self._judge(first, until)
        ready = ~np.isnan(self.score)
        return Detection(self.score, self.expected, self.lower, self.upper, ready, tuple(self.reasons))

    def _judge(self, first: int, until: int) -> None:
        """Judge the points from `first` to before `until` by the shape of those before `first`."""
        start = max(first - REACH, 0)
        past, whole = slice(start, first), slice(start, until)
        seasons = [(phases, places[past]) for phases, places in self.seasons]
        shape, _ = learn(self.values[past], seasons)
        places = next((p for n, p in self.seasons if n == len(shape.season)), np.zeros(len(self.values), int))
        y = shape.plain(self.values[whole], places[whole])
        cuts = partition(y, np.array([shape.memory]), np.array([shape.variance]), shape.points)
        gain = np.maximum(cuts.gain[0, first - start + 1 :], 0.0) / TWO_IN_DECADES
        for place in map(int, np.flatnonzero(gain > PRIOR.mark)):
            n = first - start + 1 + place
            milder = _without_farthest(y[:n], int(cuts.open_last[0, n]), shape, cuts)
            gain[place] = min(gain[place], milder)
        self.evidence[first:until] = gain
        score = self.line.score(gain[:, None])[:, 0]
        for i, n in zip(range(first, until), range(first - start, until - start), strict=True):
            before = outlook(y[cuts.open_last[0, n] : n])
            centre = before.end + before.slope + shape.memory * before.off
            self._point(
                i, y[n], centre, max(before.spread, SPREAD) * np.sqrt(1 - shape.memory**2), shape, places[i]
            )
            self._tell(i, min(score[i - first], LIMIT), y, start, int(cuts.open_last[0, n + 1]))

    def _point(self, i: int, y: float, centre: float, usual: float, shape: Shape, place: int) -> None:
        """Set expected value and band of a point, and learn its error."""
        lower, upper = self.band.ends(np.array([centre]), np.array([usual]))
        back = np.array([centre, lower[0], upper[0]]) + shape.season[place % len(shape.season)]
        self.expected[i], self.lower[i], self.upper[i] = shape.centre + shape.scale * back
        self.band.learn(np.array([(y - centre) / usual]), np.array([True]))

    def _tell(self, i: int, score: float, y: Floats, start: int, cut: int) -> None:
        """Set the score of a point, with the sign and the words of the change that it tells of."""
        n = i - start + 1
        if not cut or score <= 0:
            self.score[i] = score
            return
        change = Change(i, float(self.times[start + cut]), outlook(y[:cut][-REACH:]), outlook(y[cut:n]))
        if score > 1 and abs(change.began - self.told) < RECENT * self.step:
            score = HELD  # the same change, better known
        self.score[i] = np.copysign(score, change.direction)
        if score > 1:
            self.told = change.began
            self.reasons.append(Reason(i, 0, change.words))


def _without_farthest(y: Floats, cut: int, shape: Shape, cuts: Cuts) -> float:
    """Return the evidence for the last cut if the farthest tenth of its points, one at least, had been as expected.

    A change shows in many points; one spike, however large, is none.
    """
    before = int(cuts.open_last[0, cut])
    its = outlook(y[before:cut])
    expected = its.end + its.slope * np.arange(1, len(y) - cut + 1)
    far = np.argsort(-np.abs(y[cut:] - expected))[: max(1, (len(y) - cut) // 10)]
    milder = y[before:].copy()
    milder[cut - before + far] = expected[far]
    gain = gain_of_cut(milder, cut - before, shape.memory, shape.variance, shape.points)
    return max(gain, 0.0) / TWO_IN_DECADES


def _epochs(n: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where a shape holds."""
    first = FIRST
    while first < n:
        until = min(first + min(int(first * (GROWTH - 1)), REACH // 2), n)
        yield first, until
        first = until


def _spread(found: Detection, kept: Places, values: Floats) -> Detection:
    """Return the detection with the points that were left out; an infinity scores the limit."""
    n = len(values)
    arrays = {}
    for name in ("score", "expected", "lower", "upper"):
        arrays[name] = np.full(n, np.nan)
        arrays[name][kept] = getattr(found, name)
    ready = np.arange(n) > kept[FIRST - 1]
    # A point without a value is expected where the one before it was.
    known = np.maximum.accumulate(np.where(np.isnan(arrays["expected"]), 0, np.arange(n)))
    for name in ("expected", "lower", "upper"):
        arrays[name] = np.where(ready, arrays[name][known], np.nan)
    ready &= ~np.isnan(arrays["expected"])
    infinite = ready & (np.abs(values) >= LARGEST)
    arrays["score"][infinite] = np.copysign(LIMIT, values[infinite])
    reasons = [replace(one, point=int(kept[one.point])) for one in found.reasons]
    reasons += [
        Reason(int(i), 0, f"{values[i]:g} is no value that can be expected") for i in np.flatnonzero(infinite)
    ]
    return Detection(**arrays, ready=ready, reasons=tuple(sorted(reasons, key=lambda one: one.point)))
