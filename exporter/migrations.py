"""The ledger's version: tables of an older release are brought up to date at start, newer ones are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sqlalchemy import Connection, MetaData, Table, func, insert, inspect, select

from wolfpack.exporter import schema
from wolfpack.exporter.databases import LedgerError
from wolfpack.exporter.keys import key_hashes
from wolfpack.exporter.outcomes import Labels, Predictions, add_labels, add_predictions


def migrate(connection: Connection, name: str) -> int:
    """Make the tables, or bring them to `schema.VERSION`, and return the version they had; 0 for a new ledger.

    All of it is the caller's one transaction: a migration that fails leaves the ledger as it was.

    Raises
    ------
    LedgerError
        If a newer release wrote the ledger, or tables of that name are no ledger's.
    """
    found = version(connection)
    if found > schema.VERSION:
        raise LedgerError(_other(name, found))
    schema.metadata.create_all(connection)  # tables that the version found lacks; those it has stay as they are
    for step in range(found, schema.VERSION) if found else ():
        STEPS[step](connection)
    if found != schema.VERSION and connection.dialect.name == "postgresql":
        for statement in schema.UNCOMPRESSED:
            connection.exec_driver_sql(statement)
    if found != schema.VERSION:
        connection.execute(schema.ledger_version.delete())
        connection.execute(insert(schema.ledger_version).values(version=schema.VERSION))
    return found


def check(connection: Connection, name: str) -> None:
    """Raise a LedgerError unless the tables are of this release's version."""
    found = version(connection)
    if not found:
        raise LedgerError(f"{name} holds no ledger; name the one that `wolfpack serve` writes")
    if found != schema.VERSION:
        raise LedgerError(_other(name, found))


def version(connection: Connection) -> int:
    """Return the version of the ledger's tables; 0 if there are none."""
    if not inspect(connection).has_table(schema.ledger_version.name):
        return 0
    return int(connection.execute(select(func.max(schema.ledger_version.c.version))).scalar() or 0)


def _other(name: str, found: int) -> str:
    what = f"the ledger {name} has version {found}, this release reads {schema.VERSION}"
    if found > schema.VERSION:
        return f"{what}; a newer release wrote it: start that one, or a newer one"
    return f"{what}; start `wolfpack serve` of this release once, which brings it up to date"


def _kept_apart(connection: Connection) -> None:
    """1 to 2: what was read from parts and exposures is kept by itself, for these are deleted one day."""
    parts = schema.parts.c
    first = (
        select(parts.model_id, parts.version, func.min(parts.start), func.min(parts.id))
        .where(parts.role == "prediction")
        .group_by(parts.model_id, parts.version)
    )
    columns = ("model_id", "version", "first", "entered")
    connection.execute(insert(schema.versions).from_select(columns, first))
    for index in schema.idempotency.indexes:
        index.create(connection, checkfirst=True)
    times = (schema.samples.c.computed, schema.exposures.c.shown)
    latest = max(connection.execute(select(func.max(one))).scalar() or 0.0 for one in times)
    connection.execute(insert(schema.moments).values(name=schema.CHANGED, at=latest))


def _by_hash(connection: Connection) -> None:
    """2 to 3: keys of predictions and labels are kept as hashes, ordered by pane, and panes are counted once."""
    old = {
        name: Table(name, MetaData(), autoload_with=connection)
        for name in ("predictions", "labels")
        if inspect(connection).has_table(name)
    }
    if len(old) < 2:
        return
    keyed = connection.execute(select(old["labels"])).all()
    for model, rows in _by_model(keyed).items():
        known = Labels(key_hashes([row.key for row in rows]), np.array([row.label for row in rows]))
        add_labels(connection, model, known, max(row.received for row in rows))
    for model, rows in _by_model(connection.execute(select(old["predictions"])).all()).items():
        for version in sorted({row.version for row in rows}):
            its = [row for row in rows if row.version == version]
            cells = sorted({row.segments for row in its})
            at = {cell: place for place, cell in enumerate(cells)}
            waiting = Predictions(
                key_hashes([row.key for row in its]),
                np.array([row.start for row in its], np.int64),
                np.array([row.score for row in its], np.float64),
                np.array([at[row.segments] for row in its], np.int64),
                tuple(cells),
            )
            add_predictions(connection, model, version, waiting, lambda start: False)
    for table in old.values():
        table.drop(connection)


def _by_model(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.model_id, []).append(row)
    return found


STEPS: dict[int, Callable[[Connection], None]] = {1: _kept_apart, 2: _by_hash}
"""By version, what brings its tables to the next one; new tables are there already."""
