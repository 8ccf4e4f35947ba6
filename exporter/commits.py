"""Group commit: writers that wait for each other share one transaction, and so one sync of the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

MOST = 64
"""Writes that share a commit at most."""
LONGEST = 0.05
"""Seconds after which a group is committed though others wait, so that the first of it is not kept waiting."""
PATIENCE = 0.25
"""Seconds after which a member looks itself whether its group was left open by a writer that died waiting."""


class Group:
    """Writes that are committed together, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.begun = time.monotonic()
        self.members = 0
        self.done = threading.Event()
        self.error: BaseException | None = None


class Commits:
    """The one writer of a database, lent to one thread at a time.

    A write that ends while others wait leaves the transaction to the next one, in a savepoint of its own, so
    that an error undoes it alone; it returns when the group is committed. A write that nobody waits behind
    commits at once. If the commit fails, or the database gave the transaction up, every write of the group
    raises that error, for none of them is stored.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._open: Group | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend the connection; what the block did is durable when this returns without an error."""
        self._enter()
        try:
            group = self._open or self._begin()
            try:
                yield from self._member(group)
            finally:
                if self._open is group and self._is_full(group):
                    self._commit(group)
        finally:
            self._turn.release()
        self._settle(group)

    def _enter(self) -> None:
        with self._count:
            self._waiting += 1
        try:
            self._turn.acquire()
        finally:
            with self._count:
                self._waiting -= 1

    def _begin(self) -> Group:
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        self._open = Group(connection)
        return self._open

    def _member(self, group: Group) -> Iterator[Connection]:
        """Run one write; the first of a group needs no savepoint, for nothing of another one is before it."""
        savepoint = group.connection.begin_nested() if group.members else None
        try:
            yield group.connection
            if savepoint is not None:
                savepoint.commit()
        except BaseException as error:
            self._undo(group, error)
            raise
        group.members += 1

    def _undo(self, group: Group, error: BaseException) -> None:
        """Take back the write that failed, and the whole group if the database has already done so."""
        try:
            nested = group.connection.get_nested_transaction()
            if nested is not None:
                nested.rollback()
        except Exception as lost:
            self._close(group, lost)
        else:
            if nested is None or not _still_open(group.connection):
                self._close(group, error)

    def _is_full(self, group: Group) -> bool:
        with self._count:
            alone = self._waiting == 0
        return alone or group.members >= MOST or time.monotonic() - group.begun > LONGEST

    def _commit(self, group: Group) -> None:
        try:
            group.connection.commit()
        except BaseException as error:
            group.connection.invalidate()  # it may be in the transaction still, and closing it would not undo that
            self._close(group, error)
        else:
            self._close(group, None)

    def _close(self, group: Group, error: BaseException | None) -> None:
        self._open, group.error = None, error
        try:
            group.connection.close()  # rolls back what was not committed
        except Exception:
            group.connection.invalidate()
        finally:
            group.done.set()

    def _settle(self, group: Group) -> None:
        while not group.done.wait(PATIENCE):
            with self._turn:
                if self._open is group:
                    self._commit(group)
        if group.error is not None:
            raise group.error


def _still_open(connection: Connection) -> bool:
    """Tell whether the transaction goes on; SQLite ends it by itself when the disk is full."""
    raw = connection.connection.dbapi_connection
    return not connection.invalidated and bool(getattr(raw, "in_transaction", True))
