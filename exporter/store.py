"""What the ledger is asked for: models, parts, references, and the panes that wait to be computed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update

from wolfpack.exporter import schema
from wolfpack.exporter.schema import marks, models, output_counts, parts, pending, references, versions
from wolfpack.spec import WolfpackError

OUTPUT = "output"
"""Role under which panes wait for what is told of outputs, and kind of mark of those that have some."""


class PaneMerged(WolfpackError):
    """Catch this when a part comes for a pane whose parts were merged to hours and deleted."""


@dataclass(frozen=True)
class Part:
    """One delivery that counts: its row, without the bytes."""

    id: int
    version: str
    role: str
    start: int
    part: str
    received: float
    rows: int
    plan_id: str


@dataclass(frozen=True)
class Block:
    """Panes of a version and plan that were merged: its row, without the bytes.

    `panes` are their starts; `alone` says that the parts it was made of are gone.
    """

    id: int
    version: str
    plan_id: str
    start: int
    end: int
    panes: tuple[int, ...]
    received: float
    alone: bool


@dataclass(frozen=True)
class Waiting:
    """A pane that waits to be computed, as of its `generation`."""

    model: int
    role: str
    start: int
    generation: int


@dataclass(frozen=True)
class Reference:
    """A registered reference, and the bytes of its scores, if it has them; those of its profile are read apart."""

    id: int
    plan_id: str
    scores: bytes | None


def model_id(connection: Connection, project: str, model: str, now: float) -> int:
    """Return the id of a model, entering it at `now` if it is new."""
    found = known_model(connection, project, model)
    if found is None:
        row = insert(models).values(project=project, model=model, created=now).returning(models.c.id)
        found = int(connection.execute(row).scalar_one())
    return found


def known_model(connection: Connection, project: str, model: str) -> int | None:
    """Return the id of a model, None if it is new."""
    where = (models.c.project == project, models.c.model == model)
    found = connection.execute(select(models.c.id).where(*where)).scalar()
    return None if found is None else int(found)


def created(connection: Connection, model: int) -> float:
    """Return when the model was first known."""
    return float(connection.execute(select(models.c.created).where(models.c.id == model)).scalar_one())


def add_part(connection: Connection, model: int, values: dict[str, Any]) -> bool:
    """Append a part and mark its pane as pending; return whether it replaces an earlier one.

    Raises
    ------
    PaneMerged
        If the pane is one of those of which only merged hours are left.
    """
    where = [parts.c.model_id == model] + [
        parts.c[name] == values[name] for name in ("version", "role", "start", "part")
    ]
    replaced = connection.execute(select(parts.c.id).where(*where).limit(1)).first() is not None
    _unmerge(connection, model, values["role"], values["start"])
    row = insert(parts).values(model_id=model, **values).returning(parts.c.id)
    number = connection.execute(row).scalar_one()
    if values["role"] == "prediction":
        _enter_version(connection, model, values["version"], values["start"], number)
    mark_pending(connection, model, values["role"], {values["start"]})
    return replaced


def _unmerge(connection: Connection, model: int, role: str, start: int) -> None:
    """Delete the block that a part changes; it is merged again from the parts."""
    c = schema.blocks.c
    where = (c.model_id == model, c.role == role, c.start <= start, c.end > start)
    if connection.execute(select(c.id).where(*where, c.merged.is_not(None)).limit(1)).first() is not None:
        raise PaneMerged("the parts of this pane were merged to hours and deleted; it takes no part any more")
    connection.execute(delete(schema.blocks).where(*where))


def _enter_version(connection: Connection, model: int, version: str, start: int, number: int) -> None:
    c = versions.c
    found = connection.execute(select(c.first).where(c.model_id == model, c.version == version)).scalar()
    if found is None:
        row = {"model_id": model, "version": version, "first": start, "entered": number}
        connection.execute(insert(versions).values(row))
    elif start < found:
        connection.execute(
            update(versions).where(c.model_id == model, c.version == version).values(first=start)
        )


def mark_pending(connection: Connection, model: int, role: str, starts: set[int]) -> None:
    """Say that panes are to be computed, once more if they already are."""
    for start in sorted(starts):
        where = (pending.c.model_id == model, pending.c.role == role, pending.c.start == start)
        again = update(pending).where(*where).values(generation=pending.c.generation + 1)
        if not connection.execute(again).rowcount:
            row = {"model_id": model, "role": role, "start": start, "generation": 1}
            connection.execute(insert(pending).values(row))


def all_pending(connection: Connection) -> list[Waiting]:
    """Return the panes that wait, newest first."""
    rows = connection.execute(select(pending).order_by(pending.c.start.desc()))
    return [Waiting(row.model_id, row.role, row.start, row.generation) for row in rows]


def clear_pending(connection: Connection, done: Waiting) -> None:
    """Take a pane off the list, unless something came for it since it was read."""
    connection.execute(
        delete(pending).where(
            pending.c.model_id == done.model,
            pending.c.role == done.role,
            pending.c.start == done.start,
            pending.c.generation == done.generation,
        )
    )


def live_parts(connection: Connection, model: int, role: str, first: int, end: int) -> list[Part]:
    """Return the parts that count in panes with first <= start < end, oldest delivery first."""
    newest = (
        select(func.max(parts.c.id))
        .where(parts.c.model_id == model, parts.c.role == role, parts.c.start >= first, parts.c.start < end)
        .group_by(parts.c.version, parts.c.start, parts.c.part)
    )
    c = parts.c
    rows = connection.execute(
        select(c.id, c.version, c.role, c.start, c.part, c.received, c.rows, c.plan_id)
        .where(c.id.in_(newest))
        .order_by(c.id)
    )
    return [Part(*row) for row in rows]


def blocks(connection: Connection, model: int, role: str, first: int, end: int) -> list[Block]:
    """Return the blocks that lie within first <= time < end, oldest first."""
    c = schema.blocks.c
    rows = connection.execute(
        select(c.id, c.version, c.plan_id, c.start, c.end, c.panes, c.received, c.merged)
        .where(c.model_id == model, c.role == role, c.start >= first, c.end <= end)
        .order_by(c.start, c.version, c.plan_id)
    )
    return [
        Block(*row[:5], tuple(json.loads(row.panes)), row.received, row.merged is not None) for row in rows
    ]


def block_data(connection: Connection, block: int) -> bytes:
    c = schema.blocks.c
    return bytes(connection.execute(select(c.data).where(c.id == block)).scalar_one())


def part_data(connection: Connection, part: int) -> bytes:
    return bytes(connection.execute(select(parts.c.data).where(parts.c.id == part)).scalar_one())


def received_panes(connection: Connection, model: int, role: str, first: int) -> set[int]:
    """Return the starts of the panes from `first` on into which something was received."""
    where = (parts.c.model_id == model, parts.c.role == role, parts.c.start >= first)
    return set(connection.execute(select(parts.c.start).where(*where).distinct()).scalars())


def newest_panes(connection: Connection, model: int) -> dict[str, int]:
    """Return the start of the newest pane of each role whose windows need no join: profiles and outputs."""
    query = (
        select(parts.c.role, func.max(parts.c.start)).where(parts.c.model_id == model).group_by(parts.c.role)
    )
    counted = select(func.max(output_counts.c.start)).where(output_counts.c.model_id == model)
    outputs = connection.execute(counted).scalar()
    found = {row[0]: row[1] for row in connection.execute(query)}
    return found | ({} if outputs is None else {OUTPUT: outputs})


def newest_of_all(connection: Connection) -> dict[tuple[int, str], int]:
    """Return the start of the newest pane of each model and role, labels among them."""
    found: dict[tuple[int, str], int] = {}
    for table, role in ((parts, parts.c.role), (marks, marks.c.kind)):
        newest = select(table.c.model_id, role, func.max(table.c.start)).group_by(table.c.model_id, role)
        for model, name, start in connection.execute(newest):
            found[model, name] = max(start, found.get((model, name), start))
    return found


def size(connection: Connection) -> int:
    """Return the bytes that the ledger's tables and indexes take on disk, the log of its last writes apart."""
    if connection.dialect.name == "sqlite":
        pages = text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(connection.execute(pages).scalar_one())
    sizes = [func.pg_total_relation_size(name) for name in schema.metadata.tables]
    return sum(connection.execute(select(*sizes)).one())


def version_order(connection: Connection, model: int) -> list[str]:
    """Return the model's versions in the order in which they first sent predictions."""
    c = versions.c
    rows = select(c.version).where(c.model_id == model).order_by(c.first, c.entered)
    return list(connection.execute(rows).scalars())


def reference(connection: Connection, model: int) -> Reference | None:
    """Return the newest registered reference."""
    c = references.c
    row = connection.execute(
        select(c.id, c.plan_id, c.scores).where(c.model_id == model).order_by(c.id.desc()).limit(1)
    ).first()
    return None if row is None else Reference(row.id, row.plan_id, row.scores)


def reference_data(connection: Connection, number: int) -> bytes:
    """Return the bytes of the profile of a reference by its id."""
    return bytes(connection.execute(select(references.c.data).where(references.c.id == number)).scalar_one())


def add_reference(connection: Connection, model: int, now: float, plan_id: str, data: bytes) -> int:
    row = insert(references).values(model_id=model, registered=now, plan_id=plan_id, data=data)
    return int(connection.execute(row.returning(references.c.id)).scalar_one())


def set_reference_scores(connection: Connection, reference_id: int, scores: bytes) -> None:
    connection.execute(update(references).where(references.c.id == reference_id).values(scores=scores))


def replace_row(connection: Connection, table: Table, keys: dict[str, Any], values: dict[str, Any]) -> bool:
    """Give the row with these keys other values, or enter it; return whether it was there."""
    where = [table.c[name] == value for name, value in keys.items()]
    if connection.execute(update(table).where(*where).values(values)).rowcount:
        return True
    connection.execute(insert(table).values(keys | values))
    return False


def recall(connection: Connection, key: str) -> tuple[str, str] | None:
    """Return the hash of the request and the response kept under an idempotency key."""
    kept = schema.idempotency
    row = connection.execute(select(kept.c.request, kept.c.response).where(kept.c.key == key)).first()
    return None if row is None else (row.request, row.response)


def remember(connection: Connection, key: str, now: float, request: str, response: str) -> None:
    """Keep a response under an idempotency key."""
    row = {"key": key, "created": now, "request": request, "response": response}
    connection.execute(insert(schema.idempotency).values(row))
