"""Short panes merged to hours: read in their place at once, and kept alone when the panes are too old."""

from __future__ import annotations

import json
from bisect import bisect_left
from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from wolfpack.exporter import ladder, store
from wolfpack.exporter.clock import utc
from wolfpack.exporter.ladder import Run
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.panes import Panes
from wolfpack.exporter.registry import Known
from wolfpack.exporter.schema import blocks, parts, pending
from wolfpack.spec.keeping import Keeping

SETTLE = timedelta(minutes=15)
"""How long after its end an hour is merged; a part that comes later has it merged anew."""
AT_ONCE = 24
"""Hours merged in one go, so that windows do not wait long behind them."""


def merge_hours(ledger: Ledger, panes: Panes, known: Known, now: float) -> int:
    """Store a block for each past hour of a model's short panes that has none; return how many were stored."""
    stored = 0
    with ledger.read() as connection:
        waiting = _without_block(connection, known, now)[:AT_ONCE]
    for role, run in waiting:
        with ledger.read() as connection:
            there = store.live_parts(connection, known.id, role, run.start, run.end)
            rows = _rows(connection, panes, known, role, run, there)
        with ledger.write() as connection:
            if store.live_parts(connection, known.id, role, run.start, run.end) == there:
                connection.execute(insert(blocks), rows)
                stored += 1
    return stored


def drop_minutes(ledger: Ledger, keeping: Keeping, known: Known, now: float) -> int:
    """Delete the parts of hours that are too old and have a block; return how many parts were deleted."""
    c, dropped = blocks.c, 0
    before = now - keeping.taken(known.spec).total_seconds()
    with ledger.read() as connection:
        old = connection.execute(
            select(c.role, c.start, c.end)
            .where(c.model_id == known.id, c.merged.is_(None), c.end < before)
            .distinct()
        ).all()
    for role, start, end in old:
        with ledger.write() as connection:
            dropped += _drop(connection, known.id, role, start, end, now)
    return dropped


def _without_block(connection: Connection, known: Known, now: float) -> list[tuple[str, Run]]:
    """Return the past hours that have parts and no block, oldest first."""
    calendar, found = known.spec.calendar, []
    oldest = select(parts.c.role, func.min(parts.c.start)).where(parts.c.model_id == known.id)
    for role, first in connection.execute(oldest.group_by(parts.c.role)).all():
        starts = sorted(store.received_panes(connection, known.id, role, first))
        begin, end = utc(first) - ladder.DAY, utc(now) - SETTLE
        b = blocks.c
        done = set(connection.execute(select(b.start).where(b.model_id == known.id, b.role == role)).scalars())
        found += [
            (role, run)
            for run in ladder.hours(calendar, begin, end)
            if run.start not in done and bisect_left(starts, run.start) < bisect_left(starts, run.end)
        ]
    return found


def _rows(
    connection: Connection, panes: Panes, known: Known, role: str, run: Run, there: list[store.Part]
) -> list[dict[str, object]]:
    merged = panes.merged(connection, known.spec.calendar, run, there)
    return [
        {
            "model_id": known.id,
            "role": role,
            "version": version,
            "plan_id": plan,
            "start": run.start,
            "end": run.end,
            "panes": json.dumps(sorted({one.start for one in mine})),
            "received": max(one.received for one in mine),
            "data": profile.to_bytes(),
        }
        for (version, plan), profile in merged.items()
        if (mine := [one for one in there if (one.version, one.plan_id) == (version, plan)])
    ]


def _drop(connection: Connection, model: int, role: str, start: int, end: int, now: float) -> int:
    """Delete parts that lie in a block, unless one of their panes still waits to be computed."""
    p, w = parts.c, pending.c
    waits = select(w.start).where(w.model_id == model, w.role == role, w.start >= start, w.start < end)
    if connection.execute(waits.limit(1)).first() is not None:
        return 0
    b = blocks.c
    connection.execute(
        update(blocks).where(b.model_id == model, b.role == role, b.start == start).values(merged=now)
    )
    gone = delete(parts).where(p.model_id == model, p.role == role, p.start >= start, p.start < end)
    return connection.execute(gone).rowcount
