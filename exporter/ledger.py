"""The durable store: opening it, its version, and one transaction at a time for whoever writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from wolfpack.exporter import schema
from wolfpack.spec import WolfpackError

IDEMPOTENCY_KEPT = 7 * 86400.0
"""Seconds that an idempotency key is remembered (DESIGN §5)."""


class LedgerError(WolfpackError):
    """Catch this when a ledger cannot be opened."""


class Ledger:
    """A ledger by URL: ``sqlite:///PATH`` or ``postgresql://…``. Commits are durable when they return."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._writer = threading.Lock()
        self._rolled_back: list[Callable[[], None]] = []
        self._migrate()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open the one write transaction; it commits, durably, when the block ends without an error."""
        with self._writer:
            try:
                with self.engine.begin() as connection:
                    yield connection
            except BaseException:
                for forget in self._rolled_back:
                    forget()
                raise

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """Have something called when a write is undone, to forget what it took from that write."""
        self._rolled_back.append(forget)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    def _migrate(self) -> None:
        try:
            with self.write() as connection:
                schema.metadata.create_all(connection)
                found = connection.execute(select(schema.ledger_version.c.version)).scalars().all()
                if not found:
                    connection.execute(schema.ledger_version.insert().values(version=schema.VERSION))
        except Exception as error:
            raise LedgerError(f"the ledger {self.engine.url!r} cannot be opened: {error}") from error
        if found and found != [schema.VERSION]:
            raise LedgerError(
                f"the ledger {self.engine.url!r} has version {found[-1]}, this release reads {schema.VERSION}; "
                "start the release that wrote it"
            )


def _engine(url: str) -> Engine:
    """Return the engine of a URL, or raise a LedgerError that says which there are."""
    try:
        kind = make_url(url).get_backend_name()
        if kind not in ("sqlite", "postgresql"):
            raise ArgumentError(f"{kind} is not supported")
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    except ArgumentError as error:
        allowed = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
        raise LedgerError(f"--ledger {url!r}: {error}; allowed are {allowed}") from error
    except ModuleNotFoundError as error:
        raise LedgerError(f"--ledger: {error}; pip install 'wolfpack-monitor[postgres]'") from error
    if kind == "sqlite":
        _durable_sqlite(engine)
    return engine


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or replace the other columns where the primary key or the only unique key exists."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key] or [
        column.name
        for constraint in table.constraints
        if hasattr(constraint, "columns") and constraint.name is None
        for column in constraint.columns
    ]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if others:
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)
    else:
        connection.execute(statement.on_conflict_do_nothing(), rows)


def _durable_sqlite(engine: Engine) -> None:
    """Write ahead, sync every commit, wait for other processes' locks."""

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
