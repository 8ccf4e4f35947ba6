"""The board of releases: two live versions beside each other, their traffic, predictions, inputs and quality."""

from __future__ import annotations

from wolfpack.dashboards import model_panels as panel
from wolfpack.dashboards import told_panels as told
from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json, Panel, Query, dashed, lines
from wolfpack.dashboards.quality_panels import title
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import Family, names
from wolfpack.spec.measures import MEASURES, Metric

RELEASE_UID = "wolfpack-release"
LIVE = {"version": '!=""'}
TOP = 10


def release_board() -> Json:
    """Return the board that says whether the new version may stay."""
    scope = Scope()
    sections = [
        Section("Versions", (told.deployments(scope), panel.version_rows(scope), _traffic(scope))),
        Section("Predictions", (panel.release_shift(scope), _prediction_means(scope))),
        Section("Inputs", (_inputs(scope, names.COLUMN_PSI, names.COLUMN_PSI_NOISE),)),
        Section("Quality", (_quality(scope, "roc_auc"), _quality(scope, "brier"))),
    ]
    text = f"Live versions of one model beside each other; shown while two or more have rows. {MADE}"
    return board("Wolfpack / Release", RELEASE_UID, text, one_model(), sections, (), deployments(scope))


def _traffic(scope: Scope) -> Panel:
    rows = scope.most(names.WINDOW_ROWS, ("version",), role='="prediction"', **LIVE)
    text = "Share of the predictions of the newest window that each version made."
    query = Query(f"{rows} / scalar(sum({rows}))", "version {{version}}")
    return lines("Traffic", text, "percentunit", [query])


def _prediction_means(scope: Scope) -> Panel:
    expr = scope.most(names.COLUMN_MEAN, ("version", "column"), role='="prediction"', column="", **LIVE)
    text = "Mean of each version's predictions in the newest window."
    return lines("Mean of the predictions by version", text, "none", [Query(expr, "{{column}}, version {{version}}")])


def _inputs(scope: Scope, score: Family, noise: Family) -> Panel:
    by = ("version", "column")
    where = {"role": '="input"', "baseline": '="version"', "column": "", **LIVE}
    top = f"topk({TOP}, {scope.most(score, by, **where)})"
    queries = [
        Query(top, "{{column}}, version {{version}}"),
        Query(f"{scope.most(noise, by, **where)} and {top}", "noise floor {{column}}, version {{version}}"),
    ]
    text = (
        f"Population stability index of each version's inputs against those of the version before it, the {TOP} "
        "columns with most: whether both see the same traffic. Below its dashed noise floor it means nothing."
    )
    return lines("Inputs against the previous version", text, "none", queries, overrides=[dashed("^noise ")], width=24)


def _quality(scope: Scope, metric: Metric) -> Panel:
    measure = MEASURES[metric]
    queries = [Query(scope.most(measure.value, ("version",), **LIVE), "version {{version}}")]
    if measure.noise_limit is not None:
        queries.append(Query(scope.most(measure.noise_limit, ("version",), **LIVE), "by chance, version {{version}}"))
    text = (
        f"{title(measure)} of each version over its newest labelled window; dashed, where the spec has a `drop`, how "
        "bad it gets by chance while it is as good as the version before it."
    )
    return lines(f"{title(measure)} by version", text, "none", queries, overrides=[dashed("^by chance")])
