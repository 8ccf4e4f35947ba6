"""The panels of the model board, one function each; `levels` of a spec become threshold lines."""

from __future__ import annotations

from collections.abc import Collection

from wolfpack.dashboards.panels import PLAIN, Panel, Query, Steps, band, dashed, lines, stat, states
from wolfpack.dashboards.scope import FREE, Scope
from wolfpack.spec import names
from wolfpack.spec.vocabulary import Levels

TOP = 10
LATE: Steps = (("green", None), ("red", 0))
ANY: Steps = (("green", None), ("red", 1))
OUTSIDE: Steps = (("red", None), ("green", -1), ("red", 1))
SHOWN = {"column": '="$shown"'}
WATCHED = {"metric": '="$metric"', "role": "", "column": '="$watched"'}
SERIES = ("role", "column", "metric", "baseline", "scalar", "job_name")
ALERT = (
    "alertname", "severity", "version", "role", "column", "segment", "segment_value", "scalar", "job_name", "endpoint",
)  # fmt: skip
BANDED = ("column", "scalar", "job_name")


def firing(scope: Scope, check: str = "") -> Panel:
    expr = f"count({scope.firing(ALERT, check)})"
    text = "Alerts of this model that fire now, in Prometheus' own words."
    return stat("Firing alerts", text, "none", [Query(f"{expr} or vector(0)", "alerts")], steps=ANY)


def past_due(scope: Scope) -> Panel:
    text = "How long ago the oldest missing pane was due, grace included; below zero there is still time."
    expr = f"time() - {scope.most(names.WINDOW_DUE, ('role',))}"
    return stat("Past due", text, "s", [Query(expr, "{{role}}")], steps=LATE)


def due(scope: Scope) -> Panel:
    text = "When the oldest missing pane of each role counts as late: its scheduled time plus grace."
    expr = f"1000 * {scope.most(names.WINDOW_DUE, ('role',))}"
    return stat("Due", text, "dateTimeAsIso", [Query(expr, "{{role}}")], width=24)


def age(scope: Scope) -> Panel:
    text = "Time since the newest window ended, in event time."
    expr = f"time() - {scope.most(names.WINDOW_END, ('role',))}"
    return stat("Age of the newest window", text, "s", [Query(expr, "{{role}}")])


def newest_rows(scope: Scope) -> Panel:
    expr = scope.most(names.PANE_ROWS, ("role",))
    return stat("Rows", "Rows in the newest closed pane.", "short", [Query(expr, "{{role}}")])


def empty_columns(scope: Scope) -> Panel:
    text = "Columns that have no value at all in the newest closed pane."
    expr = f"sum({scope.most(names.COLUMN_MISSING, ('role', 'column'))} >= bool 1)"
    return stat("Empty columns", text, "none", [Query(expr, "columns")], steps=ANY)


def lacking(scope: Scope) -> Panel:
    text = "Columns that lack more values in the newest closed pane than the spec allows."
    expr = scope.most(names.MISSING_COLUMNS)
    return stat("Columns lacking values", text, "none", [Query(expr, "columns")], steps=ANY)


def drifted(scope: Scope, levels: Levels | None) -> Panel:
    text = (
        "Share of the compared columns whose distribution drifted beyond its threshold and its noise floor."
    )
    expr = scope.most(names.DRIFTED_COLUMNS, ("role", "baseline"))
    steps = above(levels)
    return stat("Drifted columns", text, "percentunit", [Query(expr, "{{role}}, {{baseline}}")], steps=steps)


def anomalous(scope: Scope) -> Panel:
    text = "Watched series whose newest window lies beyond the alarm line of their detector."
    expr = f"sum(abs({scope.most(names.ANOMALY_SCORE, SERIES, **FREE)}) > bool 1)"
    return stat("Anomalies", text, "none", [Query(expr, "series")], steps=ANY)


def rows(scope: Scope, against: Collection[str]) -> Panel:
    """Return the rows beside what they are compared with: `trailing`, `previous`, both or none."""
    known = {
        "trailing": (names.PANE_ROWS_TRAILING, "the mean of the same weekday before"),
        "previous": (names.PANE_ROWS_PREVIOUS, "the pane before"),
    }
    queries = [Query(scope.most(names.PANE_ROWS, ("role",)), "{{role}}")]
    words = ["Rows of the newest closed pane, by role"]
    for one in (one for one in known if one in against):
        queries.append(Query(scope.most(known[one][0], ("role",)), f"{one} {{{{role}}}}"))
        words.append(known[one][1])
    text = ", and dashed ".join([words[0], " and ".join(words[1:])]) if words[1:] else words[0]
    return lines("Rows", f"{text}.", "short", queries, overrides=[dashed("^(trailing|previous) ")])


def segment_rows(scope: Scope) -> Panel:
    by = ("segment", "segment_value")
    expr = scope.most(names.PANE_ROWS, by, segment='!=""', role='="input"')
    text = "Input rows of the newest closed pane by segment value; a value without rows reads 0."
    return lines("Rows by segment", text, "short", [Query(expr, "{{segment}} {{segment_value}}")])


def version_rows(scope: Scope) -> Panel:
    expr = scope.most(names.WINDOW_ROWS, ("version",), version='!=""', role='="prediction"')
    text = "Predictions in the newest window by version; shown only while two versions or more have rows."
    return lines("Rows by version", text, "short", [Query(expr, "version {{version}}")])


def release_shift(scope: Scope) -> Panel:
    where = {"version": '!=""', "baseline": '="version"', "role": '="prediction"', "column": ""}
    expr = scope.most(names.COLUMN_PSI, ("version", "column"), **where)
    text = "Population stability index of each version's predictions against those of the version before it."
    queries = [Query(expr, "{{column}}, version {{version}}")]
    return lines("Predictions against the previous version", text, "none", queries)


def missing(scope: Scope) -> Panel:
    text = f"Share of rows without a value in the newest closed pane; the {TOP} columns with most."
    expr = f"topk({TOP}, {scope.most(names.COLUMN_MISSING, ('role', 'column'))})"
    return lines("Missing by column", text, "percentunit", [Query(expr, "{{column}} ({{role}})")])


def out_of_range(scope: Scope, levels: Levels | None) -> Panel:
    text = f"Share of values outside the spec's range in the newest closed pane; the {TOP} columns with most."
    expr = f"topk({TOP}, {scope.most(names.COLUMN_OUT_OF_RANGE, ('role', 'column'))})"
    queries = [Query(expr, "{{column}} ({{role}})")]
    return lines("Out of range by column", text, "percentunit", queries, steps=above(levels))


def other_kind(scope: Scope, levels: Levels | None) -> Panel:
    text = f"Share of rows whose value is of another kind than the column's; the {TOP} columns with most."
    expr = f"topk({TOP}, {scope.most(names.COLUMN_OTHER_KIND, ('role', 'column'))})"
    queries = [Query(expr, "{{column}} ({{role}})")]
    return lines("Values of another kind by column", text, "percentunit", queries, steps=above(levels))


def schema(scope: Scope) -> Panel:
    by = ("role", "column")
    queries = [
        Query(scope.most(names.COLUMN_VANISHED, by), "{{column}} ({{role}}) vanished"),
        Query(scope.most(names.COLUMN_APPEARED, by), "{{column}} ({{role}}) appeared"),
    ]
    text = "Columns that only one of the reference and the newest closed pane has, and since when."
    return states("Columns come and gone", text, queries, {"1": ("differs", "orange")})


def times_age(scope: Scope) -> Panel:
    text = "How far the newest value of each column of times lies behind the end of the newest window."
    queries = [Query(scope.most(names.COLUMN_AGE, ("role", "column")), "{{column}} ({{role}})")]
    return lines("Age of the times", text, "s", queries)


def quantiles(scope: Scope) -> Panel:
    shown = (
        (names.COLUMN_P95, "p95"), (names.COLUMN_P75, "p75"), (names.COLUMN_P50, "median"),
        (names.COLUMN_P25, "p25"), (names.COLUMN_P05, "p05"), (names.COLUMN_MEAN, "mean"),
    )  # fmt: skip
    queries = [Query(scope.most(family, **SHOWN), name) for family, name in shown]
    text = "Quantiles of the column chosen above over its newest window, and its mean, dashed."
    return lines("Quantiles of $shown", text, "none", queries, overrides=[*band("p05", "p95"), dashed("^mean$")])


def extremes(scope: Scope) -> Panel:
    shown = ((names.COLUMN_MAX, "largest"), (names.COLUMN_MIN, "smallest"), (names.COLUMN_STDDEV, "deviation"))
    queries = [Query(scope.most(family, **SHOWN), name) for family, name in shown]
    text = "Largest and smallest value and standard deviation of the column chosen above over its newest window."
    return lines("Extremes and deviation of $shown", text, "none", queries, width=6)


def distinct(scope: Scope) -> Panel:
    queries = [Query(scope.most(names.COLUMN_DISTINCT, **SHOWN), "distinct values")]
    text = "Distinct values of the column chosen above in its newest window."
    return lines("Distinct values of $shown", text, "short", queries, width=6)


def prediction_mean(scope: Scope) -> Panel:
    role = {"role": '="prediction"', "column": ""}
    queries = [
        Query(scope.most(names.COLUMN_MEAN, ("column",), **role), "{{column}}, window"),
        Query(scope.most(names.PANE_MEAN, ("column",), **role), "{{column}}, newest pane"),
    ]
    text = "Mean of the predictions in the newest window, and in the newest closed pane, dashed."
    return lines("Mean of the predictions", text, "none", queries, overrides=[dashed("newest pane$")])


def anomaly_band(scope: Scope) -> Panel:
    """Return the chosen metric in its band; the variable `metric` holds only what detectors watch."""
    where = f'project="{scope.project}",model="{scope.model}",version="",segment="",column="$watched"'
    queries = [
        Query(f'max by ({", ".join(BANDED)}) ({{__name__="$metric",{where}}})', "value"),
        Query(scope.most(names.ANOMALY_EXPECTED, BANDED, **WATCHED), "expected"),
        Query(scope.most(names.ANOMALY_LOWER, BANDED, **WATCHED), "lower"),
        Query(scope.most(names.ANOMALY_UPPER, BANDED, **WATCHED), "upper"),
    ]
    text = "The watched metric and column chosen above, what its detector expected, dashed, and its band."
    overrides = [*band("lower", "upper"), dashed("^expected$")]
    return lines("$metric $watched in its band", text, "none", queries, overrides=overrides)


def anomaly_score(scope: Scope) -> Panel:
    expr = scope.most(names.ANOMALY_SCORE, SERIES, **FREE)
    text = (
        "Signed evidence of the detectors for every watched series: 0 as expected, beyond 1 or -1 an alarm."
    )
    queries = [Query(expr, "{{metric}} {{column}}{{scalar}}{{job_name}} {{role}}")]
    return lines("Anomaly score", text, "none", queries, steps=OUTSIDE)


def alerts(scope: Scope, check: str = "") -> Panel:
    """Return when each alert fired, of all or of those about one thing."""
    legend = (
        "{{alertname}} {{severity}} {{role}} {{column}}{{scalar}}{{job_name}} {{segment_value}} {{version}}"
    )
    text = "When each alert of this model fired, from Prometheus' own series of its alerts."
    return states("Alerts", text, [Query(scope.firing(ALERT, check), legend)], {"1": ("firing", "red")})


def above(levels: Levels | None) -> Steps:
    """Return the colours of values that are bad above the levels of a spec."""
    given = [("orange", levels.warning), ("red", levels.critical)] if levels else []
    return (*PLAIN, *((color, value) for color, value in given if value is not None))
