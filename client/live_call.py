"""One call of a model while it is answered: what is known of it, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any

from wolfpack.client.call_rows import Answered

Current = ContextVar["LiveCall | None"]
"""The call of a monitor that is being answered in this thread or task, if any."""


class LiveCall:
    """A context manager around a call, ``with`` or ``async with``; set what is known of it in the block.

    Parameters
    ----------
    endpoint : what was called.
    inputs : a mapping, a list of them, a table, or with the monitor's `columns` plain sequences or arrays.
    prediction : a scalar or a mapping; for several rows as many of them, or a table.
    request_id : name of the call in the prediction log.
    failed : whether it failed; an exception of the block says so too, unless it stands for a status under 500.
    outlier, outlier_score : where the service itself asked an outlier model.
    """

    __slots__ = (
        "_began", "_current", "_keep", "_token", "claimed", "endpoint", "failed", "inputs", "outlier",
        "outlier_score", "prediction", "request_id",
    )  # fmt: skip

    def __init__(self, keep: Callable[[Answered], None], current: Current, endpoint: str) -> None:
        self._keep, self._current, self.endpoint = keep, current, endpoint
        self.claimed = False  # by a watched function: those that it calls are part of it
        self.inputs: Any = None
        self.prediction: Any = None
        self.request_id = ""
        self.failed = False
        self.outlier: bool | None = None
        self.outlier_score: float | None = None
        self._began = 0.0
        self._token: Token[LiveCall | None] | None = None

    def __enter__(self) -> LiveCall:
        self._token = self._current.set(self)
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._began
        if self._token is not None and self._current.get() is self:  # else a later call began before this one ended
            try:
                self._current.reset(self._token)
            except ValueError:  # left in another context than it was entered in, as generators may
                self._current.set(None)
        failed = self.failed or (error is not None and is_failure(error))
        if error is not None and not failed:
            self.inputs = self.prediction = None  # refused: there are no rows that the model answered
        self._keep((
            time.time(), seconds, self.endpoint, failed, copied(self.inputs), copied(self.prediction),
            self.request_id, self.outlier, self.outlier_score,
        ))  # fmt: skip

    async def __aenter__(self) -> LiveCall:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def take(self, inner: Answered) -> None:
        """Take the rows of a call that was part of this one, unless it failed."""
        if not inner[3]:
            self.add(inner[4], inner[5])
            if inner[7] is not None:
                self.outlier, self.outlier_score = inner[7], inner[8]

    def add(self, inputs: Any, prediction: Any) -> None:
        """Add rows to the call; a second time they are put behind the first."""
        if self.inputs is None and self.prediction is None:
            self.inputs, self.prediction = inputs, prediction
        else:
            self.inputs = [*_listed(self.inputs), *_listed(inputs)]
            self.prediction = [*_listed(self.prediction), *_listed(prediction)]


def copied(value: Any) -> Any:
    """Return a value that the service may go on to change; tables are taken as they are."""
    kind = type(value)
    if kind is dict or kind is list:
        return value.copy()
    return value.copy() if hasattr(value, "dtype") and hasattr(value, "ndim") else value


def is_failure(error: BaseException) -> bool:
    """Tell whether an error is the service's own: not a client's mistake (a status under 500), nor an end."""
    if not isinstance(error, Exception):
        return False
    status = getattr(error, "status_code", getattr(error, "code", 500))
    return not (isinstance(status, int) and 300 <= status < 500)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
