"""The one clock of the service: every "now" comes from here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

log = logging.getLogger("wolfpack.exporter")
STEP = 3600.0
"""Seconds by which a clock that is set is told from one that is corrected a little."""
DOUBTED = 86400.0
"""Seconds for which a clock that was set is doubted."""


class Clock(Protocol):
    def now(self) -> float:
        """Return the time in epoch seconds."""
        ...

    def steady(self) -> bool:
        """Tell whether the time may be trusted so far that what is old by it is deleted."""
        ...


class SystemClock:
    """The machine's clock.

    Parameters
    ----------
    wall : epoch seconds; what a person or a wrong time server may set.
    running : seconds that nobody sets.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, running: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._running = wall, running
        self._apart = wall() - running()
        self._doubted_until = -1.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._wall()

    def steady(self) -> bool:
        """Tell whether the clock was not set by over an hour within the last day."""
        with self._lock:
            running = self._running()
            apart = self._wall() - running
            if abs(apart - self._apart) > STEP:
                log.warning(
                    "the clock was set by %.0f s; nothing is deleted from the ledger for a day, so that a wrong one "
                    "does no harm: set it right",
                    apart - self._apart,
                )
                self._doubted_until = running + DOUBTED
            self._apart = apart
            return running >= self._doubted_until


class ReplayClock:
    """A clock that stands until it is set, for replays of the past; it never goes back."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def steady(self) -> bool:
        return True

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
