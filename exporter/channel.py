"""Connections of the server: whole requests in time, and what is wrong with one said as JSON, as everywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask

from wolfpack.exporter.problems import Problem

PATIENCE = 120
"""Seconds in which a request must have come as a whole, and after which a connection that is silent is closed."""
CONNECTIONS = 1000
"""Connections that are open at once; further ones wait until one is closed."""


class ProblemTask(ErrorTask):
    """Answers a request that could not be read."""

    def execute(self) -> None:
        error: Any = self.request.error  # type: ignore[attr-defined]  # the types take it for the error itself
        problem = Problem(error.code, error.reason, f"{error.body}; the connection is closed", "request")
        body = json.dumps(problem.to_dict()).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [*self.response_headers, ("Content-Type", "application/problem+json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """A connection that does not live by sending a byte now and then: the server counts from a request's first one."""

    error_task_class = ProblemTask
    _begun = 0.0

    def received(self, data: bytes) -> bool:
        before = self.request
        taken = bool(super().received(data))
        if self.request is not None:
            if self.request is not before:
                self._begun = time.time()
            self.last_activity = self._begun
        return taken


def use_channels(servers: Iterable[Any]) -> None:
    """Have servers open their connections so."""
    for one in servers:
        if isinstance(one, BaseWSGIServer):
            one.channel_class = Channel
