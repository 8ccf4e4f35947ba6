"""Endpoints that answer what is known: plans, models, windows, and the two histories of every series."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import cast

import flask
from sqlalchemy import Connection, and_, func, or_, select

from wolfpack.exporter import answers, schema
from wolfpack.exporter.declaration import Group, Parameter
from wolfpack.exporter.matchers import Matchers, parse
from wolfpack.exporter.paging import bad_cursor, in_order, page_cursor, page_limit
from wolfpack.exporter.parameters import FAR, ONE, PAGE, PROJECT
from wolfpack.exporter.points import Cursor, History, Question, first, page
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import argument, asked, authorize, number, optional, service
from wolfpack.exporter.sample import stored_key
from wolfpack.spec import FAMILIES, format_duration

group = Group("reads")
POINTS = 11_000
"""Points a page, as Prometheus' own limit."""
_SECONDS = (0.0, FAR)
ANY_PROJECT = replace(PROJECT, meaning="only the models of this project", needed=False)
MATCH = Parameter("match", 'which series: `FAMILY{label="value"}` with `=`, `!=`, `=~`, `!~`, as in PromQL')
AS = Parameter("as", "which of the two histories", "event", allowed=("event", "exposed"))
START = Parameter(
    "start",
    "epoch seconds: of the window's end for `event`, of when it was shown for `exposed`",
    "0",
    numbers=_SECONDS,
)
END = replace(START, name="end", meaning="the same, of the last one", default=f"{FAR:.0f}")
CHANGED = Parameter(
    "changed",
    "epoch seconds, for `event`: only windows whose value was computed then or later; null where it was taken back",
    "0",
    numbers=_SECONDS,
)


@group.declare(
    "GET", "/api/v1/projects/<project>/models/<model>/plan", scope="read", answer=answers.ModelPlan
)
def get_plan(project: str, model: str) -> flask.Response:
    """Return what jobs profile with; 404 without a reference."""
    authorize("read", project)
    known = service().registry.get(project, model)
    with service().ledger.read() as connection:
        baseline = service().registry.baseline(connection, known.id)
    if baseline is None:
        raise Problem(
            404,
            "No reference",
            f"{project}/{model} has no reference yet; register one to get a plan",
            "reference",
        )
    plan, spec = baseline.plan_for(known.spec), known.spec
    answer: answers.ModelPlan = {
        "id": plan.id,
        "plan": plan.to_dict(),
        "every": format_duration(spec.every),
        "timezone": spec.timezone,
        "schedule": spec.schedule,
    }
    return flask.jsonify(answer)


@group.declare("GET", "/api/v1/projects", scope="read", parameters=PAGE, answer=answers.Projects)
def get_projects() -> flask.Response:
    """List the projects that have a spec, by name."""
    authorize("read", None)
    found, following = in_order(list({known.spec.project for known in service().registry.all()}), str)
    answer: answers.Projects = {"projects": found, "next": following}
    return flask.jsonify(answer)


@group.declare("GET", "/api/v1/models", scope="read", parameters=(ANY_PROJECT, *PAGE), answer=answers.Models)
def get_models() -> flask.Response:
    """List the models with owner and spec hash, by name."""
    project = optional(ANY_PROJECT)
    authorize("read", project)
    there = [known.spec for known in service().registry.all() if project in (None, known.spec.project)]
    found, following = in_order(there, lambda spec: f"{spec.project}/{spec.model}")
    models: list[answers.Model] = [
        {"project": spec.project, "model": spec.model, "owner": spec.owned_by, "spec_hash": spec.hash}
        for spec in found
    ]
    answer: answers.Models = {"models": models, "next": following}
    return flask.jsonify(answer)


@group.declare("GET", "/api/v1/windows", scope="read", parameters=(*ONE, *PAGE), answer=answers.Windows)
def get_windows() -> flask.Response:
    """List the panes of a model into which something was delivered, newest first."""
    known, limit, text = asked("read"), page_limit(), page_cursor()
    c = schema.parts.c
    query = (
        select(c.role, c.start, func.count().label("parts"), func.max(c.received).label("received"))
        .where(c.model_id == known.id)
        .group_by(c.role, c.start)
        .order_by(c.start.desc(), c.role)
        .limit(limit + 1)
    )
    if text is not None:
        found = re.fullmatch(r"([0-9]{1,18})_([a-z]{1,16})", text)
        if found is None:
            raise bad_cursor(text)
        start, role = int(found[1]), found[2]
        query = query.where(or_(c.start < start, and_(c.start == start, c.role > role)))
    with service().ledger.read() as connection:
        rows = connection.execute(query).all()
    following = f"{rows[limit - 1].start}_{rows[limit - 1].role}" if len(rows) > limit else None
    windows: list[answers.Pane] = [
        {"role": row.role, "start": row.start, "deliveries": row.parts, "received": row.received}
        for row in rows[:limit]
    ]
    answer: answers.Windows = {"windows": windows, "next": following}
    return flask.jsonify(answer)


@group.declare(
    "GET",
    "/api/v1/series",
    scope="read",
    parameters=(MATCH, AS, START, END, CHANGED, PAGE[1]),
    answer=answers.SeriesPage,
)
def get_series() -> flask.Response:
    """Return the history of the series that match: by event time, or as the metrics page showed it."""
    try:
        family, matchers = parse(argument(MATCH))
    except ValueError as error:
        raise Problem(422, "Bad match", str(error), "match") from None
    authorize("read", matchers.equal("project"))
    question = Question(cast(History, argument(AS)), number(START), number(END), number(CHANGED))
    if question.changed and question.history != "event":
        raise Problem(
            422, "Bad history", "changed= asks for revisions, which as=event has; use start=", "changed"
        )
    with service().ledger.read() as connection:
        wanted = dict(
            found
            for known in service().registry.all()
            for found in _matching(connection, known, family, matchers)
        )
        numbers, mark = sorted(wanted), _mark(question)
        cursor = _cursor(mark) or first(connection, numbers, question)
        points, following = page(connection, numbers, question, cursor, POINTS)
    answer: answers.SeriesPage = {
        "series": [{"labels": wanted[number], "points": points[number]} for number in points],
        "next": following.text(mark) if following else None,
    }
    return flask.jsonify(answer)


def _mark(question: Question) -> str:
    """Return what a cursor says of its question: a hash."""
    return hashlib.sha256(f"{argument(MATCH)} {question}".encode()).hexdigest()[:8]


def _cursor(mark: str) -> Cursor | None:
    text = page_cursor()
    if text in (None, "", "0"):
        return None
    try:
        return Cursor.read(text, mark)
    except ValueError as error:
        raise Problem(422, "Bad cursor", f"cursor={error}", "cursor") from None


def _matching(
    connection: Connection, known: Known, family: str, matchers: Matchers
) -> list[tuple[int, dict[str, str]]]:
    c = schema.series.c
    rows = connection.execute(
        select(c.id, c.labels).where(c.model_id == known.id, c.family == family).order_by(c.id)
    )
    found = []
    for row in rows:
        labels = dict(zip(FAMILIES[family].labels, stored_key(family, row.labels)[1], strict=True))
        if matchers.match(labels):
            found.append((row.id, {"__name__": family, **{k: v for k, v in labels.items() if v}}))
    return found
