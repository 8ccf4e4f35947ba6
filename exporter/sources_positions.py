"""How far sources were read, as the ledger knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select, update

from wolfpack.exporter.schema import source_positions
from wolfpack.exporter.upserting import upsert

FORGOTTEN = 30 * 86400.0
"""Seconds after which the position of a file that is gone is forgotten; one that comes back later begins anew."""


def load(connection: Connection, model: int, source: str) -> dict[str, str]:
    """Return the state of each item of a source."""
    c = source_positions.c
    rows = connection.execute(select(c.item, c.state).where(c.model_id == model, c.source == source))
    return {row.item: row.state for row in rows}


def save(connection: Connection, model: int, source: str, states: Mapping[str, str], now: float) -> None:
    """Keep the state of items, in the transaction that takes what was read."""
    rows = [
        {"model_id": model, "source": source, "item": item, "state": state, "seen": now}
        for item, state in states.items()
    ]
    upsert(connection, source_positions, rows)


def tend(connection: Connection, model: int, source: str, there: Iterable[str], now: float) -> None:
    """Note which items are still there, and forget those that have long been gone."""
    c = source_positions.c
    where = (c.model_id == model, c.source == source)
    for item in there:
        connection.execute(update(source_positions).where(*where, c.item == item).values(seen=now))
    connection.execute(delete(source_positions).where(*where, c.seen < now - FORGOTTEN))
