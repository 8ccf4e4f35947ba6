"""One exporter to a ledger: a lock that ends with the process that holds it, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event

from wolfpack.exporter.databases import WAIT_SECONDS, Databases, LedgerError

KEY = 0x_57_6F_6C_66
"""Key of the advisory lock of a PostgreSQL ledger: "Wolf"."""


class Owner:
    """Holds a ledger until `release`: an exporter that stops may take a moment, one that runs is not shoved.

    Raises
    ------
    LedgerError
        If another process held the SQLite ledger for `WAIT_SECONDS`; for PostgreSQL its writer says so when it
        connects, at first and each time anew.
    """

    def __init__(self, where: Databases) -> None:
        self._file: int | None = None
        if where.path is not None:
            self._file = _lock(Path(f"{where.path}.lock"))
        else:
            _lock_by_connection(where)

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(path: Path) -> int:
    # Not on the ledger's own file: SQLite's locks on it would end when this one is closed.
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                holder = os.read(file, 32).decode(errors="replace").strip()
                os.close(file)
                raise LedgerError(
                    f"the ledger {str(path.with_suffix(''))!r} is in use by process {holder or 'unknown'}; "
                    "stop that one first, or name another ledger"
                ) from None
            time.sleep(0.05)
        else:
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
            return file


def _lock_by_connection(where: Databases) -> None:
    @event.listens_for(where.writer, "connect")
    def _(connection: Any, _record: Any) -> None:
        until = time.monotonic() + WAIT_SECONDS
        with connection.cursor() as cursor:
            while not cursor.execute(f"SELECT pg_try_advisory_lock({KEY})").fetchone()[0]:
                if time.monotonic() > until:
                    raise LedgerError(
                        f"the ledger {where.name} is in use by another exporter; stop that one first, "
                        "or name another database"
                    )
                time.sleep(0.05)
        connection.commit()
