"""Endpoints that take profiles, rows, references and a detector's findings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import flask
import pyarrow as pa
from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.answers import Added, Found, Registered
from wolfpack.exporter.bodies import Findings, read_body
from wolfpack.exporter.clock import utc
from wolfpack.exporter.declaration import Group, Raw
from wolfpack.exporter.encoded import body
from wolfpack.exporter.findings import findings
from wolfpack.exporter.parameters import AT, ONE, ROLE, WRITE
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import (
    Target,
    argument,
    asked,
    authorize,
    once,
    pane,
    service,
    target,
)
from wolfpack.exporter.tables import READERS, read_table
from wolfpack.spec import Plan, ProfileFormatError, TableError, format_duration
from wolfpack.stats import Profile, bare_plan, profile
from wolfpack.stats.codec import Outline, outline

Read = TypeVar("Read")

group = Group("writes")
PROFILE = Raw("what `Profile.to_bytes` returns")
ROWS = Raw("rows: Arrow, Parquet, NDJSON or CSV", tuple(READERS))


@group.declare(
    "POST",
    "/api/v1/profiles",
    scope="write",
    parameters=(*WRITE, AT, ROLE),
    body=PROFILE,
    answer=Added,
    keyed=True,
)
def post_profile() -> flask.Response:
    """Add a profile that a job computed."""
    its, kind = target(), argument(ROLE)
    start = pane(its.known, argument(AT))
    sent = body()
    found = readable(outline, sent)
    return once(its.known, lambda connection: add_profile(connection, its, kind, start, found, sent))


@group.declare(
    "POST",
    "/api/v1/batches",
    scope="write",
    parameters=(*WRITE, AT, ROLE),
    body=ROWS,
    answer=Added,
    keyed=True,
)
def post_batch() -> flask.Response:
    """Profile rows here, on the model's plan, and add the profile."""
    its, kind = target(), argument(ROLE)
    start = pane(its.known, argument(AT))
    found = profile_rows(its, read_table(body(), flask.request.content_type))
    data = found.to_bytes()
    return once(its.known, lambda connection: add_profile(connection, its, kind, start, found, data))


@group.declare("POST", "/api/v1/anomalies", scope="write", parameters=ONE, body=Findings, answer=Found)
def post_anomalies() -> flask.Response:
    """Show a detector's findings; each detector's replace its last ones."""
    known = asked()
    found = findings(known, read_body(Findings).anomalies)
    service().engine.anomalies(known, found)
    return flask.jsonify({"series": len({one.labels for one in found})})


@group.declare(
    "PUT",
    "/api/v1/projects/<project>/models/<model>/reference",
    scope="write",
    body=PROFILE,
    answer=Registered,
    keyed=True,
)
def put_reference(project: str, model: str) -> flask.Response:
    """Register the profile of training data: its plan is what jobs profile with from now on."""
    authorize("write", project)
    known = service().registry.get(project, model)
    sent = body()
    found = readable(Profile.from_bytes, sent)
    if not found.rows:
        raise Problem(422, "Empty reference", "the profile has no rows; profile the training table", "body")
    _check_panes(known, found)
    _check_plan(known, found.plan)

    def write(connection: Connection) -> Registered:
        number = store.add_reference(connection, known.id, service().clock.now(), found.plan.id, sent)
        store.mark_pending(connection, known.id, "reference", {number})
        return {"rows": found.rows, "plan": found.plan.id, "panes": len(found.panes)}

    return once(known, write, lambda: service().registry.forget_baseline(known.id))


def _check_panes(known: Known, found: Profile) -> None:
    """Refuse a reference whose panes are not the model's, or its history would sit on other days."""
    calendar = known.spec.calendar
    strange = [start for start in found.panes if calendar.start(utc(start)) != utc(start)]
    if strange:
        raise Problem(
            422,
            "Other panes",
            f"the reference has a pane that begins at {utc(strange[0]).isoformat()}, and {known.spec.project}/"
            f"{known.spec.model} has panes of {format_duration(known.spec.every)} in {known.spec.timezone}; "
            "profile it with every= and timezone= of the spec",
            "body",
        )


def _check_plan(known: Known, plan: Plan) -> None:
    """Refuse a reference that contradicts the spec: what it says of kinds and segments would never be acted on."""
    spec = known.spec
    for name, kind in spec.kinds.items():
        if name in plan.columns and plan.columns[name].kind != kind:
            raise Problem(
                422,
                "Other kinds",
                f"column {name!r} is {plan.columns[name].kind} in the reference and {kind} in the spec of "
                f"{spec.project}/{spec.model}; profile it with `wolfpack profile --plan SPEC`, or with kinds=",
                "body",
            )
    for name, values in spec.kept_segments.items():
        if values is not None and name in plan.segments and set(plan.segments[name]) != set(values):
            raise Problem(
                422,
                "Other segments",
                f"segment {name!r} keeps {', '.join(plan.segments[name])} in the reference and {', '.join(values)} "
                f"in the spec of {spec.project}/{spec.model}; profile it with `wolfpack profile --plan SPEC`",
                "body",
            )


def readable(read: Callable[[bytes], Read], sent: bytes, what: str = "profile") -> Read:
    """Return what is read of a body; one that cannot be read is the sender's problem."""
    try:
        return read(sent)
    except ProfileFormatError as error:
        raise Problem(400, f"Unreadable {what}", str(error), "body") from error


def plan_of(its: Target) -> Plan | None:
    with service().ledger.read() as connection:
        baseline = service().registry.baseline(connection, its.known.id)
    return None if baseline is None else baseline.plan_for(its.known.spec)


def profile_rows(its: Target, table: pa.Table) -> Profile:
    plan = plan_of(its) or bare_plan(table.schema).ranged(its.known.spec.ranges)
    try:
        return profile(table, plan=plan)
    except (TableError, ValueError) as error:
        raise Problem(422, "Rows cannot be profiled", str(error), "body") from error


def add_profile(
    connection: Connection, its: Target, kind: str, start: datetime, found: Profile | Outline, body: bytes
) -> dict[str, Any]:
    values = {
        "version": its.version,
        "role": kind,
        "start": int(start.timestamp()),
        "part": its.part,
        "job": its.job,
        "received": service().clock.now(),
        "plan_id": found.plan.id,
        "rows": found.rows,
        "data": body,
    }
    replaced = store.add_part(connection, its.known.id, values)
    service().received[its.known.spec.project] += 1
    return {"rows": found.rows, "pane": pane_text(its.known, int(start.timestamp())), "replaced": replaced}


def pane_text(known: Known, start: int) -> str:
    return datetime.fromtimestamp(start, known.spec.zone).isoformat()
