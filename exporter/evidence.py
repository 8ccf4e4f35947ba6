"""The evidence pages, for people without Grafana at hand and for what it cannot draw; no row of data is shown."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

import flask

from wolfpack.exporter import schema
from wolfpack.exporter.assembly import Assembly
from wolfpack.exporter.charts import Chart, chart
from wolfpack.exporter.clock import utc
from wolfpack.exporter.column_evidence import column_evidence
from wolfpack.exporter.conditions import conditions
from wolfpack.exporter.declaration import Group
from wolfpack.exporter.history import Shown
from wolfpack.exporter.html import PAGE, optional, page
from wolfpack.exporter.model_evidence import job_runs, metric_chart, spec_text
from wolfpack.exporter.model_tables import column_rows, role_rows, value_rows
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import authorize, service
from wolfpack.exporter.sample import Key
from wolfpack.exporter.service import Service
from wolfpack.exporter.stages import load_stages
from wolfpack.exporter.standing_since import standing_since
from wolfpack.exporter.window import Window, thresholds
from wolfpack.spec import FAMILIES, Family, format_duration, names

_COLUMN_CHARTS: tuple[tuple[str, tuple[Family, ...]], ...] = (
    ("Values", (names.COLUMN_P05, names.COLUMN_P50, names.COLUMN_P95, names.COLUMN_MEAN)),
    ("Missing", (names.COLUMN_MISSING,)),
    ("PSI and its noise", (names.COLUMN_PSI, names.COLUMN_PSI_NOISE)),
    ("Kolmogorov-Smirnov and its noise", (names.COLUMN_KS, names.COLUMN_KS_NOISE)),
)
"""What is drawn of a column over event time."""
_MODEL_METRICS = tuple(
    family
    for family in FAMILIES.values()
    if family.cls in ("pane", "window") and "column" not in family.labels and "detector" not in family.labels
)


@dataclass
class Evidence:
    """What the pages keep between requests: profiles that were decoded."""

    assembly: Assembly
    lock: threading.Lock


def evidence_of(its: Service) -> Evidence:
    return Evidence(Assembly(its.registry, its.engine.ids), threading.Lock())


group = Group("evidence", template_folder="templates", static_folder="static", static_url_path="/static")


@group.declare(
    "GET",
    "/models/<project>/<model>",
    scope="read",
    answer=PAGE,
    parameters=(optional("metric", "what is drawn over event time"),),
)
def model(project: str, model: str) -> flask.Response:
    """Show one model: what is the matter, its windows, its columns, and one metric over event time."""
    authorize("read", project)
    known = service().registry.get(project, model)
    shown = service().shelf.shown(known.id)
    metric = _metric(shown)
    with service().ledger.read() as connection:
        stages, done = load_stages(connection, known.id), job_runs(connection, known)
        drawn = metric_chart(connection, service().engine.ids, known, shown, metric, stages)
    return page(
        "model.html", spec=known.spec, every=format_duration(known.spec.every),
        window=format_duration(known.spec.window),
        found=conditions(shown, thresholds(known.spec), known.spec.quality, service().clock.now()),
        roles=role_rows(shown), columns=column_rows(shown), values=value_rows(shown),
        chart=drawn, metric=metric.name,
        metrics=[one.name for one in _MODEL_METRICS if any(key[0] == one.name for key in shown)],
        runs=done, stages=stages, text=spec_text(known.spec), fault=service().registry.fault,
    )  # fmt: skip


@group.declare(
    "GET",
    "/models/<project>/<model>/columns/<path:column>",
    scope="read",
    answer=PAGE,
    parameters=(
        optional("segment", "column of a segment; with value"),
        optional("value", "value of that column"),
        optional("end", "end of the window, epoch seconds or ISO 8601; the newest without it"),
    ),
)
def column(project: str, model: str, column: str) -> flask.Response:
    """Show one column of one window beside the reference, by segment."""
    authorize("read", project)
    known = service().registry.get(project, model)
    role = known.spec.role_of(column)
    if role not in ("input", "prediction"):
        raise Problem(
            404,
            "No profile",
            f"{column!r} is the {role} of {project}/{model}; it is never profiled",
            "column",
        )
    segment = flask.request.args.get("segment", ""), flask.request.args.get("value", "")
    ends = _ends(known, role)
    end = _chosen(ends)
    found, window, since = None, None, None
    if end is not None:
        with _kept().lock, service().ledger.read() as connection:
            pane = known.spec.calendar.start(utc(end - 1))
            built = _kept().assembly.window(connection, known, role, pane)
            window = None if built is None else built[0]
            found = None if window is None else column_evidence(window, column, segment)
            if found is not None:
                named = _labels(known, role, column, segment)
                its = service().engine.ids
                since = standing_since(connection, its, known.id, named, found.scores, end)
    if found is None and end is not None:
        raise Problem(404, "No column", f"{project}/{model} has no {role} column {column!r} here", "column")
    return page(
        "column.html", spec=known.spec, column=column, role=role, end=end, ends=ends, found=found, since=since,
        segment=segment, segments=_segments(window, column), charts=_column_charts(known, role, column, segment),
    )  # fmt: skip


def _kept() -> Evidence:
    found: Evidence = flask.current_app.extensions["wolfpack.evidence"]
    return found


def _metric(shown: dict[Key, Shown]) -> Family:
    """Return the metric that the address asks for, else the rows of panes."""
    name = flask.request.args.get("metric", names.PANE_ROWS.name)
    known = {one.name: one for one in _MODEL_METRICS}
    if name not in known:
        raise Problem(422, "Unknown metric", f"metric={name!r}; allowed are {', '.join(known)}", "metric")
    return known[name]


def _column_charts(known: Known, role: str, column: str, segment: tuple[str, str]) -> list[Chart]:
    labels = _labels(known, role, column, segment)
    with service().ledger.read() as connection:
        found = []
        for title, families in _COLUMN_CHARTS:
            keys = [
                (
                    one.name.removeprefix("ml_column_"),
                    (one.name, tuple(labels.get(name, "") for name in one.labels)),
                )
                for one in families
            ]
            found.append(chart(connection, service().engine.ids, known.id, title, keys))
    return [one for one in found if one.times]


def _labels(known: Known, role: str, column: str, segment: tuple[str, str]) -> dict[str, str]:
    """Return the labels of the series of a column, of all versions together and against the reference."""
    return {
        "project": known.spec.project, "model": known.spec.model, "role": role, "column": column,
        "segment": segment[0], "segment_value": segment[1], "baseline": "reference",
    }  # fmt: skip


def _ends(known: Known, role: str) -> list[int]:
    """Return the ends of the panes that have rows, newest first."""
    c = schema.parts.c
    with service().ledger.read() as connection:
        starts = connection.execute(
            schema.parts.select()
            .with_only_columns(c.start)
            .where(c.model_id == known.id, c.role == role)
            .distinct()
            .order_by(c.start.desc())
            .limit(400)
        ).scalars()
        calendar, now = known.spec.calendar, service().clock.now()
        ends = [int(calendar.end(utc(start)).timestamp()) for start in starts]
    return [end for end in ends if end <= now]


def _chosen(ends: list[int]) -> int | None:
    """Return the window end that the address asks for, else the newest."""
    asked = flask.request.args.get("end")
    if asked is None:
        return ends[0] if ends else None
    try:
        end = int(asked) if asked.isdigit() else int(datetime.fromisoformat(asked).timestamp())
    except ValueError:
        end = -1
    if end not in ends:
        raise Problem(404, "No window", f"no pane with rows ends at {asked!r}; choose one on the page", "end")
    return end


def _segments(window: Window | None, column: str) -> list[tuple[str, str]]:
    if window is None:
        return []
    return [segment for segment, states in window.whole.main.segments.items() if column in states]
