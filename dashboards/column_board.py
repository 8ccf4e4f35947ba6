"""The board of one column: its distribution over time, what is missing, and drift beside its noise floor."""

from __future__ import annotations

from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board, variable
from wolfpack.dashboards.links import COLUMN_UID, Outside, evidence_link, to_runbook
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json, Panel, Query, Steps, band, dashed, lines, stat, states
from wolfpack.dashboards.scope import ALERTS, Scope
from wolfpack.spec import Family, names

CHOSEN = {
    "role": "", "column": '="$shown"', "version": '=~"$version"', "segment": '=~"$segment"',
    "segment_value": '="$segment_value"',
}  # fmt: skip
"""What the board's variables choose of a family's labels; a column has one role."""
GONE: Steps = (("green", None), ("red", 1))
SCORED = (
    ("Population stability index", names.COLUMN_PSI, names.COLUMN_PSI_NOISE),
    ("Kolmogorov-Smirnov distance", names.COLUMN_KS, names.COLUMN_KS_NOISE),
    ("Increase of missing values", names.COLUMN_MISSING_INCREASE, names.COLUMN_MISSING_INCREASE_NOISE),
    ("Novel values", names.COLUMN_NOVEL, names.COLUMN_NOVEL_NOISE),
)
"""The four evidences of drift."""
QUANTILES = (
    (names.COLUMN_P95, "p95"), (names.COLUMN_P75, "p75"), (names.COLUMN_P50, "median"),
    (names.COLUMN_P25, "p25"), (names.COLUMN_P05, "p05"), (names.COLUMN_MEAN, "mean"),
)  # fmt: skip


def column_board(outside: Outside = Outside()) -> Json:  # noqa: B008 - frozen
    """Return the board that shows one column of one model, of any version and segment that has series of its own."""
    scope = Scope()
    choice = [
        *one_model(),
        variable("shown", "Column", scope.values(names.COLUMN_MISSING, "column")),
        variable("version", "Version", scope.values(names.COLUMN_MISSING, "version", **_shown("version")), none=True),
        variable("segment", "Segment", scope.values(names.COLUMN_MISSING, "segment", **_shown("segment")), none=True),
        variable(
            "segment_value",
            "Segment value",
            scope.values(names.COLUMN_MISSING, "segment_value", segment='=~"$segment"', **_shown("segment")),
        ),
    ]
    sections = [
        Section("Now", (_missing_now(scope), _rows(scope), _psi_now(scope), _distinct(scope), _schema(scope))),
        Section("Alerts", (to_runbook(_alerts(scope), outside),)),
        Section("Values", (_quantiles(scope), _extremes(scope), _share(scope))),
        Section("Drift", tuple(_evidence(scope, *one) for one in SCORED)),
        Section("Segments", (_missing_by_segment(scope), _mean_by_segment(scope))),
        Section("Mean", (_mean_change(scope),)),
    ]
    text = f"One column of one model: values, missing values, and each evidence of drift with its noise. {MADE}"
    links = evidence_link(outside, scope, column=True)
    return board("Wolfpack / Column", COLUMN_UID, text, choice, sections, links, deployments(scope))


def _shown(free: str) -> dict[str, str]:
    """Return the matchers of a variable's query: the chosen column, and the label itself free."""
    return {"column": '="$shown"'} | ({} if free == "version" else {"version": '=~"$version"'})


def _of(scope: Scope, family: Family, by: tuple[str, ...] = (), **matchers: str) -> str:
    chosen = {label: match for label, match in CHOSEN.items() if label in family.labels} | matchers
    return scope.most(family, by, **chosen)


def _missing_now(scope: Scope) -> Panel:
    text = "Share of rows without a value in the newest closed pane."
    query = Query(_of(scope, names.COLUMN_MISSING), "missing")
    return stat("Missing", text, "percentunit", [query], width=4, steps=GONE)


def _rows(scope: Scope) -> Panel:
    expr = scope.most(names.PANE_ROWS, ("role",), role="", version='=~"$version"', segment='=~"$segment"',
                      segment_value='="$segment_value"')  # fmt: skip
    return stat("Rows", "Rows of the newest closed pane, by role.", "short", [Query(expr, "{{role}}")], width=4)


def _psi_now(scope: Scope) -> Panel:
    score, noise = _of(scope, names.COLUMN_PSI, ("baseline",)), _of(scope, names.COLUMN_PSI_NOISE, ("baseline",))
    text = "How often the population stability index is its noise floor; at 1 and below it means nothing."
    query = Query(f"{score} / {noise}", "{{baseline}}")
    return stat("PSI over its noise", text, "none", [query], steps=(("green", None), ("orange", 1)), width=4)


def _distinct(scope: Scope) -> Panel:
    query = Query(_of(scope, names.COLUMN_DISTINCT), "distinct values")
    return stat("Distinct values", "Distinct values in the newest window.", "short", [query], width=4)


def _schema(scope: Scope) -> Panel:
    whole = {"column": '="$shown"', "role": ""}
    gone = scope.most(names.COLUMN_VANISHED, **whole)
    new = scope.most(names.COLUMN_APPEARED, **whole)
    text = "Whether the reference has the column and the newest pane has not (vanished), or the other way round."
    queries = [Query(f"{gone} or vector(0)", "vanished"), Query(f"{new} or vector(0)", "appeared")]
    return stat("Come and gone", text, "none", queries, steps=GONE, width=8)


def _alerts(scope: Scope) -> Panel:
    by = ("alertname", "severity", "version", "segment_value", "baseline", "metric")
    where = f'project="{scope.project}",model="{scope.model}",column="$shown",alertstate="firing"'
    expr = f"max by ({', '.join(by)}) ({ALERTS}{{{where}}})"
    text = "When each alert on this column fired, of all versions and segments."
    legend = "{{alertname}} {{severity}} {{segment_value}} {{version}} {{baseline}} {{metric}}"
    return states("Alerts on $shown", text, [Query(expr, legend)], {"1": ("firing", "red")})


def _quantiles(scope: Scope) -> Panel:
    queries = [Query(_of(scope, family), name) for family, name in QUANTILES]
    text = "Quantiles over the newest window, and the mean, dashed."
    return lines("Quantiles", text, "none", queries, overrides=[*band("p05", "p95"), dashed("^mean$")])


def _extremes(scope: Scope) -> Panel:
    shown = ((names.COLUMN_MAX, "largest"), (names.COLUMN_MIN, "smallest"), (names.COLUMN_STDDEV, "deviation"))
    queries = [Query(_of(scope, family), name) for family, name in shown]
    text = "Largest and smallest value and standard deviation over the newest window."
    return lines("Extremes and deviation", text, "none", queries, width=6)


def _share(scope: Scope) -> Panel:
    shown = (
        (names.COLUMN_MISSING, "missing"), (names.COLUMN_OUT_OF_RANGE, "out of range"),
        (names.COLUMN_OTHER_KIND, "another kind"),
    )  # fmt: skip
    queries = [Query(_of(scope, family), name) for family, name in shown]
    text = "Share of rows of the newest closed pane without a value, out of the spec's range, or of another kind."
    return lines("Shares of rows", text, "percentunit", queries, width=6)


def _evidence(scope: Scope, title: str, score: Family, noise: Family) -> Panel:
    """Return a score and its noise floor, by baseline, or by role where the family has one baseline only."""
    by, legend = (("baseline",), "{{baseline}}") if "baseline" in score.labels else (("role",), "{{role}}")
    queries = [Query(_of(scope, score, by), legend), Query(_of(scope, noise, by), f"noise floor {legend}")]
    text = f"{title} against the baseline; below its dashed noise floor it means nothing."
    return lines(title, text, "none", queries, overrides=[dashed("^noise floor ")])


def _missing_by_segment(scope: Scope) -> Panel:
    text = "Share of rows without a value"
    return _by_segment(scope, names.COLUMN_MISSING, "Missing by segment", "percentunit", text)


def _mean_by_segment(scope: Scope) -> Panel:
    return _by_segment(scope, names.COLUMN_MEAN, "Mean by segment", "none", "Mean over the newest window")


def _by_segment(scope: Scope, family: Family, title: str, unit: str, what: str) -> Panel:
    expr = scope.most(family, ("segment", "segment_value"), role="", column='="$shown"', segment='!=""')
    text = f"{what}, by segment value, of columns that the spec names under a segment."
    return lines(title, text, unit, [Query(expr, "{{segment}} {{segment_value}}")])


def _mean_change(scope: Scope) -> Panel:
    by = ("baseline",)
    queries = [
        Query(_of(scope, names.COLUMN_MEAN_CHANGE, by), "{{baseline}}"),
        Query(_of(scope, names.COLUMN_MEAN_CHANGE_NOISE, by), "noise floor {{baseline}}"),
    ]
    text = "Change of the mean as a share of the baseline's; within its dashed noise floor it means nothing."
    return lines("Change of the mean", text, "percentunit", queries, overrides=[dashed("^noise floor ")], width=24)
