"""The board of anomalies: what detectors watch, each value in its band, and what they were right about."""

from __future__ import annotations

from wolfpack.dashboards import model_panels as panel
from wolfpack.dashboards import told_panels as told
from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board, variable
from wolfpack.dashboards.links import to_column
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json, Panel, Query, Steps, heat, lines, stat
from wolfpack.dashboards.scope import FREE, Scope
from wolfpack.spec import names

ANOMALY_UID = "wolfpack-anomalies"
TOP = 30
SERIES = ("role", "column", "metric", "detector", "scalar", "job_name")
LEGEND = "{{metric}} {{column}}{{scalar}}{{job_name}} {{role}}"
STRENGTH: Steps = (("green", None), ("yellow", 0.7), ("red", 1))
"""Of the size of a score: the alarm line is 1."""
WARMING: Steps = (("green", None), ("orange", 1))


def anomaly_board() -> Json:
    """Return the board of everything that detectors watch of one model."""
    scope = Scope()
    watched = {"metric": '="$metric"', "column": "", "role": ""}
    choice = [
        *one_model(),
        variable("metric", "Watched metric", scope.values(names.ANOMALY_READY, "metric")),
        variable("watched", "Watched column", scope.values(names.ANOMALY_READY, "column", **watched)),
    ]
    sections = [
        Section("Now", (panel.anomalous(scope), _watched(scope), _warming(scope), _worst(scope))),
        Section("Scores", (to_column(_scores(scope), scope),)),
        Section("In its band", (panel.anomaly_band(scope), _score(scope))),
        Section("Judged", (told.feedback(scope),)),
    ]
    text = f"Series that detectors watch: score, expected value, band, and feedback. {MADE}"
    return board("Wolfpack / Anomalies", ANOMALY_UID, text, choice, sections, (), deployments(scope))


def _watched(scope: Scope) -> Panel:
    expr = f"count({scope.most(names.ANOMALY_READY, SERIES, **FREE)})"
    return stat("Watched series", "Series that detectors watch.", "short", [Query(expr, "series")], width=5)


def _warming(scope: Scope) -> Panel:
    expr = f"sum({scope.most(names.ANOMALY_READY, SERIES, **FREE)} == bool 0)"
    text = "Series whose history is still too short for their detector; they are not judged."
    return stat("Warming up", text, "short", [Query(expr, "series")], steps=WARMING, width=5)


def _worst(scope: Scope) -> Panel:
    expr = f"topk(1, abs({scope.most(names.ANOMALY_SCORE, SERIES, **FREE)}))"
    text = "The series with the strongest evidence; beyond 1 it is an alarm."
    return stat("Strongest evidence", text, "none", [Query(expr, LEGEND)], steps=STRENGTH, width=11)


def _scores(scope: Scope) -> Panel:
    expr = f"topk({TOP}, abs({scope.most(names.ANOMALY_SCORE, SERIES, **FREE)}))"
    text = f"Size of the evidence over time, of the {TOP} series with most; red is beyond the alarm line."
    return heat("Evidence by series", text, "none", [Query(expr, LEGEND)], steps=STRENGTH)


def _score(scope: Scope) -> Panel:
    where = {"metric": '="$metric"', "column": '="$watched"', "role": ""}
    expr = scope.most(names.ANOMALY_SCORE, ("column", "scalar", "job_name", "detector"), **where)
    text = "Signed evidence for the series chosen above: 0 as expected, beyond 1 or -1 an alarm."
    queries = [Query(expr, "{{detector}} {{column}}{{scalar}}{{job_name}}")]
    return lines("Score of $metric $watched", text, "none", queries, steps=panel.OUTSIDE)
