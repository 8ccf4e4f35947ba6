"""Looks at what is kept as bytes: parts, blocks and references can be read and are what their rows say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from wolfpack.exporter.audit_report import Look, at, model_names
from wolfpack.exporter.baseline import read_counts
from wolfpack.exporter.schema import blocks, parts, references
from wolfpack.spec import ProfileFormatError
from wolfpack.stats import Profile

AT_ONCE = 50
"""Bodies in memory at a time."""
Wrap = Callable[[Iterator[Any], int], Iterator[Any]]
"""Is given rows and how many there are, and yields them: a place for a progress bar."""


def look_at_parts(connection: Connection, wrap: Wrap) -> Look:
    """Read every part, also those that were replaced since."""
    look, names = Look("parts"), model_names(connection)
    for row in wrap(_rows(connection, select(parts).order_by(parts.c.id)), _count(connection, parts)):
        name = f"part {row.id} of {names.get(row.model_id)} ({row.role}, {at(row.start)}, {row.part!r})"
        found = _profile(look, name, row.data, row.plan_id)
        look.seen += 1
        if found is not None and found.rows != row.rows:
            look.faults.append(f"{name}: has {found.rows} rows, and its row says {row.rows}")
    return look


def look_at_blocks(connection: Connection, wrap: Wrap) -> Look:
    """Read every block; one whose parts are there has their rows, one that stands for them is alone."""
    look, names = Look("blocks"), model_names(connection)
    for row in wrap(_rows(connection, select(blocks).order_by(blocks.c.id)), _count(connection, blocks)):
        name = f"block {row.id} of {names.get(row.model_id)} ({row.role}, {at(row.start)}, {row.version})"
        found = _profile(look, name, row.data, row.plan_id)
        look.seen += 1
        starts = json.loads(row.panes)
        if starts != sorted(set(starts)) or not all(row.start <= one < row.end for one in starts):
            look.faults.append(f"{name}: its panes are not in order from {at(row.start)} to {at(row.end)}")
        if found is not None:
            look.faults += [f"{name}: {fault}" for fault in _beside_parts(connection, row, found.rows)]
    return look


def look_at_references(connection: Connection, wrap: Wrap) -> Look:
    """Read every reference, and the scores of those that have them."""
    look, names = Look("references"), model_names(connection)
    rows = _rows(connection, select(references).order_by(references.c.id))
    for row in wrap(rows, _count(connection, references)):
        name = f"reference {row.id} of {names.get(row.model_id)}"
        _profile(look, name, row.data, row.plan_id)
        look.seen += 1
        if row.scores is not None:
            try:
                read_counts(bytes(row.scores))
            except ProfileFormatError as error:
                look.faults.append(f"{name}: its scores cannot be read: {error}")
    return look


def _profile(look: Look, name: str, data: bytes, plan_id: str) -> Profile | None:
    """Return a profile that can be read and is on its plan."""
    try:
        found = Profile.from_bytes(bytes(data))
    except ProfileFormatError as error:
        look.faults.append(f"{name}: cannot be read: {error}; send it again")
        return None
    if found.plan.id != plan_id:
        look.faults.append(f"{name}: is on plan {found.plan.id}, and its row says {plan_id}")
        return None
    return found


def _beside_parts(connection: Connection, block: Row[Any], rows: int) -> Iterator[str]:
    """Yield what is wrong between a block and the parts that lie in it."""
    p = parts.c
    inside = (p.model_id == block.model_id, p.role == block.role, p.start >= block.start, p.start < block.end)
    newest = select(func.max(p.id)).where(*inside).group_by(p.version, p.start, p.part)
    its = (p.version == block.version, p.plan_id == block.plan_id)
    count, total = connection.execute(
        select(func.count(), func.coalesce(func.sum(p.rows), 0)).where(p.id.in_(newest), *its)
    ).one()
    if block.merged is not None and count:
        yield f"stands for {count} parts that are still there"
    if block.merged is None and total != rows:
        yield f"has {rows} rows, and the parts that it was merged from have {total}"


def _rows(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    yield from connection.execution_options(yield_per=AT_ONCE).execute(query)


def _count(connection: Connection, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
