"""Endpoints that take profiles, rows, predictions, labels, references and a detector's findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Any

import flask
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from wolfpack.exporter import outcomes, store
from wolfpack.exporter.answers import Added, Found, Labelled, Predicted, Registered, Scored
from wolfpack.exporter.bodies import Findings, read_body
from wolfpack.exporter.clock import utc
from wolfpack.exporter.declaration import Group, Parameter, Raw
from wolfpack.exporter.encoded import body
from wolfpack.exporter.findings import findings
from wolfpack.exporter.joining import keep_predictions, key_texts, segment_rows
from wolfpack.exporter.parameters import AT, KEY, ONE, ROLE, WRITE
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import (
    Target,
    argument,
    asked,
    authorize,
    once,
    optional,
    pane,
    service,
    target,
)
from wolfpack.exporter.tables import READERS, column, read_table
from wolfpack.spec import Plan, ProfileFormatError, TableError, format_duration
from wolfpack.stats import Profile, ScoreCounts, bare_plan, profile

group = Group("writes")
PROFILE = Raw("what `Profile.to_bytes` returns")
ROWS = Raw("rows: Arrow, Parquet, NDJSON or CSV", tuple(READERS))
TIME = Parameter("time", "name of the column with each row's time, instead of `at`", needed=False)
PROFILED = Parameter(
    "profile", "`1`: also profile the columns besides the key, as role `prediction`", "0", allowed=("0", "1")
)
AT_ALL = replace(AT, meaning="the pane of all rows, as above", needed=False)


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
    found = _profile(sent)
    return once(its.known, lambda connection: _add(connection, its, kind, start, found, sent))


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
    found = _profile_rows(its, read_table(body(), flask.request.content_type))
    data = found.to_bytes()
    return once(its.known, lambda connection: _add(connection, its, kind, start, found, data))


@group.declare(
    "POST",
    "/api/v1/predictions",
    scope="write",
    parameters=(*WRITE, KEY, AT_ALL, TIME, PROFILED),
    body=ROWS,
    answer=Predicted,
    keyed=True,
)
def post_predictions() -> flask.Response:
    """Keep predictions by key until their labels come; with profile=1 profile them too."""
    its = target()
    spec = its.known.spec
    if spec.prediction is None or spec.label is None:
        raise Problem(422, "No join declared", "the spec needs `prediction` and `label` with its key", "spec")
    table = read_table(body(), flask.request.content_type)
    key = optional(KEY) or spec.label.key
    keys = _keys(column(table, key, "the key"))
    scores = _numbers(column(table, spec.prediction.column, "the prediction"), spec.prediction.column)
    starts = _starts(its, table)
    rows = [
        outcomes.Prediction(one, starts[i], scores[i], values)
        for i, (one, values) in enumerate(zip(keys, _segments(its, table), strict=True))
    ]
    profiles = {}
    if argument(PROFILED) == "1":
        kept = table.drop_columns([key])
        for start in sorted(set(starts)):
            mask = pa.array([one == start for one in starts])
            profiles[start] = _profile_rows(its, kept.filter(mask))

    def write(connection: Connection) -> Predicted:
        keep_predictions(connection, its.known, its.version, rows)
        replaced = False
        for start, found in profiles.items():
            at = datetime.fromtimestamp(start, spec.zone)
            replaced |= _add(connection, its, "prediction", at, found, found.to_bytes())["replaced"]
        return {
            "rows": len(rows),
            "panes": [_text(its.known, start) for start in sorted(set(starts))],
            "replaced": replaced,
        }

    return once(its.known, write)


@group.declare(
    "POST", "/api/v1/labels", scope="write", parameters=(*ONE, KEY), body=ROWS, answer=Labelled, keyed=True
)
def post_labels() -> flask.Response:
    """Keep labels by key; a later label of a key replaces the earlier one."""
    known = asked()
    spec = known.spec
    if spec.label is None:
        raise Problem(422, "No join declared", "the spec needs `label` with its column and key", "spec")
    table = read_table(body(), flask.request.content_type)
    keys = _keys(column(table, optional(KEY) or spec.label.key, "the key"))
    values = _numbers(column(table, spec.label.column, "the label"), spec.label.column)
    rows = {key: value for key, value in zip(keys, values, strict=True) if value is not None}
    strange = sorted({value for value in rows.values() if value not in (0.0, 1.0)})
    if strange:
        raise Problem(
            422,
            "Bad labels",
            f"{spec.label.column!r} holds {strange[0]!r}; a binary label is 0, 1 or null",
            "body",
        )

    def write(connection: Connection) -> Labelled:
        panes = outcomes.add_labels(connection, known.id, rows, service().clock.now())
        return {"rows": len(rows), "panes": [_text(known, start) for start in sorted(panes)]}

    return once(known, write)


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
    found = _profile(sent)
    if not found.rows:
        raise Problem(422, "Empty reference", "the profile has no rows; profile the training table", "body")
    _check_panes(known, found)
    _check_plan(known, found.plan)

    def write(connection: Connection) -> Registered:
        number = store.add_reference(connection, known.id, service().clock.now(), found.plan.id, sent)
        store.mark_pending(connection, known.id, "reference", {number})
        return {"rows": found.rows, "plan": found.plan.id, "panes": len(found.panes)}

    return once(known, write, lambda: service().registry.forget_baseline(known.id))


@group.declare(
    "PUT",
    "/api/v1/projects/<project>/models/<model>/reference/scores",
    scope="write",
    body=Raw("what `ScoreCounts.to_bytes` returns"),
    answer=Scored,
    keyed=True,
)
def put_reference_scores(project: str, model: str) -> flask.Response:
    """Add scores and labels of the training data to the newest reference: what a drop is measured from."""
    authorize("write", project)
    known = service().registry.get(project, model)
    sent = body()
    try:
        scores = ScoreCounts.from_bytes(sent)
    except ProfileFormatError as error:
        raise Problem(400, "Unreadable scores", str(error), "body") from error

    def write(connection: Connection) -> Scored:
        reference = store.reference(connection, known.id)
        if reference is None:
            raise Problem(409, "No reference", "register the reference profile first", "reference")
        store.set_reference_scores(connection, reference.id, sent)
        return {"rows": scores.rows}

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


def _profile(sent: bytes) -> Profile:
    try:
        return Profile.from_bytes(sent)
    except ProfileFormatError as error:
        raise Problem(400, "Unreadable profile", str(error), "body") from error


def _plan(its: Target) -> Plan | None:
    with service().ledger.read() as connection:
        baseline = service().registry.baseline(connection, its.known.id)
    return None if baseline is None else baseline.plan_for(its.known.spec)


def _profile_rows(its: Target, table: pa.Table) -> Profile:
    plan = _plan(its) or bare_plan(table.schema).ranged(its.known.spec.ranges)
    try:
        return profile(table, plan=plan)
    except (TableError, ValueError) as error:
        raise Problem(422, "Rows cannot be profiled", str(error), "body") from error


def _add(
    connection: Connection, its: Target, kind: str, start: datetime, found: Profile, body: bytes
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
    return {"rows": found.rows, "pane": _text(its.known, int(start.timestamp())), "replaced": replaced}


def _text(known: Known, start: int) -> str:
    return datetime.fromtimestamp(start, known.spec.zone).isoformat()


def _keys(values: pa.ChunkedArray) -> list[str]:
    if values.null_count:
        raise Problem(
            422, "Missing keys", f"{values.null_count} rows have no key; every row needs one", "body"
        )
    return key_texts(values.to_pylist())


def _numbers(values: pa.ChunkedArray, name: str) -> list[float | None]:
    try:
        found: list[float | None] = pc.cast(values, pa.float64()).to_pylist()
    except pa.ArrowException as error:
        raise Problem(422, "Not a number", f"column {name!r}: {error}", "body") from error
    if any(value in (inf, -inf) for value in found):
        raise Problem(
            422, "Not a number", f"column {name!r} holds an infinity in row {_first_infinite(found)}", "body"
        )
    return [None if value is None or value != value else value for value in found]


def _first_infinite(values: list[float | None]) -> int:
    return next(index for index, value in enumerate(values) if value in (inf, -inf))


def _starts(its: Target, table: pa.Table) -> list[int]:
    """Return each row's pane: of the column that `time` names, else of `at`."""
    name = optional(TIME)
    if name is None:
        return [int(pane(its.known, argument(AT)).timestamp())] * table.num_rows
    texts = [str(value) for value in column(table, name, "the time").to_pylist()]
    panes = {text: int(pane(its.known, text).timestamp()) for text in set(texts)}
    return [panes[text] for text in texts]


def _segments(its: Target, table: pa.Table) -> list[dict[str, str]]:
    """Return each row's values of the segment columns, as the plan keeps them."""
    try:
        return segment_rows(its.known.spec, _plan(its), table)
    except pa.ArrowException as error:
        raise Problem(
            422, "Bad segments", f"a segment column cannot be read as text: {error}", "body"
        ) from error
