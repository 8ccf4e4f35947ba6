"""How much is worked on at once: places for requests that are let in, turns for those that use the processor.

What is let in waits for its turn in the order in which it came; what finds no place is told to come again. So memory
is bounded, and threads are left for the metrics page, whatever is sent.
"""

from __future__ import annotations

import os
import threading
from collections import deque

from wolfpack.exporter.problems import Problem

WRITES = 64
"""Writes that are let in at once: fifty clients that send one after the other, and some to spare."""
BYTES = 256 * 1024 * 1024
"""Bytes of bodies that are let in at once, as they were sent: four of the largest."""
READS = 8
"""Reads of the API and of pages that are let in at once."""
RETRY_AFTER = 1
"""Seconds after which a client may come again; ours adds a random backoff to it."""


class Busy(Problem):
    """Catch this when there is no place; the answer is 429."""

    def __init__(self, what: str) -> None:
        super().__init__(
            429,
            "Too busy",
            f"{what} at once are as many as this exporter takes; send it again in {RETRY_AFTER} s",
            "pool",
        )


class Places:
    """So many at once, of so many bytes together; the rest is turned away."""

    def __init__(self, most: int, size: int, what: str) -> None:
        self._most, self._size, self._what = most, size, what
        self._lock = threading.Lock()
        self._taken = self._bytes = 0

    @property
    def taken(self) -> int:
        return self._taken

    def enter(self, size: int = 0) -> None:
        """Take a place; raises Busy if there is none, or if so many bytes are too many now."""
        with self._lock:
            if self._taken >= self._most:
                raise Busy(f"{self._most} {self._what}")
            if self._taken and self._bytes + size > self._size:
                raise Busy(f"{self._what} of {self._size} bytes")
            self._taken += 1
            self._bytes += size

    def leave(self, size: int = 0) -> None:
        with self._lock:
            self._taken -= 1
            self._bytes -= size


class Turns:
    """So many at a time, each in its turn: who comes later never overtakes."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._free = most
        self._waiting: deque[threading.Event] = deque()

    def take(self) -> None:
        """Wait for a turn."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def give(self) -> None:
        """Hand the turn to the next one."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Pool:
    """The places and turns of one exporter."""

    def __init__(self, writes: int = WRITES, size: int = BYTES, reads: int = READS) -> None:
        self.writes = Places(writes, size, "writes")
        self.reads = Places(reads, size, "reads")
        self.turns = Turns(max(2, len(os.sched_getaffinity(0))))
