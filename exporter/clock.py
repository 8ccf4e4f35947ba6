"""The one clock of the service: every "now" comes from here."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Return the time in epoch seconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()


class ReplayClock:
    """A clock that stands until it is set, for replays of the past; it never goes back."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def set(self, now: float) -> None:
        """Move the clock.

        Raises
        ------
        ValueError
            If `now` is before the time it shows.
        """
        if now < self._now:
            raise ValueError(
                f"now: {utc(now).isoformat()} is before the clock's {utc(self._now).isoformat()}; "
                "a replay only moves forward"
            )
        self._now = now


def utc(seconds: float) -> datetime:
    """Return epoch seconds as an aware time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
