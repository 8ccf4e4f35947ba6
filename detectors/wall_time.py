"""Local time as a number: what the clock on the wall showed, in seconds.

A daily cycle follows that clock, so seasons are counted on it; a day of a clock change has a missing hour or one twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats

DAY = 86_400.0
QUARTER = 900.0
"""Clocks have been changed at whole quarters of an hour since 1972."""
FARTHEST = 5.0e10
"""Seconds from 1970 that a date can be told of, either way: the years 386 to 3554."""


def wall_seconds(times: Floats, zone: str) -> Floats:
    """Return local time in seconds since local 1970.

    Parameters
    ----------
    times : array, shape (n,); seconds since the epoch, finite.
    zone : IANA name.

    Raises
    ------
    ValueError
        If a time is too far off to be a date.
    """
    far = np.flatnonzero(np.abs(times) > FARTHEST)
    if far.size:
        raise ValueError(
            f"times[{far[0]}]: {float(times[far[0]])!r} is no date; give seconds since the epoch"
        )
    if zone == "UTC" or not len(times):
        return times
    days, place = np.unique(np.floor(times / DAY), return_inverse=True)
    info = ZoneInfo(zone)
    begins, ends = _offsets(days * DAY, info), _offsets((days + 1) * DAY, info)
    offset = begins[place]
    changing = np.flatnonzero((begins != ends)[place])
    quarters, where = np.unique(np.floor(times[changing] / QUARTER), return_inverse=True)
    offset[changing] = _offsets(quarters * QUARTER, info)[where]
    return times + offset


def first_of_each(wall: Floats) -> NDArray[np.bool_]:
    """Return whether the clock showed a later time than ever before: false in an hour that a change repeats."""
    before = np.concatenate([[-np.inf], np.maximum.accumulate(wall)[:-1]]) if len(wall) else wall
    return wall > before


def on_days(wall: Floats, days: frozenset[date]) -> NDArray[np.bool_]:
    """Return whether each local time lies on one of these days."""
    numbers = [day.toordinal() - date(1970, 1, 1).toordinal() for day in days]
    return np.isin(np.floor(wall / DAY), numbers)


def years(wall: Floats) -> range:
    """Return the years from the first local time to the last."""
    if not len(wall):
        return range(0)
    first, last = (datetime.fromtimestamp(float(end), UTC).year for end in (wall.min(), wall.max()))
    return range(first, last + 1)


def _offsets(times: Floats, zone: ZoneInfo) -> Floats:
    moments = (datetime.fromtimestamp(float(at), zone) for at in times)
    return np.array([at.utcoffset().total_seconds() for at in moments])  # type: ignore[union-attr]  # aware
