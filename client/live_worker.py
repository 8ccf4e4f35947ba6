"""The part of a monitor that belongs to one process: the buffer that calls go to, and the thread that empties it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from wolfpack.client.call_rows import Answered
from wolfpack.client.courier import Courier
from wolfpack.client.slicing import Slicer, Taken, merged
from wolfpack.stats.call_counts import LiveCounts
from wolfpack.stats.live_slice import LiveSlice

log = logging.getLogger("wolfpack.client")
TICK = 0.2
"""Seconds between looks at the buffer."""
SLICE = 8_000
"""Calls that are profiled together: a tiny batch costs as much as some thousand rows."""
BEAT = 15.0
"""Seconds after which a worker without calls says that it is there; after a minute it would count as lost."""
CLOSING = 5.0
"""Seconds that the end of a process waits for the thread."""


class TakenLog(Protocol):
    """What writes calls down: a prediction log."""

    def write(self, taken: Taken) -> None:
        """Write the calls of a slice; an error is the log's own affair."""
        ...


class LiveWorker:
    """Keeps calls, profiles them in slices, and has them sent every few seconds.

    Parameters
    ----------
    slicer, courier, writer : what profiles, what sends, and what writes a log, if anything does.
    flush : seconds between two parts.
    limit : calls that the buffer holds; those that come while it is full are dropped and counted.
    """

    def __init__(
        self,
        slicer: Slicer,
        courier: Courier | None,
        writer: TakenLog | None,
        flush: float,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slicer, self._courier, self._writer = slicer, courier, writer
        self._flush, self._limit, self._clock = flush, limit, clock
        self.calls: deque[Answered] = deque()
        self.dropped = self._told = 0
        self._slices: list[tuple[float, LiveSlice]] = []
        self._sent = self._beat = clock()
        self._turn = threading.Lock()
        self._drop = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="wolfpack-monitor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def keep(self, call: Answered) -> None:
        """Keep a call, or count it as dropped; never waits for the thread."""
        if len(self.calls) < self._limit:
            self.calls.append(call)
        else:
            with self._drop:
                self.dropped += 1

    def flush(self) -> None:
        """Profile and send what is here now."""
        with self._turn:
            self._empty()
            self._send()

    def close(self) -> None:
        """Stop the thread, and send the rest with the worker's closing part."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(CLOSING)
        if self._turn.acquire(timeout=CLOSING):
            try:
                self._empty()
                self._send(closing=True)
            finally:
                self._turn.release()

    def _work(self) -> None:
        if self._courier is not None:
            self._guarded(self._courier.beat)
        while not self._stop.wait(TICK):
            due = self._clock() - self._sent >= self._flush
            if due or len(self.calls) >= SLICE:
                with self._turn:
                    self._guarded(self._empty)
                    if due:
                        self._guarded(self._send)
            elif self._courier is not None and self._clock() - self._beat >= BEAT:
                self._beat = self._clock()
                self._guarded(self._courier.beat)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception:
            log.exception("the monitor failed; the service goes on, and so does the monitor")

    def _empty(self) -> None:
        """Profile what the buffer holds."""
        for _ in range(len(self.calls) // SLICE + 1):
            count = min(SLICE, len(self.calls))
            some = [self.calls.popleft() for _ in range(count)]
            if some:
                self._take(some)

    def _take(self, calls: list[Answered]) -> None:
        terms = self._courier.terms() if self._courier is not None else None
        try:
            taken = self._slicer.take(calls, terms)
        except Exception:
            with self._drop:
                self.dropped += len(calls)
            raise
        for one in taken:
            if self._writer is not None:
                self._writer.write(one)
        if self._courier is not None:
            self._slices += [(one.ended, one.slice) for one in taken]

    def _send(self, closing: bool = False) -> None:
        """Send a part for each pane, the last with what was dropped; without any, now and then a sign of life."""
        self._sent = self._clock()
        if self._courier is None:
            return
        parts, self._slices = merged(self._slices, self._courier.terms()), []
        dropped, self._told = self.dropped - self._told, self.dropped
        if dropped:
            ended = parts[-1][0] if parts else time.time()
            parts.append((ended, LiveSlice(LiveCounts(dropped=dropped))))
        for place, (ended, one) in enumerate(parts):
            self._courier.send(ended, one, closing and place == len(parts) - 1)
        if parts:
            self._beat = self._sent
        elif closing:
            self._courier.beat(closing)
