"""When the next pane of a role counts as late."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wolfpack.spec import Calendar, Spec

DAY = timedelta(days=1)


def expected_roles(spec: Spec) -> list[str]:
    """Return the roles that a spec makes a team send."""
    return ["input"] + ["prediction"] * (spec.prediction is not None) + ["label"] * (spec.label is not None)


def due(
    calendar: Calendar,
    first: datetime,
    received: Collection[int],
    now: datetime,
    given_up: timedelta,
    extra: timedelta,
) -> datetime:
    """Return when the oldest missing pane is late: its scheduled time plus grace plus `extra`.

    Parameters
    ----------
    first : start of the first pane that was ever expected.
    received : starts (epoch seconds) of the panes that came.
    given_up : panes that ended longer ago than this are no longer waited for.
    extra : what this role takes longer, as labels do to mature.
    """
    return calendar.due(oldest_missing(calendar, first, received, now - given_up)) + extra


def oldest_missing(
    calendar: Calendar, first: datetime, received: Collection[int], oldest: datetime
) -> datetime:
    """Return the start of the first pane from `first` on that has not come, is no planned gap and ends at `oldest`
    or later.

    A day is looked at as a whole, so panes of a minute cost little more than panes of a day.
    """
    came = np.append(
        np.sort(np.fromiter(received, dtype=np.int64, count=len(received))), np.iinfo(np.int64).max
    )
    for starts, ends in _days(calendar, calendar.start(first)):
        missing = (came[np.searchsorted(came, starts)] != starts) & (ends >= oldest.timestamp())
        if missing.any() and not calendar.skipped(_utc(starts[0])):
            return _utc(starts[missing.argmax()])
    raise AssertionError("days never end")


def _days(calendar: Calendar, first: datetime) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield starts and ends (epoch seconds) of the panes of one local day after the other; longer panes alone."""
    days = calendar if calendar.every >= DAY else replace(calendar, every=DAY)
    every = int(calendar.every.total_seconds())
    for day in days.after(days.start(first)):
        begin, end = int(day.timestamp()), int(days.end(day).timestamp())
        starts = np.array([begin]) if days is calendar else np.arange(begin, end, every)
        starts = starts[starts >= int(first.timestamp())]
        yield starts, np.append(starts[1:], end)


def _utc(start: np.int64) -> datetime:
    return datetime.fromtimestamp(int(start), UTC)
