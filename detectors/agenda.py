"""When which model is looked at: at the times of its schedule, and in between as often as its panes make worth it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from wolfpack.detectors.report import Report, Run
from wolfpack.spec import Calendar, Spec

REVISIONS = (300.0, 3600.0)
"""Shortest and longest time between two looks at a model that has its newest pane, in seconds: an eighth of a pane."""
BACK = 400
"""Planned gaps in a row that are looked behind for the last pane that was due."""


class Agenda:
    """The next look at each model; a model it does not know is looked at once.

    Parameters
    ----------
    interval : seconds between two looks at a model whose newest pane is awaited, or that failed.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next: dict[tuple[str, str], float] = {}

    def due(self, specs: Iterable[Spec], now: float) -> list[Spec]:
        """Return the models whose time has come, the one that waits longest first."""
        at = {(spec.project, spec.model): spec for spec in specs if spec.detect}
        self._next = {model: when for model, when in self._next.items() if model in at}
        # A look further away than the longest pause was set by a clock that has since been set back.
        longest = REVISIONS[1] + self._interval
        waiting = [model for model in at if not now < self._next.get(model, 0.0) <= now + longest]
        return [at[model] for model in sorted(waiting, key=lambda model: self._next.get(model, 0.0))]

    def note(self, specs: Iterable[Spec], report: Report, now: float) -> None:
        """Set the next look at each model that a cycle looked at."""
        calendars = {(spec.project, spec.model): spec.calendar for spec in specs}
        for run in report.runs:
            model = run.project, run.model
            self._next[model] = (
                self._next.get(model, 0.0)
                if run.missed
                else next_look(calendars[model], run, now, self._interval)
            )


def next_look(calendar: Calendar, run: Run, now: float, interval: float) -> float:
    """Return when a model is looked at again, epoch seconds, after a look at `now`.

    After an error, or while a pane that is due has not come: after the interval. Else at the next scheduled time, or
    earlier for tables that are corrected.
    """
    if run.faults or run.newest < last_due(calendar, now):
        return now + interval
    shortest, longest = REVISIONS
    revision = min(max(calendar.every.total_seconds() / 8, shortest, interval), longest)
    start = calendar.start(datetime.fromtimestamp(run.newest, UTC))  # the pane after the newest window
    scheduled = calendar.scheduled(start).timestamp()
    return min(now + revision, max(scheduled, now + interval))


def last_due(calendar: Calendar, now: float) -> float:
    """Return the end of the newest pane whose scheduled time has passed, planned gaps apart; 0 if there is none."""
    start = calendar.start(datetime.fromtimestamp(now, UTC))
    for _ in range(BACK):
        start = calendar.start(start - timedelta(seconds=1))
        if not calendar.skipped(start) and calendar.scheduled(start).timestamp() <= now:
            return calendar.end(start).timestamp()
    return 0.0
