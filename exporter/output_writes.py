"""Endpoints of outputs: what jobs counted of them, and the items of training that recommendations are compared with."""

from __future__ import annotations

from dataclasses import replace

import flask
from sqlalchemy import Connection

from wolfpack.exporter import outcomes, store
from wolfpack.exporter.answers import Catalogued, OutputsTaken
from wolfpack.exporter.declaration import Group, Parameter, Raw
from wolfpack.exporter.encoded import body
from wolfpack.exporter.parameters import AT, WRITE
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import argument, authorize, number, once, pane, service, target
from wolfpack.exporter.schema import catalogues, output_counts
from wolfpack.exporter.store import OUTPUT
from wolfpack.exporter.writes import pane_text, readable
from wolfpack.spec import Spec
from wolfpack.stats import ItemCounts, OutputCounts

group = Group("outputs")
USERS = Parameter("users", "users of training; at least as many as had any item", numbers=(1, 10**15))


@group.declare(
    "POST",
    "/api/v1/outputs",
    scope="write",
    parameters=(*WRITE, replace(AT, meaning="the pane of the outputs, as above")),
    body=Raw("what `OutputCounts.to_bytes` returns"),
    answer=OutputsTaken,
    keyed=True,
)
def post_outputs() -> flask.Response:
    """Add what a job counted of outputs: empty ones, repeats, switches, events, and how recommendations spread."""
    its = target()
    start = int(pane(its.known, argument(AT)).timestamp())
    counts = readable(OutputCounts.from_bytes, body(), "counts")
    _check_segments(its.known.spec, counts)

    def write(connection: Connection) -> OutputsTaken:
        key = {"model_id": its.known.id, "start": start, "version": its.version, "part": its.part}
        values = {"received": service().clock.now(), "data": counts.to_bytes()}
        replaced = store.replace_row(connection, output_counts, key, values)
        outcomes.mark(connection, its.known.id, OUTPUT, {start})
        store.mark_pending(connection, its.known.id, OUTPUT, {start})
        return {"rows": counts.whole.health.rows, "pane": pane_text(its.known, start), "replaced": replaced}

    return once(its.known, write)


@group.declare(
    "PUT",
    "/api/v1/projects/<project>/models/<model>/catalogue",
    scope="write",
    parameters=(USERS,),
    body=Raw("what `ItemCounts.to_bytes` returns: users who had each item in training"),
    answer=Catalogued,
    keyed=True,
)
def put_catalogue(project: str, model: str) -> flask.Response:
    """Set the items of training that recommendations are compared with."""
    authorize("write", project)
    known: Known = service().registry.get(project, model)
    users = int(number(USERS))
    items = readable(ItemCounts.from_bytes, body(), "counts")
    most = int(items.counts.max(initial=0))
    if users < most:
        raise Problem(422, "Too few users", f"users={users} are fewer than the {most} who had one item", "users")

    def write(connection: Connection) -> Catalogued:
        values = {"users": users, "received": service().clock.now(), "data": items.to_bytes()}
        store.replace_row(connection, catalogues, {"model_id": known.id}, values)
        there = outcomes.marked_panes(connection, known.id, OUTPUT, 0)
        store.mark_pending(connection, known.id, OUTPUT, {max(there)} if there else set())
        return {"items": len(items.items)}

    return once(known, write)


def _check_segments(spec: Spec, counts: OutputCounts) -> None:
    for name, _ in counts.cells:
        if name and name not in spec.segments:
            raise Problem(
                422,
                "Other segments",
                f"{name!r} is no segment of {spec.project}/{spec.model}; its spec has "
                f"{', '.join(spec.segments) or 'none'}",
                "body",
            )
