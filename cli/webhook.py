"""A receiver of Alertmanager's webhooks that keeps what it got, for the demo and the tests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One alert of one notification: the path it was sent to, its status and labels."""

    path: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    at: float


@dataclass
class Webhook:
    """The notifications so far; `prometheus` is the address of the server they come from, once it runs."""

    url: str
    prometheus: str = ""
    received: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, wanted: Callable[[Received], bool], seconds: float) -> Received | None:
        """Return the first alert received that is wanted, waiting for it; None when the time is over."""
        until = time.monotonic() + seconds
        with self.changed:
            while True:
                for one in self.received:
                    if wanted(one):
                        return one
                if not self.changed.wait(max(0.0, until - time.monotonic())):
                    return None

    def take(self, path: str, data: dict[str, Any]) -> None:
        with self.changed:
            for alert in data.get("alerts", []):
                self.received.append(
                    Received(path, alert["status"], alert["labels"], alert["annotations"], time.time())
                )
            self.changed.notify_all()


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Listen on a free loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.take(self.path, json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the notifications are what is looked at."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Webhook(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
