"""Live parts in the ledger: each is taken once, and which of a worker's are missing is known."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from wolfpack.exporter.schema import live_parts, live_workers

MOST_MISSING = 10_000
"""Numbers of parts that one worker may lack and still send; older ones are given up."""


@dataclass(frozen=True)
class Speaking:
    """What a worker says of itself: its part's number (0: none), and whether it ends with it."""

    worker: str
    version: str
    sequence: int
    closing: bool


@dataclass(frozen=True)
class WorkerSeen:
    """A worker as the ledger knows it: when it was last heard, whether it has ended, parts that never came."""

    worker: str
    version: str
    seen: float
    closed: bool
    missing: int


@dataclass(frozen=True)
class Stored:
    """A live part, or several merged, without the bytes."""

    id: int
    version: str
    start: int
    plan_id: str
    received: float
    rolled: bool


def hear(connection: Connection, model: int, said: Speaking, now: float) -> tuple[bool, WorkerSeen]:
    """Note what a worker says; return whether its part is new, and the worker as it is now."""
    c = live_workers.c
    where = (c.model_id == model, c.worker == said.worker)
    row = connection.execute(select(live_workers).where(*where)).first()
    highest, missing = (row.highest, set(json.loads(row.missing))) if row is not None else (0, set())
    new = said.sequence > highest or said.sequence in missing
    if said.sequence > highest:
        missing |= set(range(max(highest + 1, said.sequence - MOST_MISSING), said.sequence))
        highest = said.sequence
    missing.discard(said.sequence)
    closed = said.closing or (row is not None and bool(row.closed))
    values = {
        "version": said.version, "seen": now, "closed": closed, "highest": highest,
        "missing": json.dumps(sorted(missing)[-MOST_MISSING:]),
    }  # fmt: skip
    if row is None:
        connection.execute(insert(live_workers).values(model_id=model, worker=said.worker, **values))
    else:
        connection.execute(update(live_workers).where(*where).values(**values))
    return new, WorkerSeen(said.worker, said.version, now, closed, len(missing))


def add_live_part(connection: Connection, model: int, values: dict[str, Any]) -> None:
    """Append a part: its version, start, plan_id, received and data."""
    connection.execute(insert(live_parts).values(model_id=model, rolled=False, **values))


def workers(connection: Connection, model: int, since: float) -> list[WorkerSeen]:
    """Return the workers that were heard since then."""
    c = live_workers.c
    rows = connection.execute(select(live_workers).where(c.model_id == model, c.seen >= since))
    return [
        WorkerSeen(row.worker, row.version, row.seen, bool(row.closed), len(json.loads(row.missing)))
        for row in rows
    ]


def stored(connection: Connection, model: int, first: int, end: int, *, fresh: bool = False) -> list[Stored]:
    """Return the parts of panes with first <= start < end; `fresh`: those that no longer pane has yet."""
    c = live_parts.c
    wanted = select(c.id, c.version, c.start, c.plan_id, c.received, c.rolled)
    where = [c.model_id == model, c.start >= first, c.start < end, *([c.rolled.is_(False)] if fresh else [])]
    rows = connection.execute(wanted.where(*where).order_by(c.start, c.id))
    return [
        Stored(row.id, row.version, row.start, row.plan_id, row.received, bool(row.rolled)) for row in rows
    ]


def live_data(connection: Connection, number: int) -> bytes:
    """Return the bytes of a part."""
    return bytes(connection.execute(select(live_parts.c.data).where(live_parts.c.id == number)).scalar_one())


def replace_by(connection: Connection, model: int, old: Sequence[Stored], data: bytes) -> None:
    """Put one part in the place of several of one pane, version and plan."""
    connection.execute(delete(live_parts).where(live_parts.c.id.in_([one.id for one in old])))
    connection.execute(
        insert(live_parts).values(
            model_id=model,
            version=old[0].version,
            start=old[0].start,
            plan_id=old[0].plan_id,
            received=max(one.received for one in old),
            rolled=all(one.rolled for one in old),
            data=data,
        )
    )


def mark_rolled(connection: Connection, numbers: Collection[int]) -> None:
    """Say that parts are in a longer pane."""
    connection.execute(update(live_parts).where(live_parts.c.id.in_(list(numbers))).values(rolled=True))


def forget_live(connection: Connection, model: int, before: float) -> int:
    """Delete parts of panes that began before then, and workers that were not heard since; return how many."""
    gone = connection.execute(
        delete(live_parts).where(live_parts.c.model_id == model, live_parts.c.start < int(before))
    ).rowcount
    silent = connection.execute(
        delete(live_workers).where(live_workers.c.model_id == model, live_workers.c.seen < before)
    ).rowcount
    return int(gone) + int(silent)
