"""Since when panes, runs and scalars are waited for: not before the spec asked for them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from wolfpack.exporter.due import expected_roles
from wolfpack.exporter.schema import expected
from wolfpack.exporter.upserting import upsert
from wolfpack.spec import Spec, format_duration


def expect(connection: Connection, model: int, created: float, spec: Spec, now: float) -> Mapping[str, float]:
    """Return since when roles ("role input"), jobs ("job train") and scalars ("scalar ctr") are waited for.

    A model is waited for since it is known. What its spec names later, and a role whose panes
    change (`every`, `timezone`), is waited for from then on: what went before lies on other panes.
    """
    panes = f"{format_duration(spec.every)} {spec.timezone}"
    wanted = {f"role {role}": panes for role in expected_roles(spec)}
    wanted |= {f"job {job}": "" for job, its in spec.jobs.items() if its.schedule is not None}
    wanted |= {f"scalar {name}": "" for name, its in spec.scalars.items() if its.stale_after is not None}
    rows = connection.execute(select(expected).where(expected.c.model_id == model)).all()
    known = {row.what: row for row in rows}
    since = {
        what: known[what].since if what in known and known[what].panes == its else now if known else created
        for what, its in wanted.items()
    }
    changed = [
        {"model_id": model, "what": what, "panes": its, "since": since[what]}
        for what, its in wanted.items()
        if what not in known or known[what].panes != its
    ]
    upsert(connection, expected, changed)
    return since


def expect_later(connection: Connection, model: int, since: Mapping[str, float]) -> None:
    """Note that nothing before these times is missing any more, so that no restart looks there again."""
    for what, at in since.items():
        where = (expected.c.model_id == model, expected.c.what == what, expected.c.since < at)
        connection.execute(update(expected).where(*where).values(since=at))
