"""Looks at the two histories: names that are of their model, revisions and exposures in an order that can be."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Label, Select, and_, func, or_, select

from wolfpack.exporter import history
from wolfpack.exporter.audit_report import Look, at
from wolfpack.exporter.sample import stored_key
from wolfpack.exporter.schema import exposures, models, samples, series
from wolfpack.spec import FAMILIES

_WINDOWED = [family.name for family in FAMILIES.values() if family.cls in ("pane", "window")]
_ENTERED = 1e-3
"""Seconds by which a time of the ledger may differ from one that was added up elsewhere."""


def look_at_series(connection: Connection) -> Look:
    """Names and labels of series are of the catalogue and of their model, and no series is there twice."""
    look, there = Look("series"), set()
    query = select(series, models.c.project, models.c.model).join(models).order_by(series.c.id)
    for row in connection.execute(query):
        look.seen += 1
        name = f"series {row.id} ({row.family})"
        labels, family = json.loads(row.labels), FAMILIES.get(row.family)
        if family is None:
            look.skip("families of another release")
        elif len(labels) > len(family.labels):
            look.faults.append(f"{name}: has {len(labels)} labels, the family {len(family.labels)}")
        elif labels[:2] != [row.project, row.model]:
            look.faults.append(
                f"{name}: is of {'/'.join(labels[:2])}, and belongs to {row.project}/{row.model}"
            )
        key = row.model_id, stored_key(row.family, row.labels)
        if key in there:
            look.faults.append(f"{name}: is there twice, with labels {row.labels}")
        there.add(key)
    return look


def look_at_samples(connection: Connection) -> Look:
    """No window was computed before its end or after the last change, and none begins without a value."""
    look, s, before = Look("samples"), samples.c, samples.alias().c
    look.seen = int(connection.execute(select(func.count()).select_from(samples)).scalar_one())
    earlier = select(before.value).where(
        before.series_id == s.series_id, before.window_end == s.window_end, before.computed < s.computed
    )
    windowed = series.c.family.in_(_WINDOWED)
    for where, what in (
        (and_(windowed, s.computed < s.window_end), "was computed before it ended"),
        (s.computed > _last(connection), "was computed after the ledger's last change"),
        (and_(windowed, s.value.is_(None), ~earlier.exists()), "has a first revision without a value"),
    ):
        for row in connection.execute(_samples(where)):
            look.faults.append(
                f"series {row.series_id} ({row.family}): the window that ends at {at(row.window_end)} {what}, "
                f"{at(row.computed)}"
            )
    return look


def look_at_exposures(connection: Connection) -> Look:
    """What was shown changes with every row: a value after another, withdrawn once, and not after the last change."""
    look, e = Look("exposures"), exposures.c
    look.seen = int(connection.execute(select(func.count()).select_from(exposures)).scalar_one())
    steps = select(
        e.series_id, e.shown, e.value, e.window_end, _before(e.shown, "was"), _before(e.value, "was_value"),
        _before(e.window_end, "was_end"),
    ).subquery()  # fmt: skip
    c = steps.c
    same = and_(
        c.was.is_not(None),
        c.value.is_not_distinct_from(c.was_value),
        c.window_end.is_not_distinct_from(c.was_end),
    )
    wrong = or_(same, and_(c.value.is_(None), c.window_end.is_not(None)), c.shown > _last(connection))
    query = (
        select(steps, series.c.family, same.label("same"))
        .join(series, series.c.id == c.series_id)
        .where(wrong)
    )
    for row in connection.execute(query.order_by(c.series_id, c.shown)):
        what = "says the same as the one before"
        if not row.same:
            what = "is withdrawn with a window" if row.value is None else "is after the ledger's last change"
        look.faults.append(f"series {row.series_id} ({row.family}): what was shown at {at(row.shown)} {what}")
    return look


def _before(column: Column[Any], name: str) -> Label[Any]:
    """Return what a column was in the row before of the same series."""
    return func.lag(column).over(partition_by=exposures.c.series_id, order_by=exposures.c.shown).label(name)


def _last(connection: Connection) -> float:
    return history.latest(connection) + _ENTERED


def _samples(where: ColumnElement[bool]) -> Select[tuple[int, int, float, str]]:
    s = samples.c
    query = select(s.series_id, s.window_end, s.computed, series.c.family).join(
        series, series.c.id == s.series_id
    )
    return query.where(where).order_by(s.series_id, s.window_end, s.computed)
