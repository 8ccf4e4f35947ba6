"""Panels of what teams and jobs tell: runs of jobs, scalars, deployments, and feedback on findings."""

from __future__ import annotations

from wolfpack.dashboards.panels import Panel, Query, Steps, lines, stat
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import names

ANY: Steps = (("green", None), ("red", 1))
LATE: Steps = (("green", None), ("red", 0))
JOB = ("job_name",)


def failed_jobs(scope: Scope) -> Panel:
    run, success = scope.most(names.JOB_LAST_RUN, JOB), scope.most(names.JOB_LAST_SUCCESS, JOB)
    expr = f"sum({run} > bool ({success} or 0 * {run}))"
    text = "Jobs whose newest run did not succeed."
    return stat("Failed jobs", text, "none", [Query(expr, "jobs")], steps=ANY, width=6)


def past_due_jobs(scope: Scope) -> Panel:
    expr = f"time() - {scope.most(names.JOB_DUE, JOB)}"
    text = "How long ago the oldest scheduled run without a success was due, grace included; below zero there is time."
    return stat("Jobs past due", text, "s", [Query(expr, "{{job_name}}")], steps=LATE, width=18)


def success_age(scope: Scope) -> Panel:
    expr = f"time() - {scope.most(names.JOB_LAST_SUCCESS, JOB)}"
    text = "Time since the newest run that succeeded ended."
    return lines("Age of the last success", text, "s", [Query(expr, "{{job_name}}")], width=8)


def job_duration(scope: Scope) -> Panel:
    expr = scope.most(names.JOB_DURATION, JOB)
    return lines("Duration", "How long the newest run took.", "s", [Query(expr, "{{job_name}}")], width=8)


def job_rows(scope: Scope) -> Panel:
    expr = scope.most(names.JOB_ROWS, JOB)
    text = "Rows that the newest run handled, of jobs that say so."
    return lines("Rows by job", text, "short", [Query(expr, "{{job_name}}")], width=8)


def scalar_values(scope: Scope) -> Panel:
    by = ("scalar",)
    queries = [
        Query(scope.most(names.SCALAR_VALUE, by), "{{scalar}}"),
        Query(
            scope.most(names.SCALAR_VALUE, ("version", "scalar"), version='!=""'),
            "{{scalar}}, version {{version}}",
        ),
    ]
    text = "Newest values that the team sends, of all live versions together, and by version where several send one."
    return lines("Values", text, "none", queries, width=18)


def scalar_age(scope: Scope) -> Panel:
    by = ("scalar",)
    queries = [
        Query(f"time() - {scope.most(names.SCALAR_TIME, by)}", "{{scalar}}"),
        Query(f"time() - {scope.most(names.SCALAR_DUE, by)} > 0", "{{scalar}} past due"),
    ]
    text = "How old the newest values are in event time, and by how much those are too old that may not get so old."
    return stat("Age of the values", text, "s", queries, width=6)


def scalar_steps(scope: Scope) -> Panel:
    expr = scope.most(names.SCALAR_STEP, ("scalar",))
    text = "Step at which the newest value was taken, such as an epoch of training."
    return stat("Steps", text, "none", [Query(expr, "{{scalar}}")], width=24)


def deployments(scope: Scope) -> Panel:
    expr = f"1000 * {scope.most(names.DEPLOYMENT, ('version', 'stage'))}"
    text = "The versions deployed last, the stage that each is in, and since when."
    return stat("Deployments", text, "dateTimeAsIso", [Query(expr, "{{version}} {{stage}}")], width=24)


def feedback(scope: Scope) -> Panel:
    expr = scope.most(names.FEEDBACK, ("detector", "metric", "verdict"))
    text = "Findings that people judged right or wrong, by detector and watched metric."
    return stat("Feedback", text, "none", [Query(expr, "{{verdict}}: {{detector}} {{metric}}")], width=24)
