"""Forgetting a model wholly: its rows in every table, a little at a time, and itself last."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import ColumnElement, Table, select

from wolfpack.exporter.databases import LedgerError
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.schema import idempotency, metadata, models, series
from wolfpack.exporter.sweep import BODIES, ROWS, delete_rows

OF_SERIES = tuple(table for table in metadata.sorted_tables if "series_id" in table.c)
OF_MODEL = tuple(table for table in metadata.sorted_tables if "model_id" in table.c)
"""Tables whose rows belong to one model, by its series or by itself."""


def model_number(ledger: Ledger, project: str, model: str) -> int:
    """Return the id of a model that the ledger knows, with a spec or without one.

    Raises
    ------
    LedgerError
        If it knows none of that name; the message lists those it knows.
    """
    with ledger.read() as connection:
        rows = connection.execute(select(models).order_by(models.c.project, models.c.model)).all()
    found = {(row.project, row.model): int(row.id) for row in rows}
    if (project, model) not in found:
        there = ", ".join("/".join(name) for name in found) or "none"
        raise LedgerError(f"the ledger {ledger.name} knows no {project}/{model}; it knows {there}")
    return found[project, model]


def forget(ledger: Ledger, model: int) -> Counter[str]:
    """Delete everything of a model and return the rows deleted by table; called again it goes on where it was."""
    its_series = select(series.c.id).where(series.c.model_id == model)
    gone = Counter(
        {table.name: _delete(ledger, table, table.c.series_id.in_(its_series)) for table in OF_SERIES}
    )
    for table in OF_MODEL:
        gone[table.name] = _delete(ledger, table, table.c.model_id == model)
    gone[idempotency.name] = _delete(ledger, idempotency, idempotency.c.key.startswith(f"{model} "))
    gone[models.name] = _delete(ledger, models, models.c.id == model)
    return +gone


def _delete(ledger: Ledger, table: Table, where: ColumnElement[bool]) -> int:
    return delete_rows(ledger, table, where, BODIES if "data" in table.c else ROWS)
