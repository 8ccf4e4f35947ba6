"""What is said of a series: score and band of each point under the watch's policy, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.contract import LEARN_HOLIDAYS, RECIPES, detect, detect_together
from wolfpack.detectors.detection import Detection, Floats, beside, checked, unready
from wolfpack.detectors.memory import Track
from wolfpack.detectors.policy import Mask, applied, on_holidays, out_of_range, warmed_up
from wolfpack.detectors.sink import Finding
from wolfpack.detectors.verdicts import Verdict, raised
from wolfpack.detectors.wall_time import first_of_each, on_days, wall_seconds
from wolfpack.detectors.watch import Watch
from wolfpack.spec import Calendar

WARMING, NO_VALUE, PLANNED = "warming up", "no value", "planned gap"
SKIPPED, HOLIDAY, OUTSIDE, REPEATED = "skipped day", "holiday", "out of range", "repeated hour"
UNSCORED = (WARMING, NO_VALUE, PLANNED, SKIPPED, HOLIDAY, OUTSIDE, REPEATED)
"""Every reason for which a point has no score."""
CELLS = 2_000_000
"""Values judged together at the most: 16 MB an array."""
_LAST_MOMENT = 1.0
"""Seconds before the end of a window that are of its last pane for sure."""


@dataclass(frozen=True)
class Judged:
    """A detection and, for each of its points, the place in `UNSCORED` of why it has no score, -1 if it has one."""

    detection: Detection
    why: NDArray[np.int8]

    def reason(self, *point: int) -> str | None:
        """Return why a point has no score, None if it has one."""
        place = int(self.why[point])
        return None if place < 0 else UNSCORED[place]

    def column(self, place: int) -> Judged:
        """Return what is said of one of several series."""
        its = self.detection
        names = ("score", "expected", "lower", "upper", "ready")
        arrays: dict[str, Any] = {name: getattr(its, name)[:, place] for name in names}
        reasons = tuple(replace(one, series=0) for one in its.reasons if one.series == place)
        return Judged(Detection(**arrays, reasons=reasons), self.why[:, place])


def judge(
    tracks: Sequence[Track], watch: Watch, calendar: Calendar, said: Sequence[Verdict] = ()
) -> list[tuple[Finding, str | None]]:
    """Return, for each series, the finding on its newest window and why it has no score.

    Parameters
    ----------
    tracks : series of one point or more, all at the same times; one, or as many as `alike` puts together.
    said : what people said of the model's findings, the newest first; those on a series raise its alarm line.

    Raises
    ------
    ValueError
        If the points are malformed or out of order, the season does not fit them, or a country's holidays are not
        known.
    """
    if tracks[0].fault:
        raise ValueError(tracks[0].fault)
    found = judged(tracks[0].times, np.stack([track.values for track in tracks], axis=1), watch, calendar)
    return [_newest(found.column(place), track, watch, said) for place, track in enumerate(tracks)]


def alike(tracks: Iterable[Track], watch: Watch) -> list[list[Track]]:
    """Return the series in groups that are judged together, in their order: those of one method and the same times.

    Methods that need a whole history gain nothing from company.
    """
    groups: dict[object, list[list[Track]]] = {}
    for place, track in enumerate(tracks):
        alone = track.fault is not None or watch.method not in RECIPES
        its = groups.setdefault(place if alone else track.times.tobytes(), [[]])
        if its[-1] and (len(its[-1]) + 1) * len(track.times) > CELLS:
            its.append([])
        its[-1].append(track)
    return [group for its in groups.values() for group in its]


def _newest(found: Judged, track: Track, watch: Watch, said: Sequence[Verdict]) -> tuple[Finding, str | None]:
    its, labels = found.detection, watch.identity(track.labels)
    line = raised(track.times, its.score, [one for one in said if one.about(labels)])
    score, *band = (float(array[-1]) for array in (its.score, its.expected, its.lower, its.upper))
    finding = Finding(labels, track.newest, bool(its.ready[-1]), score / line, *band)
    return finding, found.reason(-1)


def judged(times: Floats, values: Floats, watch: Watch, calendar: Calendar) -> Judged:
    """Return what is said of each point; causal, as the methods are.

    Values of planned gaps, skipped days and holidays and those out of range are taken as missing: neither scored nor
    learnt, but for holidays that the method itself learns. So are all of an hour that a clock change repeats: seasons
    are counted by the clock on the wall.

    Parameters
    ----------
    times : array, shape (n,); window ends, seconds since the epoch.
    values : array, shape (n,) or (n, series); NaN is a missing value.

    Raises
    ------
    ValueError
        As `judge`.
    """
    policy = watch.policy
    times, values = checked(times, values, np.ndim(values))
    wall = wall_seconds(times, policy.zone)
    why = np.full(values.shape, -1, dtype=np.int8)
    for reason, mask in _left_out(times, wall, values, watch, calendar).items():
        over = mask if mask.ndim == values.ndim else mask[:, None]
        why[over & (why < 0)] = UNSCORED.index(reason)
    known = np.where(why < 0, values, np.nan)
    first = first_of_each(wall)
    found = _scattered(_detected(wall[first], known[first], watch), first)
    found = applied(found, values, warmed_up(times, ~np.isnan(known), policy), policy)
    why[(why < 0) & np.isnan(found.score)] = UNSCORED.index(WARMING)
    return Judged(found, why)


def _detected(wall: Floats, values: Floats, watch: Watch) -> Detection:
    if watch.method in LEARN_HOLIDAYS and values.ndim == 1:
        return LEARN_HOLIDAYS[watch.method](wall - _LAST_MOMENT, values, watch.season, watch.policy.holidays)
    if watch.method in LEARN_HOLIDAYS:
        return beside([_detected(wall, one, watch) for one in values.T], values.shape)
    how = detect if values.ndim == 1 else detect_together
    return how(wall, values, watch.method, watch.season)


def _left_out(
    times: Floats, wall: Floats, values: Floats, watch: Watch, calendar: Calendar
) -> dict[str, Mask]:
    """Return which points are taken as missing, by reason; the first that holds is told."""
    policy = watch.policy
    ours = replace(calendar, timezone=policy.zone, skip=policy.skip)
    found = {PLANNED: planned_gaps(times, calendar), SKIPPED: planned_gaps(times, ours)}
    if policy.holidays and watch.method not in LEARN_HOLIDAYS:
        found[HOLIDAY] = on_holidays(wall - _LAST_MOMENT, policy.holidays)
    return found | {
        REPEATED: ~first_of_each(wall),
        OUTSIDE: out_of_range(values, policy),
        NO_VALUE: np.isnan(values),
    }


def planned_gaps(ends: Floats, calendar: Calendar) -> Mask:
    """Return whether the pane that ends with each window is a planned gap."""
    if not calendar.skip:
        return np.zeros(len(ends), dtype=bool)
    if calendar.every <= timedelta(days=1):
        return on_days(wall_seconds(ends - _LAST_MOMENT, calendar.timezone), calendar.skip)
    last = [datetime.fromtimestamp(end, UTC) - timedelta(seconds=_LAST_MOMENT) for end in ends]
    return np.array([calendar.skipped(calendar.start(at)) for at in last], dtype=bool)


def _scattered(found: Detection, where: Mask) -> Detection:
    """Return the detection of all points from that of some; of the others nothing is said."""
    if where.all():
        return found
    whole = unready((len(where), *found.score.shape[1:]))
    for name in ("score", "expected", "lower", "upper", "ready"):
        getattr(whole, name)[where] = getattr(found, name)
    points = np.flatnonzero(where)
    return replace(whole, reasons=tuple(replace(one, point=int(points[one.point])) for one in found.reasons))
