"""The families of live models: calls and rows in the window that ends now, and the processes that tell of them."""

from __future__ import annotations

from wolfpack.spec.family import MODEL, Family, gauge

LIVE = (*MODEL, "version", "endpoint")
LIVE_SEGMENT = (*LIVE, "segment", "segment_value")
LIVE_COLUMN = (*MODEL, "version", "role", "column")

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
LIVE_REQUESTS = gauge("ml_live_requests", "", "live", LIVE, "Calls in the live window.")
LIVE_REQUESTS_TRAILING = gauge(
    "ml_live_requests_trailing",
    "",
    "live",
    LIVE,
    "Calls that a live window had on average in the hour before it; not before ten minutes of calls.",
)
LIVE_ERROR_RATIO = gauge(
    "ml_live_error_ratio", "ratio", "live", LIVE, "Share of the calls in the live window that failed."
)
LIVE_DURATION_P95 = gauge(
    "ml_live_duration_p95_seconds",
    "seconds",
    "live",
    LIVE,
    "What 95 % of the calls in the live window did not exceed, linear within a bucket of the histogram.",
)
LIVE_ROWS = gauge(
    "ml_live_rows", "", "live", LIVE_SEGMENT, "Rows in the live window: a call may have several, a failed one has none."
)
LIVE_EMPTY_RATIO = gauge(
    "ml_live_empty_ratio",
    "ratio",
    "live",
    LIVE_SEGMENT,
    "Share of the rows in the live window whose output has nothing in it.",
)
LIVE_OUTLIER_RATIO = gauge(
    "ml_live_outlier_ratio",
    "ratio",
    "live",
    LIVE_SEGMENT,
    "Share of the rows in the live window that the outlier model flagged, of those it scored.",
)
LIVE_OUTLIER_SCORE = gauge(
    "ml_live_outlier_score",
    "",
    "live",
    LIVE_SEGMENT,
    "Mean score of the outlier model in the live window; larger is stranger.",
)
LIVE_MEAN = gauge("ml_live_mean", "", "live", LIVE_COLUMN, "Mean of the column in the live window.")
LIVE_MEAN_CHANGE = gauge(
    "ml_live_mean_change_ratio",
    "ratio",
    "live",
    LIVE_COLUMN,
    "Mean in the live window less the reference's, as a share of its size; not where that is near 0.",
)
LIVE_MEAN_CHANGE_NOISE = gauge(
    "ml_live_mean_change_noise",
    "",
    "live",
    LIVE_COLUMN,
    "What the change of the live mean reaches in either direction without a change.",
)
LIVE_WORKERS = gauge("ml_live_workers", "", "live", MODEL, "Processes of the service that are there.")
LIVE_WORKERS_LOST = gauge(
    "ml_live_workers_lost",
    "",
    "live",
    MODEL,
    "Processes that fell silent in the last hour without saying that they end.",
)
LIVE_PARTS_MISSING = gauge(
    "ml_live_parts_missing",
    "",
    "live",
    MODEL,
    "Parts of the processes heard in the last hour that never came, though later ones did.",
)
LIVE_CALLS_DROPPED = gauge(
    "ml_live_calls_dropped", "", "live", MODEL, "Calls in the live window that were not profiled."
)
