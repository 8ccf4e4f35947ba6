"""The durable store: opening it, bringing it up to date, and one transaction at a time for whoever writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from wolfpack.exporter import migrations
from wolfpack.exporter.commits import Commits
from wolfpack.exporter.databases import LedgerError, LedgerUnavailable, advice, databases, is_down
from wolfpack.exporter.owner import Owner


class Ledger:
    """A ledger by URL: ``sqlite:///PATH`` or ``postgresql://…``. Commits are durable when they return.

    Parameters
    ----------
    url : where it is; tables are made, or brought to this release's version.
    own : hold it, so that no second exporter writes; without, it is only read, by any number of processes.

    Raises
    ------
    LedgerError
        If it cannot be opened, is in use by another exporter, or was written by a newer release.
    """

    def __init__(self, url: str, own: bool = True) -> None:
        self._databases = databases(url)
        self.kind, self.name = self._databases.kind, self._databases.name
        self._commits = Commits(self._databases.writer)
        self._rolled_back: list[Callable[[], None]] = []
        self._timed: list[Callable[[float], None]] = []
        self._owner: Owner | None = None
        try:
            if own:
                self._owner = Owner(self._databases)
                with self._commits.transaction() as connection:
                    migrations.migrate(connection, self.name)
            else:
                with self.read() as connection:
                    migrations.check(connection, self.name)
        except BaseException as error:
            self.close()
            if isinstance(error, DBAPIError):
                raise LedgerError(f"the ledger {self.name} cannot be opened: {advice(error)}") from error
            if isinstance(error, OSError):
                raise LedgerError(f"the ledger {self.name} cannot be opened: {error}") from error
            raise

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write; it is durable when the block ends without an error, and as if it had not been otherwise.

        Raises
        ------
        LedgerUnavailable
            If the database refuses now: the disk is full, another process holds it, it does not answer.
        """
        began = time.perf_counter()
        try:
            with self._commits.transaction() as connection:
                yield connection
        except BaseException as error:
            for forget in self._rolled_back:
                forget()
            if isinstance(error, DBAPIError) and is_down(error):
                raise self._unavailable(error, "written") from error
            raise
        for told in self._timed:
            told(time.perf_counter() - began)

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """Have something called when a write is undone, to forget what it took from that write."""
        self._rolled_back.append(forget)

    def on_write(self, told: Callable[[float], None]) -> None:
        """Have something told the seconds that each write took, from waiting for its turn until it was durable."""
        self._timed.append(told)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read; all it reads is of one moment."""
        try:
            with self._databases.reader.connect() as connection:
                yield connection
        except DBAPIError as error:
            if is_down(error):
                raise self._unavailable(error, "read") from error
            raise

    def close(self) -> None:
        self._databases.dispose()
        if self._owner is not None:
            self._owner.release()

    def _unavailable(self, error: DBAPIError, what: str) -> LedgerUnavailable:
        return LedgerUnavailable(f"the ledger {self.name} cannot be {what} now: {advice(error)}")
