"""Endpoints that answer what is known: plans, models, windows, and the two histories of every series."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

import flask
from sqlalchemy import Connection, func, select

from wolfpack.exporter import schema
from wolfpack.exporter.matchers import Matchers, parse
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import argument, authorize, service
from wolfpack.exporter.sample import stored_key
from wolfpack.spec import FAMILIES, format_duration

blueprint = flask.Blueprint("reads", __name__)
PAGE = 11_000
"""Points a page, as Prometheus' own limit."""
CHUNK = 500
"""Series asked for in one query; SQLite's older releases take 999 variables."""


@blueprint.get("/api/v1/projects/<project>/models/<model>/plan")
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
    return flask.jsonify(
        {
            "id": plan.id,
            "plan": plan.to_dict(),
            "every": format_duration(spec.every),
            "timezone": spec.timezone,
            "schedule": spec.schedule,
        }
    )


@blueprint.get("/api/v1/projects")
def get_projects() -> flask.Response:
    """List the projects that have a spec."""
    authorize("read", None)
    return flask.jsonify({"projects": sorted({known.spec.project for known in service().registry.all()})})


@blueprint.get("/api/v1/models")
def get_models() -> flask.Response:
    """List the models with owner and spec hash, of one project if it is given."""
    project = flask.request.args.get("project")
    authorize("read", project)
    found = [known.spec for known in service().registry.all() if project in (None, known.spec.project)]
    return flask.jsonify(
        {
            "models": [
                {"project": spec.project, "model": spec.model, "owner": spec.owned_by, "spec_hash": spec.hash}
                for spec in found
            ]
        }
    )


@blueprint.get("/api/v1/windows")
def get_windows() -> flask.Response:
    """List the panes received of a model and role, newest first, with their parts."""
    project, model = argument("project"), argument("model")
    authorize("read", project)
    known = service().registry.get(project, model)
    c = schema.parts.c
    with service().ledger.read() as connection:
        rows = connection.execute(
            select(c.role, c.start, func.count().label("parts"), func.max(c.received).label("received"))
            .where(c.model_id == known.id)
            .group_by(c.role, c.start)
            .order_by(c.start.desc(), c.role)
            .limit(1000)
        ).all()
    return flask.jsonify(
        {
            "windows": [
                {"role": r.role, "start": r.start, "deliveries": r.parts, "received": r.received}
                for r in rows
            ]
        }
    )


@blueprint.get("/api/v1/series")
def get_series() -> flask.Response:
    """Return the history of the series that match: by event time, or as the metrics page showed it."""
    try:
        family, matchers = parse(argument("match"))
    except ValueError as error:
        raise Problem(422, "Bad match", str(error), "match") from None
    authorize("read", matchers.equal("project"))
    kind = argument("as", "event")
    if kind not in ("event", "exposed"):
        raise Problem(422, "Bad history", f"as={kind!r}; allowed are event, exposed", "as")
    start, end, changed = _number("start", 0.0), _number("end", 1e12), _number("changed", 0.0)
    if changed and kind != "event":
        raise Problem(422, "Bad history", "changed= asks for revisions, which as=event has; use start=", "changed")
    cursor = _cursor()
    with service().ledger.read() as connection:
        wanted = [
            found
            for known in service().registry.all()
            for found in _matching(connection, known, family, matchers)
        ]
        if changed:
            points = _changes(connection, [number for number, _ in wanted], start, end, changed).get
            return flask.jsonify(_page(wanted, lambda number: points(number, []), cursor))
        return flask.jsonify(
            _page(wanted, lambda number: _points(connection, number, kind, start, end), cursor)
        )


def _cursor() -> tuple[int, int]:
    """Return where a page begins: the number of a series and how many of its points came before."""
    text = argument("cursor", "0")
    found = re.fullmatch(r"(\d{1,18})(?:\.(\d{1,18}))?", text)
    if found is None:
        raise Problem(422, "Bad cursor", f"cursor={text!r}; give `next` of the page before, or 0", "cursor")
    return int(found[1]), int(found[2] or 0)


def _number(name: str, default: float) -> float:
    text = argument(name, str(default))
    try:
        number = float(text)
        if not isfinite(number):
            raise ValueError
        return number
    except ValueError:
        raise Problem(422, "Bad number", f"{name}={text!r}; epoch seconds are wanted", name) from None


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


def _page(
    wanted: list[tuple[int, dict[str, str]]],
    points_of: Callable[[int], list[list[float | None]]],
    cursor: tuple[int, int],
) -> dict[str, Any]:
    """Return up to PAGE points from the cursor on; the next cursor names the series and point to go on from."""
    found: list[dict[str, Any]] = []
    room = PAGE
    numbers = [number for number, _ in wanted]
    if cursor[0] and cursor[0] not in numbers:
        raise Problem(422, "Bad cursor", f"series {cursor[0]} is not of this match; begin again with 0", "cursor")
    begin = numbers.index(cursor[0]) if cursor[0] else 0
    for number, labels in wanted[begin:]:
        points = points_of(number)
        offset = cursor[1] if number == cursor[0] else 0
        here = points[offset : offset + room]
        if here:
            found.append({"labels": labels, "points": here})
            room -= len(here)
        if offset + len(here) < len(points):
            return {"series": found, "next": f"{number}.{offset + len(here)}"}
    return {"series": found, "next": None}


def _changes(
    connection: Connection, numbers: list[int], start: float, end: float, changed: float
) -> dict[int, list[list[float | None]]]:
    """Return the newest revision of each window revised since, null where a value was taken back."""
    s = schema.samples.c
    newest: dict[int, dict[float, list[float | None]]] = {}
    for first in range(0, len(numbers), CHUNK):
        # + 0 keeps the database from reading every series as a whole instead of the index of what was computed last
        query = (
            select(s.series_id, s.window_end, s.value, s.computed)
            .where(s.computed >= changed, (s.series_id + 0).in_(numbers[first : first + CHUNK]))
            .where(s.window_end >= start, s.window_end <= end)
            .order_by(s.window_end, s.computed)
        )
        for number, *point in connection.execute(query):
            newest.setdefault(number, {})[point[0]] = point
    return {number: list(points.values()) for number, points in newest.items()}


def _points(
    connection: Connection, number: int, kind: str, start: float, end: float
) -> list[list[float | None]]:
    if kind == "exposed":
        e = schema.exposures.c
        query = (
            select(e.window_end, e.value, e.shown)
            .where(e.series_id == number, e.shown >= start, e.shown <= end)
            .order_by(e.shown)
        )
        return [list(row) for row in connection.execute(query)]
    s = schema.samples.c
    newest: dict[float, list[float | None]] = {}
    query = (
        select(s.window_end, s.value, s.computed)
        .where(s.series_id == number, s.window_end >= start, s.window_end <= end)
        .order_by(s.window_end, s.computed)
    )
    for row in connection.execute(query):
        newest[row.window_end] = list(row)
    return [point for point in newest.values() if point[1] is not None]
