"""Looks at the tables themselves: all there with their columns, whole on disk, and no row without its owner."""

from __future__ import annotations

from sqlalchemy import Connection, Table, exists, func, inspect, select

from wolfpack.exporter.audit_report import Look
from wolfpack.exporter.schema import metadata


def look_at_tables(connection: Connection) -> Look:
    """Compare tables, columns and indexes with those of this release."""
    look, there = Look("tables"), inspect(connection)
    for table in metadata.sorted_tables:
        look.seen += 1
        if not there.has_table(table.name):
            look.faults.append(f"table {table.name}: is not there; restore the ledger")
            continue
        columns = {column["name"] for column in there.get_columns(table.name)}
        indexes = {index["name"] for index in there.get_indexes(table.name)}
        look.faults += [
            f"table {table.name}: has no column {column.name}; restore the ledger"
            for column in table.columns
            if column.name not in columns
        ]
        look.faults += [
            f"table {table.name}: has no index {index.name}, so that reading is slow; restore the ledger"
            for index in table.indexes
            if index.name not in indexes
        ]
    return look


def look_at_disk(connection: Connection) -> Look:
    """Have SQLite check its file; what PostgreSQL has of that (`pg_amcheck`) is run beside it."""
    look = Look("pages of the file")
    if connection.dialect.name == "sqlite":
        look.seen = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        look.faults = [f"the file: {one}; restore the ledger" for one in said if one != "ok"]
    return look


def look_at_owners(connection: Connection) -> Look:
    """Find rows of models and series that are not there."""
    look = Look("rows with an owner")
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            owner = key.column
            look.seen += _count(connection, table)
            orphan = ~exists().where(owner == key.parent)
            lost = connection.execute(
                select(key.parent, func.count().label("rows")).where(orphan).group_by(key.parent)
            )
            look.faults += [
                f"table {table.name}: {row.rows} rows of {key.parent.name} {row[0]}, which {owner.table.name} lacks"
                for row in lost
            ]
    return look


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
