"""Runs of panes that are merged as one: where a day of panes is cut, so that windows share what is merged.

A window over n short panes is the merge of at most about 2 f log_f(n) runs, f being the step of the ladder,
and the next window shares all but a few of them: the aligned blocks of a segment tree. Where a run lies depends
on the clock alone, never on what was merged before, so that a window has one result however it was come by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from wolfpack.spec import Calendar

DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
STEP = 4
"""Runs of one size that make one of the next, where the numbers allow it."""


@dataclass(frozen=True)
class Run:
    """Neighbouring panes of one local day: from `start` up to `end` (epoch seconds), on a rung of the ladder."""

    start: int
    end: int
    rung: int


@lru_cache(maxsize=64)
def rungs(every: timedelta) -> tuple[int, ...]:
    """Return the sizes of runs in panes, each dividing the next; one size for panes of a day or longer.

    Examples
    --------
    >>> rungs(timedelta(minutes=1))
    (1, 4, 12, 60, 240, 480, 1440)
    """
    if every >= DAY:
        return (1,)
    hour = panes_of_an_hour(every)
    sizes = [1]
    for whole in (hour, DAY // every // hour):
        while whole > 1:
            step = next(one for one in (STEP, *range(2, whole + 1)) if whole % one == 0)
            sizes.append(sizes[-1] * step)
            whole //= step
    return tuple(sizes)


@lru_cache(maxsize=64)
def panes_of_an_hour(every: timedelta) -> int:
    """Return the panes of the shortest run of an hour or longer that divides the day."""
    return next(
        panes for panes in range(1, DAY // every + 1) if panes * every >= _HOUR and DAY // every % panes == 0
    )


def runs(calendar: Calendar, first: datetime, end: datetime) -> list[Run]:
    """Return the fewest runs that cover the panes from `first` up to `end`, both where panes begin, in order."""
    if calendar.every >= DAY:
        return [_run(pane, calendar.end(pane), 0) for pane in calendar.between(first, end)]
    sizes, found = rungs(calendar.every), []
    for midnight, after in _days(calendar, first, end):
        place = -(-(max(first, midnight) - midnight) // calendar.every)
        while (begin := midnight + place * calendar.every) < min(end, after):
            rung = max(
                rung
                for rung, size in enumerate(sizes)
                if not rung or (place % size == 0 and min(begin + size * calendar.every, after) <= end)
            )
            place += sizes[rung]
            found.append(_run(begin, min(midnight + place * calendar.every, after), rung))
    return found


def below(run: Run, every: timedelta) -> list[Run]:
    """Return the runs of the next smaller size that a run is merged from; a pane has none."""
    if not run.rung:
        return []
    step = rungs(every)[run.rung - 1] * int(every.total_seconds())
    return [Run(at, min(at + step, run.end), run.rung - 1) for at in range(run.start, run.end, step)]


def hours(calendar: Calendar, first: datetime, end: datetime) -> list[Run]:
    """Return the runs of an hour, or a little more where panes do not divide it, that lie from `first` to `end`."""
    rung = rungs(calendar.every).index(panes_of_an_hour(calendar.every))
    found: list[Run] = []
    for midnight, after in _days(calendar, first, end):
        step = rungs(calendar.every)[rung] * calendar.every
        starts = (midnight + place * step for place in range(-(-(after - midnight) // step)))
        found += [_run(at, min(at + step, after), rung) for at in starts]
    return [run for run in found if run.start >= first.timestamp() and run.end <= end.timestamp()]


def _days(calendar: Calendar, first: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return begin and end of each local day that has a part of first <= time < end."""
    days = Calendar(DAY, calendar.timezone)
    return [(day, days.end(day)) for day in days.between(days.start(first), end)]


def _run(start: datetime, end: datetime, rung: int) -> Run:
    return Run(int(start.timestamp()), int(end.timestamp()), rung)
