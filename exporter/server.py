"""Serving the application: waitress, one process, threads; safe addresses only."""

from __future__ import annotations

import ipaddress
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from waitress.server import create_server

from wolfpack.exporter.app import create_app
from wolfpack.exporter.channel import CONNECTIONS, PATIENCE, use_channels
from wolfpack.exporter.encoded import MAX_BODY
from wolfpack.exporter.pool import READS, WRITES
from wolfpack.exporter.service import Service
from wolfpack.spec import WolfpackError

SPARE = 8
"""Threads beside those that requests may fill which the pool lets in: for scrapes, and to say no to the others."""


def parse_listen(text: str) -> tuple[str, int]:
    """Read ``HOST:PORT``.

    Raises
    ------
    WolfpackError
        If it has another form.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise WolfpackError(f"--listen {text!r}: write HOST:PORT, as in 127.0.0.1:9906")
    return host.strip("[]"), int(port)


def check_address(host: str, tokens: bool, replay: bool) -> None:
    """Refuse what would leave the service open, or make its metrics wrong.

    Raises
    ------
    WolfpackError
        For a non-loopback address without tokens or in a replay, and in prometheus-client's multi-process mode.
    """
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        raise WolfpackError(
            "PROMETHEUS_MULTIPROC_DIR is set: custom collectors are ignored in that mode; unset it for the exporter"
        )
    loopback = host == "localhost" or _is_loopback(host)
    if replay and (not loopback or tokens):
        raise WolfpackError(
            "--replay lets anyone set the clock; it needs a loopback address and takes no --tokens"
        )
    if not loopback and not tokens:
        raise WolfpackError(
            f"--listen {host}: an address beyond loopback needs --tokens FILE; see `wolfpack token new`"
        )


def make_server(app: Any, host: str, port: int, patience: int = PATIENCE) -> Any:
    """Return the server of an application, listening and not yet running; `patience` is for a request to come whole."""
    servers: dict[int, Any] = {}
    found = create_server(
        app,
        map=servers,
        host=host,
        port=port,
        threads=WRITES + READS + SPARE,
        ident="wolfpack",
        max_request_body_size=MAX_BODY + 1,
        recv_bytes=1 << 17,
        inbuf_overflow=1 << 21,  # profiles of 100 columns have a megabyte: they are spared a file each
        connection_limit=CONNECTIONS,
        channel_timeout=patience,
        cleanup_interval=min(10, patience),
        asyncore_use_poll=True,
    )
    use_channels(servers.values())
    return found


def serve(service: Service, host: str, port: int, announce: Callable[[int], None] | None = None) -> None:
    """Start the service and serve until SIGTERM or SIGINT; `announce` is called with the port listened on.

    The page is made first: to compute at the same time would keep Prometheus from what was shown before a restart.

    Raises
    ------
    WolfpackError
        If the address cannot be listened on; the service is closed then, too.
    """
    try:
        server = _listening(create_app(service), host, port)
        service.start()
        _run(server, port, announce)
    finally:
        service.close()


def _listening(app: Any, host: str, port: int) -> Any:
    try:
        return make_server(app, host, port)
    except OSError as error:
        raise WolfpackError(
            f"--listen {host}:{port}: {error.strerror or error}; name an address of this machine, and a port "
            "that is not in use"
        ) from error


def _run(server: Any, port: int, announce: Callable[[int], None] | None) -> None:
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if not stopped.is_set():
            stopped.set()
            server.close()
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if announce is not None:
        announce(port_of(server, port))
    server.run()


def port_of(server: object, asked: int) -> int:
    """Return the port listened on: of one socket, or of the first where a name has several addresses."""
    several = getattr(server, "effective_listen", None)
    return int(several[0][1]) if several else int(getattr(server, "effective_port", asked))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
