"""Panels of live models: what their monitors count, and what calls came to in the window that ends now."""

from __future__ import annotations

from wolfpack.dashboards.model_panels import above
from wolfpack.dashboards.panels import Panel, Query, Steps, lines, stat
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import names
from wolfpack.spec.vocabulary import Levels

ANY: Steps = (("green", None), ("red", 1))
ENDPOINT = ("endpoint",)
SEGMENT = ("endpoint", "segment", "segment_value")
RATE = "5m"
"""Range of rates: four scrapes of 15 s and more, also where a scrape job has 60 s."""


def workers(scope: Scope) -> Panel:
    text = "Processes of the service that were heard in the last minute."
    return stat("Workers", text, "none", [Query(scope.most(names.LIVE_WORKERS), "workers")], width=4)


def lost(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.LIVE_WORKERS_LOST), "workers lost"),
        Query(scope.most(names.LIVE_PARTS_MISSING), "parts missing"),
        Query(scope.most(names.LIVE_CALLS_DROPPED), "calls dropped"),
    ]
    text = "Processes that fell silent without ending and parts that never came, of the last hour; calls not profiled."
    return stat("Lost", text, "none", queries, steps=ANY, width=8)


def traffic(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.LIVE_REQUESTS, ENDPOINT), "{{endpoint}}"),
        Query(scope.most(names.LIVE_REQUESTS_TRAILING, ENDPOINT), "{{endpoint}}, usual"),
    ]
    text = "Calls in the live window, and what one had on average in the hour before it."
    return lines("Calls in the window", text, "short", queries)


def rate(scope: Scope) -> Panel:
    by = ("endpoint", "version")
    its = scope.select(names.LIVE_REQUESTS_TOTAL, by, version="")
    text = "Calls a second, of all live versions together, and by version where several answer."
    expr = f"max by (endpoint, version) (rate({its}[{RATE}]))"
    return lines("Calls a second", text, "reqps", [Query(expr, "{{endpoint}} {{version}}")])


def errors(scope: Scope, levels: Levels | None) -> Panel:
    failed = f"rate({scope.select(names.LIVE_ERRORS_TOTAL, ENDPOINT)}[{RATE}])"
    queries = [
        Query(scope.most(names.LIVE_ERROR_RATIO, ENDPOINT), "{{endpoint}}, share"),
        Query(f"max by (endpoint) ({failed})", "{{endpoint}}, a second"),
    ]
    text = "Share of the calls in the live window that failed, and failures a second."
    return lines("Errors", text, "none", queries, steps=above(levels))


def latency(scope: Scope, levels: Levels | None) -> Panel:
    buckets = scope.select(names.LIVE_DURATION, ENDPOINT).replace("{", "_bucket{", 1)
    quantiles = f"sum by (endpoint, le) (rate({buckets}[{RATE}]))"
    queries = [
        Query(scope.most(names.LIVE_DURATION_P95, ENDPOINT), "{{endpoint}}, 95 %"),
        Query(f"histogram_quantile(0.5, {quantiles})", "{{endpoint}}, median"),
        Query(f"histogram_quantile(0.99, {quantiles})", "{{endpoint}}, 99 %"),
    ]
    text = "What 95 % of the calls in the live window did not exceed; median and 99 % of the last minutes."
    return lines("Latency", text, "s", queries, steps=above(levels))


def outliers(scope: Scope, levels: Levels | None) -> Panel:
    expr = scope.most(names.LIVE_OUTLIER_RATIO, SEGMENT)
    text = "Share of the rows in the live window that the outlier model flagged."
    return lines("Outliers", text, "percentunit", [_by_segment(expr)], steps=above(levels))


def scores(scope: Scope) -> Panel:
    expr = scope.most(names.LIVE_OUTLIER_SCORE, SEGMENT)
    text = "Mean score of the outlier model in the live window; larger is stranger."
    return lines("Outlier score", text, "none", [_by_segment(expr)])


def empty(scope: Scope, levels: Levels | None) -> Panel:
    queries = [
        _by_segment(scope.most(names.LIVE_EMPTY_RATIO, SEGMENT)),
    ]
    text = "Share of the rows in the live window whose output has nothing in it."
    return lines("Empty outputs", text, "percentunit", queries, steps=above(levels))


def means(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(names.LIVE_MEAN, ("role", "column")), "{{column}}"),
        Query(f"sum({scope.most(names.LIVE_ROWS, ENDPOINT)})", "rows"),
    ]
    text = "Mean of each column of numbers in the live window, and the rows it is over."
    return lines("Live means", text, "none", queries)


def mean_change(scope: Scope, within: float | None) -> Panel:
    by = ("role", "column")
    queries = [
        Query(scope.most(names.LIVE_MEAN_CHANGE, by), "{{column}}"),
        Query(scope.most(names.LIVE_MEAN_CHANGE_NOISE, by), "{{column}}, noise"),
    ]
    steps: Steps = above(None if within is None else Levels(warning=within))
    text = "How far the mean of an input lies from training's, as a share of it, beside what it reaches by chance."
    return lines("Live means against training", text, "percentunit", queries, steps=steps)


def _by_segment(expr: str) -> Query:
    return Query(expr, "{{endpoint}} {{segment}} {{segment_value}}")
