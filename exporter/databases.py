"""Connections to SQLite and PostgreSQL: durable, one that writes, and others that see one moment when they read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError

from wolfpack.spec import WolfpackError

WAIT_SECONDS = 10
"""How long a write waits for another process that holds the ledger."""
READERS = 16
"""Connections that may read at once: every thread of the server, the engine, and some to spare."""
ALLOWED = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"

SQLITE = ("page_size=16384", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8000")
"""How SQLite writes. Profiles of a megabyte cost a third less on pages of 16 kB, which a new file gets."""

_ADVICE = (
    (("disk is full", "No space left", "could not extend", "disk I/O error"),
     "there is no room where the ledger is; free some or raise the limit"),
    (("database is locked", "lock timeout"),
     f"another process held it for over {WAIT_SECONDS} s; end that one, or wait until it is done"),
    (("readonly", "read-only", "unable to open", "permission denied", "Permission denied"),
     "it must be a place that this user may write to"),
    (("not a database", "malformed"), "the file is damaged or no ledger; restore it, or name another"),
    (("password authentication", "does not exist", "no password"),
     "name a role and a database that exist, with its password"),
)  # fmt: skip
_GONE = "it does not answer; see whether it runs"


class LedgerError(WolfpackError):
    """Catch this when a ledger cannot be opened."""


class LedgerUnavailable(LedgerError):
    """Catch this when an open ledger cannot be read or written now; what was asked for may be asked again."""


@dataclass(frozen=True)
class Databases:
    """The engines of one ledger: `writer` has one connection, `reader` several."""

    kind: Literal["sqlite", "postgresql"]
    name: str
    path: str | None
    writer: Engine
    reader: Engine

    def dispose(self) -> None:
        self.writer.dispose()
        self.reader.dispose()


def databases(url: str) -> Databases:
    """Return the engines of a URL; nothing is connected yet. Their errors never hold rows: they are logged.

    Raises
    ------
    LedgerError
        If the URL is none of a ledger; the message says which are.
    """
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
        if kind == "sqlite" and parsed.database not in (None, "", ":memory:"):
            return _sqlite(url, str(parsed.database))
        if kind == "postgresql":
            return _postgresql(url.replace("postgresql://", "postgresql+psycopg://", 1))
        raise ArgumentError("a ledger in memory is lost" if kind == "sqlite" else f"{kind} is not supported")
    except ArgumentError as error:
        raise LedgerError(f"--ledger {url!r}: {error}; allowed are {ALLOWED}") from error
    except ModuleNotFoundError as error:
        raise LedgerError(f"--ledger: {error}; pip install 'wolfpack-monitor[postgres]'") from error


def is_down(error: BaseException) -> bool:
    """Tell whether an error is about the database being there, not about what it was asked."""
    ours = (DataError, IntegrityError, ProgrammingError)
    return isinstance(error, DBAPIError) and not isinstance(error, ours)


def advice(error: DBAPIError) -> str:
    """Return what a database said and what to do about it, in one line."""
    said = " ".join(str(error.orig).split())
    known = (what for signs, what in _ADVICE if any(sign in said for sign in signs))
    default = _GONE if error.connection_invalidated else "see its log"
    return f"{said}; {next(known, default)}"


def _sqlite(url: str, path: str) -> Databases:
    writer = create_engine(url, pool_size=1, max_overflow=0, hide_parameters=True)
    reader = create_engine(url, pool_size=READERS, max_overflow=0, hide_parameters=True)
    # Asking for the lock at the start means that no transaction fails in its middle because another one wrote.
    for engine, begin, own in (
        (writer, "BEGIN IMMEDIATE", SQLITE),
        (reader, "BEGIN", ("query_only=ON",)),
    ):
        _set_up_sqlite(engine, begin, own)
    return Databases("sqlite", repr(writer.url), path, writer, reader)


def _set_up_sqlite(engine: Engine, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late, and not at all before DDL
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={WAIT_SECONDS * 1000}", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgresql(url: str) -> Databases:
    # Pinged before use, so that a restart of the server costs no request that comes after it.
    writer = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, hide_parameters=True)
    reader = create_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
    )
    _set_up_postgresql(writer, (f"lock_timeout = '{WAIT_SECONDS}s'", "synchronous_commit = on"))
    _set_up_postgresql(reader, ("default_transaction_read_only = on",))
    return Databases("postgresql", repr(writer.url), None, writer, reader)


def _set_up_postgresql(engine: Engine, settings: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            for setting in settings:
                cursor.execute(f"SET {setting}")
        connection.commit()
