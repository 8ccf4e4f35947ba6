"""Brings a worker's parts to the exporter, in order, and never in the way of a call."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from wolfpack.client.failure import ServiceError
from wolfpack.client.live_terms import LiveTerms
from wolfpack.client.memory_spool import MemorySpool
from wolfpack.client.outbox import Outbox
from wolfpack.client.spool import Request, Spool, Spooled
from wolfpack.client.transport import Transport, new_key
from wolfpack.client.whole_file import write_whole
from wolfpack.stats.live_slice import LiveSlice

log = logging.getLogger("wolfpack.client")
LIVE = "application/vnd.apache.arrow.file"
PATIENCE = 5.0
"""Seconds to wait for another worker that sends from the same folder."""
TERMS_KEPT = 60.0
"""Seconds after which the terms are asked for again: how soon a new reference is counted on."""
LONGEST_WAIT = 6
"""Flushes that are left out at most, after several in a row that found the exporter away."""


class Courier:
    """Sends the parts of one worker; each gets the worker's name and the next number.

    Parameters
    ----------
    transport : what sends, each request once.
    project, model, version : whose calls they are.
    spool : where parts wait while the exporter is away.
    flush : seconds between two parts.
    clock : seconds that only grow.
    """

    def __init__(
        self,
        transport: Transport,
        project: str,
        model: str,
        version: str,
        spool: Spool | MemorySpool,
        flush: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox, self._spool, self._clock, self._flush = (
            Outbox(transport, spool, PATIENCE),
            spool,
            clock,
            flush,
        )
        self._transport = transport
        self._about = {"project": project, "model": model, "version": version}
        self._path = f"/api/v1/projects/{project}/models/{model}/live"
        self._kept = spool.folder / "live.json" if isinstance(spool, Spool) else None
        self.worker = worker_name()
        self.sequence = 0
        self.refused = 0
        self._terms: LiveTerms | None = None
        self._asked = -TERMS_KEPT
        self._failures = 0
        self._next = 0.0

    def look(self) -> Spooled:
        """Return what waits."""
        return self._spool.look()

    def terms(self) -> LiveTerms:
        """Return what was agreed last; asked for again every minute, and while it is not known at each call."""
        if self._terms is None or self._clock() - self._asked >= TERMS_KEPT:
            self._asked = self._clock()
            if not self._away():
                self._ask()
        return self._terms or self._known_before()

    def send(self, ended: float, found: LiveSlice, closing: bool = False) -> None:
        """Send a part whose last call ended then (epoch seconds), or have it wait."""
        self.sequence += 1
        params = {"at": _text(ended), "sequence": str(self.sequence)}
        self._deliver(params | ({"closing": "1"} if closing else {}), found.to_bytes())

    def beat(self, closing: bool = False) -> None:
        """Say that the worker is there, or that it ends, without a part; not kept while the exporter is away."""
        if closing or not self._away():
            params = {"at": _text(time.time()), "sequence": "0"} | ({"closing": "1"} if closing else {})
            try:
                request = self._request(params, b"")
                with self._spool.sending(PATIENCE):
                    self._spool.drain(lambda one: self._transport.send(**vars(one)))
                    self._transport.send(**vars(request))
                self._succeeded()
            except (ServiceError, TimeoutError) as error:
                self._failed(error)

    def _deliver(self, params: dict[str, str], body: bytes) -> None:
        request = self._request(params, body)
        try:
            if self._away() and "closing" not in params:
                self._spool.put(request)
                return
            answer = self._outbox.send(**vars(request))
            if isinstance(answer, dict) and answer.get("spooled"):
                self._failed(None)
            else:
                self._succeeded()
        except (ServiceError, OSError, ValueError) as error:
            self.refused += 1
            self._failed(error)

    def _request(self, params: dict[str, str], body: bytes) -> Request:
        query = {**self._about, "worker": self.worker, **params}
        return Request("POST", "/api/v1/live", query, body, LIVE, new_key())

    def _ask(self) -> None:
        try:
            answer = self._transport.get(self._path)
            self._terms = LiveTerms.from_dict(answer)
            if self._kept is not None:
                _keep(self._kept, json.dumps(answer).encode())
        except (ServiceError, ValueError, OSError) as error:
            log.warning("the terms of %s are not known: %s", self._path, error)

    def _known_before(self) -> LiveTerms:
        """Return the terms that were kept in the spool's folder, else what holds for most models."""
        if self._kept is not None:
            try:
                return LiveTerms.from_dict(json.loads(self._kept.read_bytes()))
            except (OSError, ValueError):
                pass
        return LiveTerms()

    def _away(self) -> bool:
        return self._clock() < self._next

    def _succeeded(self) -> None:
        self._failures, self._next = 0, 0.0

    def _failed(self, error: Exception | None) -> None:
        """Leave out one flush, then two, four, …: an exporter that is away is not asked at each."""
        if error is not None:
            log.warning("a part of worker %s could not be sent: %s", self.worker, error)
        left_out = min(2**self._failures - 1, LONGEST_WAIT)
        self._failures += 1
        self._next = self._clock() + left_out * self._flush


def worker_name() -> str:
    """Return a name that no other process has, nor this one after a fork."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid4().hex[:8]}"


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _keep(file: Path, data: bytes) -> None:
    if not file.exists() or file.read_bytes() != data:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            write_whole(file, data)
