"""The metric catalogue: every family that Wolfpack may emit, once.

The exporter and the sidecar expose nothing else; rules, dashboards and documents read it from here.
`cls` says when a value is taken: ``pane`` the newest closed pane, ``window`` the newest window, ``event`` the
newest that a team or a job told (with a history of its own), ``live`` the live window that ends now, or calls
since the exporter started (in memory, without a history), ``model`` the model as it stands now,
``service`` Wolfpack itself. A family gets further labels only at its end: the ledger keeps their values by place.
"""

from __future__ import annotations

from wolfpack.spec.concept_names import CALIBRATION_NOISE as CALIBRATION_NOISE
from wolfpack.spec.concept_names import LABEL_CHANGE as LABEL_CHANGE
from wolfpack.spec.concept_names import LABEL_CHANGE_NOISE as LABEL_CHANGE_NOISE
from wolfpack.spec.concept_names import LABEL_SHIFT as LABEL_SHIFT
from wolfpack.spec.concept_names import OF_CONCEPT as OF_CONCEPT
from wolfpack.spec.concept_names import REGION_ERROR as REGION_ERROR
from wolfpack.spec.concept_names import REGION_ERROR_STDERR as REGION_ERROR_STDERR
from wolfpack.spec.fairness_names import OF_LABELS, OF_SELECTION

# Under their own names: this module is where others find them.
from wolfpack.spec.family import COLUMN as COLUMN
from wolfpack.spec.family import DRIFT as DRIFT
from wolfpack.spec.family import FAIRNESS as FAIRNESS
from wolfpack.spec.family import MODEL as MODEL
from wolfpack.spec.family import QUALITY as QUALITY
from wolfpack.spec.family import WINDOW as WINDOW
from wolfpack.spec.family import Class as Class
from wolfpack.spec.family import Family as Family
from wolfpack.spec.family import Type as Type
from wolfpack.spec.family import gauge as _gauge
from wolfpack.spec.measures import MEASURES
from wolfpack.spec.measures import QUALITY_FAMILIES as _QUALITY_FAMILIES

SCALAR = (*QUALITY, "scalar")
JOB = (*MODEL, "job_name")  # not `job`: that is the label of Prometheus' own targets
ANOMALY = (*DRIFT, "metric", "detector", "scalar", "job_name", "class", "k")
SOURCE = (*MODEL, "source")
LIVE = (*MODEL, "version", "endpoint")
LIVE_SEGMENT = (*LIVE, "segment", "segment_value")
LIVE_COLUMN = (*MODEL, "version", "role", "column")
INGEST = ("kind", "outcome")


MODEL_INFO = _gauge(
    "ml_model_info",
    "",
    "model",
    (*MODEL, "owner", "task", "spec_hash", "plan_id"),
    "The model as its spec declares it; always 1.",
)
WINDOW_DUE = _gauge(
    "ml_window_due_timestamp_seconds",
    "seconds",
    "model",
    (*MODEL, "role"),
    "When the oldest missing pane counts as late: its scheduled time plus grace.",
)
DRIFTED_COLUMNS = _gauge(
    "ml_model_drifted_columns_ratio",
    "ratio",
    "window",
    (*WINDOW, "baseline"),
    "Share of the columns compared whose distribution drifted against the baseline.",
)

MISSING_COLUMNS = _gauge(
    "ml_model_missing_columns",
    "",
    "pane",
    WINDOW,
    "Columns that lack more values in the newest closed pane than they may.",
)
WINDOW_ROWS = _gauge("ml_window_rows", "", "window", WINDOW, "Rows in the newest window.")
WINDOW_PANES = _gauge("ml_window_panes", "", "window", WINDOW, "Panes that the newest window has.")
WINDOW_PANES_EXPECTED = _gauge(
    "ml_window_panes_expected",
    "",
    "window",
    WINDOW,
    "Panes that the newest window should have, planned gaps apart.",
)
WINDOW_END = _gauge(
    "ml_window_end_timestamp_seconds",
    "seconds",
    "window",
    WINDOW,
    "Event time at which the newest window ends.",
)
WINDOW_RECEIVED = _gauge(
    "ml_window_received_timestamp_seconds",
    "seconds",
    "window",
    WINDOW,
    "When the last rows of the newest window were committed.",
)
PANE_ROWS = _gauge("ml_pane_rows", "", "pane", WINDOW, "Rows in the newest closed pane.")
PANE_ROWS_TRAILING = _gauge(
    "ml_pane_rows_trailing",
    "",
    "pane",
    WINDOW,
    "Mean rows of the panes at the same place of the week in the last four weeks, planned gaps apart.",
)
PANE_ROWS_PREVIOUS = _gauge(
    "ml_pane_rows_previous",
    "",
    "pane",
    WINDOW,
    "Rows in the pane before the newest closed one, planned gaps apart; only where `change.rows` asks for it.",
)
PANE_MEAN = _gauge("ml_pane_mean", "", "pane", COLUMN, "Mean of the column in the newest closed pane.")

COLUMN_MISSING = _gauge(
    "ml_column_missing_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Share of rows without a value in the newest closed pane.",
)
COLUMN_MISSING_INCREASE = _gauge(
    "ml_column_missing_increase_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Missing ratio of the newest closed pane less the reference's.",
)
COLUMN_NOVEL = _gauge(
    "ml_column_novel_ratio",
    "ratio",
    "window",
    COLUMN,
    "Share of rows whose value the reference never had, in the newest window.",
)
COLUMN_MEAN = _gauge("ml_column_mean", "", "window", COLUMN, "Mean of the column in the newest window.")

COLUMN_STDDEV = _gauge(
    "ml_column_stddev", "", "window", COLUMN, "Standard deviation of the column in the newest window."
)
COLUMN_MIN = _gauge(
    "ml_column_min", "", "window", COLUMN, "Smallest value of the column in the newest window."
)
COLUMN_MAX = _gauge(
    "ml_column_max", "", "window", COLUMN, "Largest value of the column in the newest window."
)
COLUMN_P05 = _gauge("ml_column_p05", "", "window", COLUMN, "5 % quantile of the column in the newest window.")
COLUMN_P25 = _gauge(
    "ml_column_p25", "", "window", COLUMN, "25 % quantile of the column in the newest window."
)
COLUMN_P50 = _gauge("ml_column_p50", "", "window", COLUMN, "Median of the column in the newest window.")
COLUMN_P75 = _gauge(
    "ml_column_p75", "", "window", COLUMN, "75 % quantile of the column in the newest window."
)
COLUMN_P95 = _gauge(
    "ml_column_p95", "", "window", COLUMN, "95 % quantile of the column in the newest window."
)
COLUMN_DISTINCT = _gauge(
    "ml_column_distinct",
    "",
    "window",
    COLUMN,
    "Distinct values of the column in the newest window; above 1,024 within 3.1 % (one standard error).",
)
COLUMN_OUT_OF_RANGE = _gauge(
    "ml_column_out_of_range_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Share of values outside the range that the spec gives the column, in the newest closed pane.",
)
COLUMN_OTHER_KIND = _gauge(
    "ml_column_other_kind_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Share of rows whose value is of another kind than the column's, such as text among numbers, in the newest "
    "closed pane.",
)
COLUMN_AGE = _gauge(
    "ml_column_age_seconds",
    "seconds",
    "window",
    COLUMN,
    "How far the newest value of a column of times lies behind the end of the newest window.",
)
COLUMN_VANISHED = _gauge(
    "ml_column_vanished",
    "",
    "pane",
    COLUMN,
    "1 for a column of the reference that the newest closed pane lacks; no series for the others.",
)
COLUMN_APPEARED = _gauge(
    "ml_column_appeared",
    "",
    "pane",
    COLUMN,
    "1 for a column of the newest closed pane that the reference lacks; no series for the others.",
)

COLUMN_PSI = _gauge(
    "ml_column_psi",
    "",
    "window",
    DRIFT,
    "Population stability index against the baseline, sampling bias removed.",
)
COLUMN_PSI_NOISE = _gauge(
    "ml_column_psi_noise", "", "window", DRIFT, "What the PSI reaches without drift: its noise floor."
)
COLUMN_KS = _gauge("ml_column_ks", "", "window", DRIFT, "Kolmogorov-Smirnov distance to the baseline.")
COLUMN_KS_NOISE = _gauge(
    "ml_column_ks_noise", "", "window", DRIFT, "What the KS distance reaches without drift: its noise floor."
)
COLUMN_MISSING_INCREASE_NOISE = _gauge(
    "ml_column_missing_increase_noise", "", "pane", DRIFT, "What the missing increase reaches without drift."
)
COLUMN_NOVEL_NOISE = _gauge(
    "ml_column_novel_noise", "", "window", DRIFT, "What the novel ratio reaches without drift."
)

COLUMN_MEAN_CHANGE = _gauge(
    "ml_column_mean_change_ratio",
    "ratio",
    "window",
    DRIFT,
    "Mean less the baseline's, as a share of its size; only where `mean` asks for it, and not where that is near 0.",
)
COLUMN_MEAN_CHANGE_NOISE = _gauge(
    "ml_column_mean_change_noise",
    "",
    "window",
    DRIFT,
    "What the change of the mean reaches in either direction without drift.",
)

OF_QUALITY = _QUALITY_FAMILIES
ROC_AUC, ROC_AUC_STDERR = MEASURES["roc_auc"].value, MEASURES["roc_auc"].stderr
BRIER = MEASURES["brier"].value

LABEL_COVERAGE = _gauge(
    "ml_model_label_coverage_ratio",
    "ratio",
    "window",
    QUALITY,
    "Share of the predictions of the newest labelled window whose label has come.",
)
COVERAGE_BY_AGE = _gauge(
    "ml_model_label_age_coverage_ratio",
    "ratio",
    "model",
    (*MODEL, "age"),
    "Share of the predictions whose label has come, of the newest pane that ended at least `age` ago.",
)
MATURE_COVERAGE = _gauge(
    "ml_model_mature_label_coverage_ratio",
    "ratio",
    "model",
    MODEL,
    "Share of the predictions whose label has come, of the newest pane whose labels should all be there: "
    "`label.matures_after` has passed.",
)
UNLABELLED = _gauge(
    "ml_model_unlabelled_predictions",
    "",
    "model",
    MODEL,
    "Predictions whose label should be there and never came, of those that are still waited for.",
)
UNMATCHED_LABELS = _gauge(
    "ml_model_unmatched_labels",
    "",
    "model",
    MODEL,
    "Labels that are kept and have no prediction.",
)
UNMATCHED_RATIO = _gauge(
    "ml_model_unmatched_label_ratio",
    "ratio",
    "model",
    MODEL,
    "Share of the labels that are kept which have no prediction.",
)
OPEN_PREDICTIONS = _gauge(
    "ml_model_waiting_predictions",
    "",
    "model",
    MODEL,
    "Predictions that are kept by key for their labels; beyond a limit the oldest are given up.",
)

OF_FAIRNESS = (*OF_SELECTION, *OF_LABELS)

ANOMALY_SCORE = _gauge(
    "ml_anomaly_score",
    "",
    "window",
    ANOMALY,
    "Signed evidence of the detector: 0 expected, beyond 1 or -1 an alarm.",
)
ANOMALY_EXPECTED = _gauge("ml_anomaly_expected", "", "window", ANOMALY, "Value that the detector expected.")
ANOMALY_LOWER = _gauge("ml_anomaly_lower", "", "window", ANOMALY, "Lower end of the band of expected values.")
ANOMALY_UPPER = _gauge("ml_anomaly_upper", "", "window", ANOMALY, "Upper end of the band of expected values.")
ANOMALY_READY = _gauge(
    "ml_anomaly_ready", "", "window", ANOMALY, "1 when the detector has seen enough history to score, else 0."
)

SCALAR_VALUE = _gauge(
    "ml_scalar_value", "", "event", SCALAR, "Newest value of a number that the team itself sends."
)
SCALAR_STEP = _gauge(
    "ml_scalar_step", "", "event", SCALAR, "Step at which the newest value was taken, of those that have one."
)
SCALAR_TIME = _gauge(
    "ml_scalar_timestamp_seconds", "seconds", "model", SCALAR, "Event time of the newest value."
)
SCALAR_DUE = _gauge(
    "ml_scalar_due_timestamp_seconds",
    "seconds",
    "model",
    (*MODEL, "scalar"),
    "When the newest value becomes too old: its event time plus `stale_after`.",
)

JOB_LAST_RUN = _gauge(
    "ml_job_last_run_timestamp_seconds", "seconds", "model", JOB, "When the job's newest run ended."
)
JOB_LAST_SUCCESS = _gauge(
    "ml_job_last_success_timestamp_seconds",
    "seconds",
    "model",
    JOB,
    "When the job's newest run that succeeded ended.",
)
JOB_DURATION = _gauge(
    "ml_job_duration_seconds", "seconds", "event", JOB, "How long the job's newest run took."
)
JOB_ROWS = _gauge("ml_job_rows", "", "event", JOB, "Rows that the job's newest run handled, if it said so.")
JOB_DUE = _gauge(
    "ml_job_due_timestamp_seconds",
    "seconds",
    "model",
    JOB,
    "When the job's oldest scheduled run without a success counts as late.",
)

DEPLOYMENT = _gauge(
    "ml_deployment_timestamp_seconds",
    "seconds",
    "model",
    (*MODEL, "version", "stage"),
    "When a version entered the stage that it is in: shadow, canary or live.",
)
FEEDBACK = _gauge(
    "ml_feedback_findings",
    "",
    "model",
    (*MODEL, "metric", "detector", "verdict"),
    "Findings that people judged right or wrong.",
)

LIVE_REQUESTS_TOTAL = Family(
    "ml_live_requests_total", "counter", "", "live", LIVE, "Calls of a live model."
)
LIVE_ERRORS_TOTAL = Family(
    "ml_live_errors_total",
    "counter",
    "",
    "live",
    LIVE,
    "Calls that failed: by an exception, or with a status from 500 on.",
)
LIVE_DURATION = Family(
    "ml_live_duration_seconds", "histogram", "seconds", "live", LIVE, "How long calls took."
)
LIVE_REQUESTS = _gauge("ml_live_requests", "", "live", LIVE, "Calls in the live window.")
LIVE_REQUESTS_TRAILING = _gauge(
    "ml_live_requests_trailing",
    "",
    "live",
    LIVE,
    "Calls that a live window had on average in the hour before it; not before ten minutes of calls.",
)
LIVE_ERROR_RATIO = _gauge(
    "ml_live_error_ratio", "ratio", "live", LIVE, "Share of the calls in the live window that failed."
)
LIVE_DURATION_P95 = _gauge(
    "ml_live_duration_p95_seconds",
    "seconds",
    "live",
    LIVE,
    "What 95 % of the calls in the live window did not exceed, linear within a bucket of the histogram.",
)
LIVE_ROWS = _gauge(
    "ml_live_rows", "", "live", LIVE_SEGMENT, "Rows in the live window: a call may have several, a failed one has none."
)
LIVE_EMPTY_RATIO = _gauge(
    "ml_live_empty_ratio",
    "ratio",
    "live",
    LIVE_SEGMENT,
    "Share of the rows in the live window whose output has nothing in it.",
)
LIVE_OUTLIER_RATIO = _gauge(
    "ml_live_outlier_ratio",
    "ratio",
    "live",
    LIVE_SEGMENT,
    "Share of the rows in the live window that the outlier model flagged, of those it scored.",
)
LIVE_OUTLIER_SCORE = _gauge(
    "ml_live_outlier_score",
    "",
    "live",
    LIVE_SEGMENT,
    "Mean score of the outlier model in the live window; larger is stranger.",
)
LIVE_MEAN = _gauge("ml_live_mean", "", "live", LIVE_COLUMN, "Mean of the column in the live window.")
LIVE_MEAN_CHANGE = _gauge(
    "ml_live_mean_change_ratio",
    "ratio",
    "live",
    LIVE_COLUMN,
    "Mean in the live window less the reference's, as a share of its size; not where that is near 0.",
)
LIVE_MEAN_CHANGE_NOISE = _gauge(
    "ml_live_mean_change_noise",
    "",
    "live",
    LIVE_COLUMN,
    "What the change of the live mean reaches in either direction without a change.",
)
LIVE_WORKERS = _gauge("ml_live_workers", "", "live", MODEL, "Processes of the service that are there.")
LIVE_WORKERS_LOST = _gauge(
    "ml_live_workers_lost",
    "",
    "live",
    MODEL,
    "Processes that fell silent in the last hour without saying that they end.",
)
LIVE_PARTS_MISSING = _gauge(
    "ml_live_parts_missing",
    "",
    "live",
    MODEL,
    "Parts of the processes heard in the last hour that never came, though later ones did.",
)
LIVE_CALLS_DROPPED = _gauge(
    "ml_live_calls_dropped", "", "live", MODEL, "Calls in the live window that were not profiled."
)

BUILD_INFO = _gauge("wolfpack_build_info", "", "service", ("release",), "The running build; always 1.")
RELOAD_SUCCESSFUL = _gauge(
    "wolfpack_config_last_reload_successful",
    "",
    "service",
    (),
    "1 if the last load of the specs, and of the tokens file, succeeded.",
)
QUEUE_LENGTH = _gauge("wolfpack_queue_length", "", "service", (), "Recomputations that wait.")
SERIES_EXPOSED = _gauge("wolfpack_series_exposed", "", "service", ("project",), "Series on the metrics page.")
SERIES_DROPPED = _gauge(
    "wolfpack_series_dropped",
    "",
    "service",
    ("project",),
    "Series that the project's budget keeps off the metrics page.",
)
COLLECTOR_SUCCESS = _gauge(
    "wolfpack_collector_success",
    "",
    "service",
    ("collector",),
    "1 if this part of the metrics page could be made, 0 if it is left out.",
)
PARTS_RECEIVED = Family(
    "wolfpack_parts_received_total", "counter", "", "service", ("project",), "Parts committed to the ledger."
)
WINDOWS_COMPUTED = Family(
    "wolfpack_windows_computed_total",
    "counter",
    "",
    "service",
    ("project",),
    "Windows computed or computed again.",
)
COMPUTE_FAILURES = Family(
    "wolfpack_compute_failures_total",
    "counter",
    "",
    "service",
    ("project",),
    "Computations that raised an error.",
)

WINDOWS_RECOMPUTED = Family(
    "wolfpack_windows_recomputed_total",
    "counter",
    "",
    "service",
    ("project",),
    "Windows computed that had been before: something came late, or again.",
)
LAST_PANE = _gauge(
    "wolfpack_last_pane_timestamp_seconds",
    "seconds",
    "service",
    (*MODEL, "role"),
    "When the newest pane begins that something was received for.",
)
INGEST_DURATION = Family(
    "wolfpack_ingest_duration_seconds",
    "histogram",
    "seconds",
    "service",
    INGEST,
    "Time from the whole body of a write to its answer, and in _count the writes.",
)
INGEST_QUEUE = _gauge(
    "wolfpack_ingest_queue_length",
    "",
    "service",
    (),
    "Writes that are worked on or wait for it; over 64, or 256 MB of bodies, further ones are answered with 429.",
)
INGEST_BYTES = Family(
    "wolfpack_ingest_bytes_total", "counter", "", "service", INGEST, "Bytes of the bodies of writes, as sent."
)
LEDGER_WRITE = Family(
    "wolfpack_ledger_write_duration_seconds",
    "histogram",
    "seconds",
    "service",
    (),
    "Time of a write to the ledger, from waiting for its turn until it is durable.",
)
LEDGER_SIZE = _gauge(
    "wolfpack_ledger_size_bytes", "bytes", "service", (), "Bytes that the ledger takes on disk."
)
RENDER_DURATION = Family(
    "wolfpack_render_duration_seconds",
    "histogram",
    "seconds",
    "service",
    ("part",),
    "Time to render: `page` the answer to a scrape, `model` the series of a model that changed.",
)

DETECTOR_RUNS = Family(
    "wolfpack_detector_runs_total",
    "counter",
    "",
    "service",
    MODEL,
    "Cycles in which the sidecar looked at a model.",
)
DETECTOR_SCORED = Family(
    "wolfpack_detector_scored_total",
    "counter",
    "",
    "service",
    MODEL,
    "Windows of series that the sidecar scored.",
)
DETECTOR_ERRORS = Family(
    "wolfpack_detector_errors_total",
    "counter",
    "",
    "service",
    (*MODEL, "stage"),
    "What failed in the sidecar, by stage: read, judge or send.",
)
DETECTOR_SKIPPED = Family(
    "wolfpack_detector_skipped_total",
    "counter",
    "",
    "service",
    (*MODEL, "reason"),
    "Series that the sidecar looked at and did not score, by reason.",
)
DETECTOR_MISSED = Family(
    "wolfpack_detector_missed_total",
    "counter",
    "",
    "service",
    MODEL,
    "Cycles whose deadline came before the model was done.",
)
DETECTOR_SERIES = _gauge(
    "wolfpack_detector_series",
    "",
    "service",
    MODEL,
    "Series that the sidecar found to watch in its newest cycle.",
)
DETECTOR_DURATION = _gauge(
    "wolfpack_detector_duration_seconds",
    "seconds",
    "service",
    MODEL,
    "How long the sidecar's newest look took.",
)
DETECTOR_WINDOW_END = _gauge(
    "wolfpack_detector_window_end_timestamp_seconds",
    "seconds",
    "service",
    MODEL,
    "End of the newest window that the sidecar has seen.",
)
DETECTOR_SUCCESS = _gauge(
    "wolfpack_detector_last_success_timestamp_seconds",
    "seconds",
    "service",
    MODEL,
    "When the sidecar last looked at every series of a model, without an error.",
)
DETECTOR_RELOAD = _gauge(
    "wolfpack_detector_last_reload_successful",
    "",
    "service",
    (),
    "1 if the sidecar's last load of the specs succeeded.",
)
SOURCE_LAG = _gauge(
    "wolfpack_source_lag_seconds",
    "seconds",
    "service",
    SOURCE,
    "Time since everything that a source had was last taken.",
)
SOURCE_ROWS = Family(
    "wolfpack_source_rows_total", "counter", "", "service", SOURCE, "Rows taken from a source."
)
SOURCE_REFUSED = Family(
    "wolfpack_source_refused_total",
    "counter",
    "",
    "service",
    SOURCE,
    "Lines and files of a source that could not be taken; the log has their places.",
)

OWNER_MODELS = "owner:models:count"
"""Recorded by Prometheus: models by owner."""
OWNER_STATES = "owner_state:models:count"
"""Recorded by Prometheus: models by owner and state, `critical`, `warning` or `healthy`."""
OWNER_ALERTS = "owner_alertname_severity:alerts:count"
"""Recorded by Prometheus: alerts that fire, by owner, name and severity."""

FAMILIES: dict[str, Family] = {
    family.name: family
    for name, value in list(globals().items())
    for family in (value if name in ("OF_QUALITY", "OF_FAIRNESS") else (value,))
    if isinstance(family, Family)
}
"""All families by name, in catalogue order."""
SIDECAR = frozenset(name for name in FAMILIES if name.startswith("wolfpack_detector_"))
"""Names of the families that the sidecar shows on its own page; the exporter shows all others."""


def family(name: str) -> Family:
    """Return the family of this name.

    Raises
    ------
    ValueError
        If the catalogue has no such family; the message names the nearest.
    """
    from difflib import get_close_matches

    if name in FAMILIES:
        return FAMILIES[name]
    near = get_close_matches(name, FAMILIES, 1)
    hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(FAMILIES)}"
    raise ValueError(f"{name!r} is no metric of the catalogue{hint}")
