"""Panes and due times: where event time is cut, and when a pane is expected.

Panes of whole days begin at local midnight (weeks on Monday), so a day of a clock change has 23 or 25
hours. Shorter panes divide the day and are counted from local midnight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

DAY = timedelta(days=1)
_MONDAY = date(1970, 1, 5)


@dataclass(frozen=True)
class Calendar:
    """The panes of one model.

    Parameters
    ----------
    every : length of a pane; whole days, or a part of a day that divides it.
    timezone : IANA name; where the days begin.
    schedule : five cron fields in that zone, when a pane is expected; None means at its end.
    grace : how long after that a pane may still come before it is late.
    skip : local dates that have no pane.
    """

    every: timedelta = DAY
    timezone: str = "UTC"
    schedule: str | None = None
    grace: timedelta = timedelta(hours=6)
    skip: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        whole, divides = self.every % DAY, DAY % self.every if self.every < DAY else timedelta(0)
        if (self.every >= DAY and whole) or divides:
            raise ValueError(f"every: {self.every} is neither whole days nor a part that divides one day")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def start(self, at: datetime) -> datetime:
        """Return the start (UTC) of the pane that contains `at` (aware)."""
        day = at.astimezone(self.zone).date()
        if self.every >= DAY:
            span = self.every // DAY
            return self._midnight(day - ((day - _MONDAY) % (span * DAY)))
        midnight = self._midnight(day)
        return midnight + (at.astimezone(UTC) - midnight) // self.every * self.every

    def end(self, start: datetime) -> datetime:
        """Return the end (UTC, exclusive) of the pane that begins at `start`."""
        day = start.astimezone(self.zone).date()
        if self.every >= DAY:
            return self._midnight(day + self.every // DAY * DAY)
        return min(start + self.every, self._midnight(day + DAY))

    def back(self, start: datetime, panes: int = 1) -> datetime:
        """Return the start of the pane `panes` before the one that begins at `start`."""
        while panes > 0:
            before = self.start(start - timedelta(seconds=1))
            # Within a day panes are counted, not visited: a window may have thousands.
            steps = min(panes - 1, self._place(before)) if self.every < DAY else 0
            start, panes = before - steps * self.every, panes - 1 - steps
        return start

    def after(self, start: datetime) -> Iterator[datetime]:
        """Yield the starts of the panes from the one at `start` on, without end."""
        while True:
            yield start
            start = self.end(start)

    def between(self, first: datetime, end: datetime) -> list[datetime]:
        """Return the starts of all panes from `first` up to `end`, exclusive."""
        starts = []
        for start in self.after(first):
            if start >= end:
                break
            starts.append(start)
        return starts

    def expected(self, first: datetime, end: datetime) -> int:
        """Return how many panes begin at first <= time < end (both starts of panes), planned gaps apart."""
        if self.skip or self.every >= DAY:
            return sum(not self.skipped(start) for start in self.between(first, end))
        count = 0
        while first < end:
            midnight = min(end, self._midnight(first.astimezone(self.zone).date() + DAY))
            count += -(-(midnight - first) // self.every)
            first = midnight
        return count

    def _place(self, start: datetime) -> int:
        """Return how many panes of its day are before the one that begins at `start`."""
        return (start - self._midnight(start.astimezone(self.zone).date())) // self.every

    def skipped(self, start: datetime) -> bool:
        """Tell whether the pane that begins at `start` is a planned gap: each of its days is skipped."""
        day, last = start.astimezone(self.zone).date(), self.end(start).astimezone(self.zone).date()
        if day == last:
            return day in self.skip
        return all(day + i * DAY in self.skip for i in range((last - day).days))

    def scheduled(self, start: datetime) -> datetime:
        """Return when (UTC) the pane that begins at `start` is expected: the first run at or after its end."""
        end = self.end(start)
        if self.schedule is None:
            return end
        local = (end - timedelta(minutes=1)).astimezone(self.zone)
        return next(CronSim(self.schedule, local)).astimezone(UTC)

    def due(self, start: datetime) -> datetime:
        """Return when (UTC) the pane that begins at `start` counts as late."""
        return self.scheduled(start) + self.grace

    def day(self, text: str) -> datetime:
        """Read an RFC 3339 time or a date; a naive one is in this calendar's zone.

        Raises
        ------
        ValueError
            If the text is neither.
        """
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no date or RFC 3339 time, as in '2013-05-01'") from None
        return at.replace(tzinfo=self.zone) if at.tzinfo is None else at
