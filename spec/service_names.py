"""The families of Wolfpack itself: the exporter, the sidecar, and what they take from sources."""

from __future__ import annotations

from wolfpack.spec.family import MODEL, Family, gauge

SOURCE = (*MODEL, "source")
INGEST = ("kind", "outcome")

BUILD_INFO = gauge("wolfpack_build_info", "", "service", ("release",), "The running build; always 1.")
RELOAD_SUCCESSFUL = gauge(
    "wolfpack_config_last_reload_successful",
    "",
    "service",
    (),
    "1 if the last load of the specs, and of the tokens file, succeeded.",
)
QUEUE_LENGTH = gauge("wolfpack_queue_length", "", "service", (), "Recomputations that wait.")
SERIES_EXPOSED = gauge("wolfpack_series_exposed", "", "service", ("project",), "Series on the metrics page.")
SERIES_DROPPED = gauge(
    "wolfpack_series_dropped",
    "",
    "service",
    ("project",),
    "Series that the project's budget keeps off the metrics page.",
)
COLLECTOR_SUCCESS = gauge(
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
LAST_PANE = gauge(
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
INGEST_QUEUE = gauge(
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
LEDGER_SIZE = gauge(
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
DETECTOR_SERIES = gauge(
    "wolfpack_detector_series",
    "",
    "service",
    MODEL,
    "Series that the sidecar found to watch in its newest cycle.",
)
DETECTOR_DURATION = gauge(
    "wolfpack_detector_duration_seconds",
    "seconds",
    "service",
    MODEL,
    "How long the sidecar's newest look took.",
)
DETECTOR_WINDOW_END = gauge(
    "wolfpack_detector_window_end_timestamp_seconds",
    "seconds",
    "service",
    MODEL,
    "End of the newest window that the sidecar has seen.",
)
DETECTOR_SUCCESS = gauge(
    "wolfpack_detector_last_success_timestamp_seconds",
    "seconds",
    "service",
    MODEL,
    "When the sidecar last looked at every series of a model, without an error.",
)
DETECTOR_RELOAD = gauge(
    "wolfpack_detector_last_reload_successful",
    "",
    "service",
    (),
    "1 if the sidecar's last load of the specs succeeded.",
)
SOURCE_LAG = gauge(
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
