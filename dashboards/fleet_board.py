"""The board of all models: which need somebody now, whose they are, and what makes the most noise."""

from __future__ import annotations

from wolfpack.dashboards.layout import MADE, Section, board, datasource, variable
from wolfpack.dashboards.links import to_model
from wolfpack.dashboards.panels import PLAIN, Column, Json, Panel, Query, Steps, lines, stat, table
from wolfpack.dashboards.scope import ALERTS, over_projects
from wolfpack.spec import Family, names

FLEET_UID = "wolfpack-fleet"
BY = ("project", "model")
OWNED = '=~"$owner"'
ANOMALOUS = (*BY, "role", "column", "metric", "detector", "scalar", "job_name")
NOISIEST = 10
WEEK = "7d"
BAD: Steps = (("green", None), ("red", 1))
LOOK: Steps = (("green", None), ("orange", 1))
LATE: Steps = (("green", None), ("red", 0))
DRIFTED: Steps = (("green", None), ("orange", 0.2), ("red", 0.5))


def fleet_board() -> Json:
    """Return the board that every on-call opens first: from it to the column that is wrong in three clicks."""
    choice = [
        datasource(),
        variable("project", "Project", f"label_values({names.MODEL_INFO}, project)", several=True),
        variable(
            "owner", "Owner", f"label_values({over_projects(names.MODEL_INFO)}, owner)", several=True
        ),
    ]
    sections = [
        Section("Now", _now()),
        Section("Models", (to_model(_table(), "model"),)),
        Section("Noise", (_noisiest(), _firing())),
        Section("Owners", (_states(), _by_owner())),
    ]
    text = f"Every model of the chosen projects and owners, the worst first. {MADE}"
    return board("Wolfpack / Fleet", FLEET_UID, text, choice, sections)


def _most(family: Family, by: tuple[str, ...] = BY, **matchers: str) -> str:
    """Return the largest value for each model of the chosen owners."""
    owned = f'max by ({", ".join(BY)}) ({over_projects(names.MODEL_INFO, owner=OWNED)})'
    return f"max by ({', '.join(by)}) ({over_projects(family, **matchers)}) and on ({', '.join(BY)}) {owned}"


def _alerts(severity: str = "", check: str = "") -> str:
    """Return the firing alerts of models, one series for each alert of a model."""
    where = 'project=~"$project",owner=~"$owner",model!="",alertstate="firing"'
    where += f',severity="{severity}"' if severity else ""
    where += f',check="{check}"' if check else ""
    return f"{ALERTS}{{{where}}}"


def _alerting(severity: str = "", check: str = "") -> str:
    """Return how many alerts fire for each model that has any."""
    return f"count by ({', '.join(BY)}) ({_alerts(severity, check)})"


def _owned() -> str:
    return f"max by ({', '.join(BY)}, owner) ({over_projects(names.MODEL_INFO, owner=OWNED)})"


def _now() -> tuple[Panel, ...]:
    """Return how many models there are, and how many of them need somebody."""
    found = (
        ("Models", "Models that the exporter knows.", _owned(), PLAIN),
        ("Critical", "Models for which a critical alert fires.", _alerting(severity="critical"), BAD),
        ("Warning", "Models for which an alert of severity warning fires.", _alerting(severity="warning"), LOOK),
        ("Late", "Models of which a pane is past due.", f"(time() - ({_most(names.WINDOW_DUE)})) > 0", BAD),
        ("Drifting", "Models of which a column drifted beyond its threshold and its noise floor.",
         f"({_most(names.DRIFTED_COLUMNS)}) > 0", LOOK),
        ("Worse", "Models for which an alert on quality fires.", _alerting(check="quality"), BAD),
        ("Anomalous", "Models of which a detector finds a series beyond its alarm line.",
         f"max by ({', '.join(BY)}) (abs({_most(names.ANOMALY_SCORE, ANOMALOUS)})) > 1", LOOK),
    )  # fmt: skip
    return tuple(
        stat(title, text, "none", [Query(f"count({expr}) or vector(0)", "models")], steps=steps, width=3)
        for title, text, expr, steps in found
    )


def _table() -> Panel:
    """Return one line for each model: what fires, what is late, how much drifted, how many rows."""
    owned = _owned()
    info = f"max by ({', '.join(BY)}) ({owned})"
    columns = [
        Column("Known", owned, shown=False),
        Column("Critical", f"{_alerting('critical')} or 0 * {info}", steps=BAD),
        Column("Warning", f"{_alerting('warning')} or 0 * {info}", steps=LOOK),
        Column("Past due", f"time() - ({_most(names.WINDOW_DUE)})", "s", LATE),
        Column("Drifted columns", _most(names.DRIFTED_COLUMNS), "percentunit", DRIFTED),
        Column("Worse", f"{_alerting(check='quality')} or 0 * {info}", steps=BAD),
        Column(
            "Anomalies",
            f"sum by (project, model) (abs({_most(names.ANOMALY_SCORE, ANOMALOUS)}) > bool 1)",
            steps=LOOK,
        ),
        Column("Rows", _most(names.PANE_ROWS, role='="input"'), "short"),
        Column("Age of the newest window", f"time() - ({_most(names.WINDOW_END)})", "s"),
    ]
    text = "A line for each model: alerts that fire, how late its oldest missing pane is, what is drifting, worse, odd."
    return table("Models", text, columns, keys=("project", "model", "owner"), sort="Critical")


def _noisiest() -> Panel:
    """Count samples of `ALERTS`, one for each evaluation: a subquery would cost as much for each step of the week."""
    expr = f"topk({NOISIEST}, sum by (alertname, project, model) (count_over_time({_alerts()}[{WEEK}])))"
    text = f"The {NOISIEST} alerts that most evaluations of the last {WEEK} found firing, all their series added up."
    columns = [Column("Evaluations", expr, "short")]
    keys = ("alertname", "project", "model")
    return to_model(table("Noisiest alerts", text, columns, keys=keys, width=12, sort="Evaluations"), "model")


def _firing() -> Panel:
    expr = f"count by (project, alertname, severity) ({_alerts()})"
    text = "Alerts that fire, by project, name and severity."
    return lines("Firing alerts", text, "short", [Query(expr, "{{project}} {{alertname}} {{severity}}")], height=12)


def _states() -> Panel:
    expr = f'max by (owner, state) ({names.OWNER_STATES}{{owner=~"$owner"}})'
    text = "Models by owner and state, which is that of the worst alert that fires; recorded by the generated rules."
    return lines("Models by state", text, "short", [Query(expr, "{{owner}} {{state}}")])


def _by_owner() -> Panel:
    expr = f'sum by (owner, severity) ({names.OWNER_ALERTS}{{owner=~"$owner"}})'
    text = "Alerts that fire, by owner and severity; recorded by the generated rules."
    return lines("Alerts by owner", text, "short", [Query(expr, "{{owner}} {{severity}}")])
