"""Requests that wait in memory: as `Spool`, for services without a folder; gone with their process."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wolfpack.client.failure import ServiceError
from wolfpack.client.spool import REFUSED, Request, Spooled

log = logging.getLogger("wolfpack.client")
LIMIT = 16 * 1024 * 1024
"""Bytes of bodies: an hour of a worker whose parts of 20 columns are 20 KB, sent every five seconds."""


class MemorySpool:
    """Requests in the order they came.

    Parameters
    ----------
    limit : bytes that their bodies may have together; beyond it the oldest are dropped and counted.
    """

    folder = "in memory"

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._waiting: deque[Request] = deque()
        self._size = self._refused = self._dropped = 0
        self._lock = threading.Lock()

    def look(self) -> Spooled:
        """Return what is there now; a refused request is counted and not kept."""
        return Spooled(len(self._waiting), self._refused, self._dropped)

    def put(self, request: Request) -> None:
        """Keep a request behind all others.

        Raises
        ------
        ValueError
            If it alone is larger than the spool may be.
        """
        size = len(request.body)
        if size > self.limit:
            raise ValueError(f"a request of {size} bytes is larger than the limit of {self.limit}")
        while self._waiting and self._size + size > self.limit:
            self._pop()
            self._dropped += 1
        self._waiting.append(request)
        self._size += size

    @contextmanager
    def sending(self, seconds: float) -> Iterator[None]:
        """Hold the right to send, which one thread has at a time; wait for it so long.

        Raises
        ------
        TimeoutError
            If another one is still sending.
        """
        if not self._lock.acquire(timeout=seconds):
            raise TimeoutError("another thread is sending")
        try:
            yield
        finally:
            self._lock.release()

    def drain(self, send: Callable[[Request], object]) -> None:
        """Send what waits, the oldest first; what is refused for what it is, is dropped with a warning.

        Raises
        ------
        ServiceError
            If the exporter is still away, or refuses all alike; what was not sent stays.
        """
        while self._waiting:
            try:
                send(self._waiting[0])
            except ServiceError as error:
                if error.status not in REFUSED:
                    raise
                self._refused += 1
                log.warning("a request that waited is refused and dropped: %s", error)
            self._pop()

    def _pop(self) -> None:
        self._size -= len(self._waiting.popleft().body)
