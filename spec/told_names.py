"""The families of what teams and jobs tell: numbers of their own, runs, deployments, and verdicts on findings."""

from __future__ import annotations

from wolfpack.spec.family import MODEL, QUALITY, gauge

SCALAR = (*QUALITY, "scalar")
JOB = (*MODEL, "job_name")  # not `job`: that is the label of Prometheus' own targets

SCALAR_VALUE = gauge(
    "ml_scalar_value", "", "event", SCALAR, "Newest value of a number that the team itself sends."
)
SCALAR_STEP = gauge(
    "ml_scalar_step", "", "event", SCALAR, "Step at which the newest value was taken, of those that have one."
)
SCALAR_TIME = gauge(
    "ml_scalar_timestamp_seconds", "seconds", "model", SCALAR, "Event time of the newest value."
)
SCALAR_DUE = gauge(
    "ml_scalar_due_timestamp_seconds",
    "seconds",
    "model",
    (*MODEL, "scalar"),
    "When the newest value becomes too old: its event time plus `stale_after`.",
)

JOB_LAST_RUN = gauge(
    "ml_job_last_run_timestamp_seconds", "seconds", "model", JOB, "When the job's newest run ended."
)
JOB_LAST_SUCCESS = gauge(
    "ml_job_last_success_timestamp_seconds",
    "seconds",
    "model",
    JOB,
    "When the job's newest run that succeeded ended.",
)
JOB_DURATION = gauge(
    "ml_job_duration_seconds", "seconds", "event", JOB, "How long the job's newest run took."
)
JOB_ROWS = gauge("ml_job_rows", "", "event", JOB, "Rows that the job's newest run handled, if it said so.")
JOB_DUE = gauge(
    "ml_job_due_timestamp_seconds",
    "seconds",
    "model",
    JOB,
    "When the job's oldest scheduled run without a success counts as late.",
)

DEPLOYMENT = gauge(
    "ml_deployment_timestamp_seconds",
    "seconds",
    "model",
    (*MODEL, "version", "stage"),
    "When a version entered the stage that it is in: shadow, canary or live.",
)
FEEDBACK = gauge(
    "ml_feedback_findings",
    "",
    "model",
    (*MODEL, "metric", "detector", "verdict"),
    "Findings that people judged right or wrong.",
)
