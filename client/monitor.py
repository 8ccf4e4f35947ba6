"""Monitoring of a live model in three lines of any Python service.

::

    from wolfpack.client.monitor import Monitor
    monitor = Monitor("http://exporter:9906", project="flowers", model="iris", version="3")

    @monitor.watch
    def predict(inputs): ...

Each call is counted with its latency and outcome; its inputs (the first argument) and prediction (what is returned) go
to a buffer. A thread of its own profiles them in slices, asks the outlier model, and sends what it has every few
seconds to ``live:`` of the model's spec. A call waits for none of that, and no failure of it reaches the service.

An outlier model is any object with ``score(rows: pa.Table) -> Scored`` (`wolfpack.client.outliers`)::

    Monitor(..., outliers=scorer)
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, overload

from wolfpack.client.call_log import CallLog, CallWriter
from wolfpack.client.call_rows import Answered
from wolfpack.client.courier import Courier
from wolfpack.client.live_call import Current, LiveCall, copied
from wolfpack.client.live_worker import LiveWorker
from wolfpack.client.memory_spool import LIMIT, MemorySpool
from wolfpack.client.middleware import AsgiApp, AsgiMiddleware, WsgiApp, WsgiMiddleware
from wolfpack.client.outliers import OutlierScorer
from wolfpack.client.slicing import Slicer
from wolfpack.client.spool import Spool
from wolfpack.client.transport import HttpTransport, Transport
from wolfpack.client.watched import Pick, watched
from wolfpack.spec.vocabulary import NAME, check_label

log = logging.getLogger("wolfpack.client")
TIMEOUT = (2.0, 5.0)
"""Seconds to connect and to wait for an answer: the thread must be back before the buffer is full."""
BUFFER = 20_000
"""Calls that the buffer holds: 40 MB of 20 inputs each, and ten seconds of 2,000 calls a second."""
ENDPOINTS = 50
"""Endpoints that are told apart; others are counted together."""
OTHERS = "__other__"
P = ParamSpec("P")
R = TypeVar("R")


class Monitor:
    """Watches the calls of one version of a model, in every process of a service.

    Make it where the service starts, also before it forks: each process starts a thread of its own with its first
    call. Parts of a process are named by its worker name and a number.

    Parameters
    ----------
    url : address of the exporter; None: nothing is sent, for a developer's machine or a log alone.
    project, model, version : whose calls they are; the model's spec needs ``live: {}``.
    token : bearer token with write and read scope on the project.
    outliers : an outlier model, asked in the monitor's thread.
    columns : names of the inputs where they come as plain sequences or arrays.
    log : where each call is written as a line; None: nowhere.
    flush : seconds between two parts, and what a killed process loses at most.
    buffer : calls that wait to be profiled; beyond it calls are dropped and counted.
    spool : a folder for parts while the exporter is away, shared by all processes; None: in memory.
    spool_limit : bytes that they may take.
    transport : replaces HTTP, for tests.

    Raises
    ------
    ValueError
        If a name is none. Later no method raises: what goes wrong is logged by `wolfpack.client`.
    """

    def __init__(
        self,
        url: str | None,
        *,
        project: str,
        model: str,
        version: str = "0",
        token: str | None = None,
        outliers: OutlierScorer | None = None,
        columns: Sequence[str] | None = None,
        log: CallLog | None = None,
        flush: float = 5.0,
        buffer: int = BUFFER,
        spool: str | os.PathLike[str] | None = None,
        spool_limit: int = LIMIT,
        transport: Transport | None = None,
    ) -> None:
        for what, name in (("project", project), ("model", model), ("version", version)):
            if not NAME.fullmatch(name):
                raise ValueError(f"{what}: {name!r} is no name; letters, digits, '.', '_', '-', 64 at most")
        if flush <= 0 or buffer < 1:
            raise ValueError(f"flush={flush!r}, buffer={buffer!r}: both must be more than 0")
        self._url, self._token, self._transport = url, token, transport
        self.project, self.model, self.version = project, model, version
        self._outliers, self._columns, self._log = outliers, columns, log
        self._flush, self._buffer = flush, buffer
        self._folder = None if spool is None else Path(spool) / project / model / "live"
        self._spool_limit = spool_limit
        self._worker: LiveWorker | None = None
        self._starting = threading.Lock()
        self._endpoints: dict[str, str] = {}
        self._current: Current = ContextVar(f"call of {project}/{model}", default=None)
        _all.add(self)

    @overload
    def watch(self, function: Callable[P, R]) -> Callable[P, R]: ...
    @overload
    def watch(
        self,
        function: None = None,
        *,
        endpoint: str | None = None,
        inputs: Pick | None = None,
        prediction: Callable[[Any], Any] | None = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def watch(
        self,
        function: Callable[..., Any] | None = None,
        *,
        endpoint: str | None = None,
        inputs: Pick | None = None,
        prediction: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Watch a function, sync or async. Within a request of the middleware only its rows are added to that.

        Parameters
        ----------
        endpoint : what its calls are told apart by; default its name.
        inputs : returns the inputs from the function's own arguments; default: the first of them, after `self`.
        prediction : returns the prediction from what the function returns; default: all of it.
        """

        def its(function: Callable[..., Any]) -> Any:
            return watched(self._begin, self._current, function, endpoint, inputs, prediction)

        return its if function is None else its(function)

    def call(self, endpoint: str = "predict") -> LiveCall:
        """Return a context manager around a call: set its `inputs` and `prediction` in the block."""
        return self._begin(endpoint)

    def record(self, inputs: Any, prediction: Any = None, *, endpoint: str = "predict") -> None:
        """Add rows to the call that is being answered; without one they are counted as rows of no call."""
        call = self._current.get()
        if call is not None:
            call.add(copied(inputs), copied(prediction))
        else:
            name = self._endpoint(endpoint)
            self._keep((time.time(), None, name, False, copied(inputs), copied(prediction), "", None, None))

    def wsgi(self, app: WsgiApp, paths: Collection[str] | None = None) -> WsgiMiddleware:
        """Return a WSGI application in which every request, or those to `paths`, is a call."""
        return WsgiMiddleware(app, self._begin, self._endpoint, paths)

    def asgi(self, app: AsgiApp, paths: Collection[str] | None = None) -> AsgiMiddleware:
        """Return an ASGI application in which every request, or those to `paths`, is a call."""
        return AsgiMiddleware(app, self._begin, self._endpoint, paths)

    def flush(self) -> None:
        """Profile and send what this process has now; for tests, and at the end of a script."""
        if self._worker is not None:
            self._worker.flush()

    def close(self) -> None:
        """Send the rest, and the part that says that this process has ended; done at its end by itself."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    @property
    def dropped(self) -> int:
        """Calls of this process that were not profiled, for want of room or because they could not be."""
        return 0 if self._worker is None else self._worker.dropped

    def _keep(self, call: Answered) -> None:
        try:
            (self._worker or self._start()).keep(call)
        except Exception:
            log.exception("a call could not be kept; the service goes on")

    def _begin(self, endpoint: str = "") -> LiveCall:
        name = self._endpoints.get(endpoint) or self._endpoint(endpoint)
        return LiveCall(self._keep, self._current, name)

    def _endpoint(self, name: str) -> str:
        """Return the endpoint as it is counted; beyond so many all are one."""
        if not name:
            return name  # of a request, which is named when it is over
        if name not in self._endpoints and len(self._endpoints) >= ENDPOINTS:
            return OTHERS
        try:
            check_label(name)
        except ValueError:
            return OTHERS
        return self._endpoints.setdefault(name, name)

    def _start(self) -> LiveWorker:
        with self._starting:
            if self._worker is None:
                worker = LiveWorker(
                    Slicer(self._outliers, self._columns),
                    self._courier(),
                    self._writer(),
                    self._flush,
                    self._buffer,
                )
                worker.start()
                self._worker = worker
            return self._worker

    def _courier(self) -> Courier | None:
        if self._transport is None and self._url is None:
            return None
        transport = self._transport or HttpTransport(
            self._url or "", self._token, retry_for=0, timeout=TIMEOUT
        )
        spool = (
            MemorySpool(self._spool_limit) if self._folder is None else Spool(self._folder, self._spool_limit)
        )
        return Courier(transport, self.project, self.model, self.version, spool, self._flush)

    def _writer(self) -> CallWriter | None:
        return None if self._log is None else self._log.opened(self.model, self.version)

    def _forked(self) -> None:
        """Begin anew in a child: threads do not survive a fork, and what is in the buffer is the parent's."""
        self._worker, self._starting = None, threading.Lock()


_all: weakref.WeakSet[Monitor] = weakref.WeakSet()


def _after_fork() -> None:
    for monitor in list(_all):
        monitor._forked()


@atexit.register
def _at_exit() -> None:
    for monitor in list(_all):
        monitor.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
