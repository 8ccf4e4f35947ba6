"""A real PostgreSQL in a temporary folder, on a free loopback port, run by a user without privileges."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wolfpack.rules.process import free_port

START_SECONDS = 60
USERS = ("postgres", "nobody")
"""Whom the server runs as when the tests run as root, which it refuses: the first that there is."""


def program(name: str) -> str | None:
    """Return the path of a program of PostgreSQL; Debian keeps them apart from the PATH, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return str(found[-1]) if found else shutil.which(name)


class PostgresServer:
    """A server that can be stopped, killed and started again on its folder and port."""

    def __init__(self, folder: Path) -> None:
        self._data, self._port, self._folder = folder / "data", free_port(), folder
        self._user = next(filter(_exists, USERS)) if os.geteuid() == 0 else None
        if self._user is not None:
            shutil.chown(folder, self._user)
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "wolfpack",
                  "-D", str(self._data))  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0

    def start(self) -> None:
        """Start, and return when connections are taken."""
        command = [
            str(program("postgres")), "-D", str(self._data), "-p", str(self._port), "-k", str(self._folder),
            "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "fsync=off",
        ]  # fmt: skip
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=self._user, cwd=self._folder)
        until = time.monotonic() + START_SECONDS
        while self._run("pg_isready", *self._where(), check=False).returncode:
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError((self._folder / "server.log").read_text()[-800:])
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT ends all connections, SIGQUIT crashes and recovers at the next start."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=START_SECONDS)
            self._process = None

    def database(self) -> str:
        """Make a database and return its URL."""
        self._databases += 1
        name = f"ledger{self._databases}"
        self._run("createdb", *self._where(), "-U", "wolfpack", name)
        return f"postgresql://wolfpack@127.0.0.1:{self._port}/{name}"

    def _where(self) -> tuple[str, ...]:
        return "-h", "127.0.0.1", "-p", str(self._port)

    def _run(self, name: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        path = program(name)
        assert path is not None, name
        return subprocess.run(
            [path, *arguments], user=self._user, cwd=self._folder, check=check, capture_output=True
        )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="wolfpack-postgres-"))
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # nothing of it is kept
        shutil.rmtree(folder)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
