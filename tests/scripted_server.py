"""A real HTTP server that misbehaves as told: statuses, lost answers, slow answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOST = "lost"
"""The request is taken and the connection closed without an answer."""
SLOW = "slow"
"""No answer for longer than the client waits."""


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"rows": 1}'


@dataclass
class Scripted:
    """Answers by the script, then always the last line of it; keeps what came."""

    script: list[Answer | str]
    url: str = ""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def header(self, name: str) -> list[str | None]:
        return [headers.get(name) for _, _, headers, _ in self.requests]

    def next(self) -> Answer | str:
        return self.script[min(len(self.requests), len(self.script)) - 1]


@contextmanager
def scripted(*script: Answer | str | int) -> Iterator[Scripted]:
    """Serve on a free loopback port until the block ends; a number stands for an answer of this status."""
    its = Scripted([Answer(one) if isinstance(one, int) else one for one in script])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            its.requests.append((self.command, self.path, dict(self.headers), body))
            what = its.next()
            if what == SLOW:
                its.done.wait(10)
            if isinstance(what, str):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(what.status)
            for name, value in {"Content-Length": str(len(what.body)), **what.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(what.body)

        do_GET = do_POST = do_PUT = handle_one  # noqa: N815  # http.server's own names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    its.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield its
    finally:
        its.done.set()
        server.shutdown()
        thread.join()
        server.server_close()


def problem(status: int, title: str, detail: str = "no", **headers: str) -> Answer:
    """Return a refusal in the exporter's form."""
    body = json.dumps({"type": "wolfpack:x", "title": title, "detail": detail, "where": ""}).encode()
    return Answer(status, headers, body)


def paths(requests: Sequence[tuple[str, str, dict[str, str], bytes]]) -> list[str]:
    return [path for _, path, _, _ in requests]
