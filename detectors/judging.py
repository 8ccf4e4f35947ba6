"""What is said of one series: the finding on its newest window, or why there is none."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.contract import detect
from wolfpack.detectors.detection import Floats
from wolfpack.detectors.memory import Track
from wolfpack.detectors.sink import Finding
from wolfpack.detectors.watch import Watch
from wolfpack.spec import Calendar

WARMING, NO_VALUE, PLANNED = "warming up", "no value", "planned gap"


def judge(track: Track, watch: Watch, calendar: Calendar) -> tuple[Finding, str | None]:
    """Return the finding on the newest window of a series of one point or more, and why it has no score.

    Values of planned gaps are taken as missing: neither scored nor learnt.

    Raises
    ------
    ValueError
        If the points are malformed or out of order, or the season does not fit them.
    """
    if track.fault:
        raise ValueError(track.fault)
    planned = planned_gaps(track.times, calendar)
    found = detect(track.times, np.where(planned, np.nan, track.values), watch.method, watch.season)
    numbers = [float(array[-1]) for array in (found.score, found.expected, found.lower, found.upper)]
    finding = Finding(watch.identity(track.labels), track.newest, bool(found.ready[-1]), *numbers)
    if not math.isnan(finding.score):
        return finding, None
    return finding, PLANNED if planned[-1] else NO_VALUE if math.isnan(track.values[-1]) else WARMING


def planned_gaps(ends: Floats, calendar: Calendar) -> NDArray[np.bool_]:
    """Return whether the pane that ends with each window is a planned gap."""
    if not calendar.skip:
        return np.zeros(len(ends), dtype=bool)
    last = [datetime.fromtimestamp(end, UTC) - timedelta(seconds=1) for end in ends]
    return np.array([calendar.skipped(calendar.start(at)) for at in last], dtype=bool)
