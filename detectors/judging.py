"""What is said of a series: score and band of each point under the watch's policy, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.contract import detect
from wolfpack.detectors.detection import Detection, Floats, checked, unready
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


def judge(
    track: Track, watch: Watch, calendar: Calendar, said: Iterable[Verdict] = ()
) -> tuple[Finding, str | None]:
    """Return the finding on the newest window of a series of one point or more, and why it has no score.

    Parameters
    ----------
    said : what people said of the model's findings, the newest first; those on this series raise its alarm line.

    Raises
    ------
    ValueError
        If the points are malformed or out of order, the season does not fit them, or a country's holidays are not
        known.
    """
    if track.fault:
        raise ValueError(track.fault)
    found = judged(track.times, track.values, watch, calendar)
    its, labels = found.detection, watch.identity(track.labels)
    line = raised(track.times, its.score, [one for one in said if one.about(labels)])
    score, *band = (float(array[-1]) for array in (its.score, its.expected, its.lower, its.upper))
    finding = Finding(labels, track.newest, bool(its.ready[-1]), score / line, *band)
    return finding, found.reason(-1)


def judged(times: Floats, values: Floats, watch: Watch, calendar: Calendar) -> Judged:
    """Return what is said of each point; causal, as the methods are.

    Values of planned gaps, skipped days and holidays and those out of range are taken as missing: neither scored nor
    learnt. So are all of an hour that a clock change repeats: seasons are counted by the clock on the wall.

    Parameters
    ----------
    times : array, shape (n,); window ends, seconds since the epoch.
    values : array, shape (n,); NaN is a missing value.

    Raises
    ------
    ValueError
        As `judge`.
    """
    policy = watch.policy
    times, values = checked(times, values)
    wall = wall_seconds(times, policy.zone)
    why = np.full(values.shape, -1, dtype=np.int8)
    for reason, mask in _left_out(times, wall, values, watch, calendar).items():
        why[mask & (why < 0)] = UNSCORED.index(reason)
    known = np.where(why < 0, values, np.nan)
    first = first_of_each(wall)
    found = _scattered(detect(wall[first], known[first], watch.method, watch.season), first)
    found = applied(found, values, warmed_up(times, ~np.isnan(known), policy), policy)
    why[(why < 0) & np.isnan(found.score)] = UNSCORED.index(WARMING)
    return Judged(found, why)


def _left_out(
    times: Floats, wall: Floats, values: Floats, watch: Watch, calendar: Calendar
) -> dict[str, Mask]:
    """Return which points are taken as missing, by reason; the first that holds is told."""
    policy = watch.policy
    ours = replace(calendar, timezone=policy.zone, skip=policy.skip)
    found = {PLANNED: planned_gaps(times, calendar), SKIPPED: planned_gaps(times, ours)}
    if policy.holidays:
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
    whole = unready(len(where))
    for name in ("score", "expected", "lower", "upper", "ready"):
        getattr(whole, name)[where] = getattr(found, name)
    return whole
