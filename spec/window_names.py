"""The families of models and of their windows and panes: what is there, what is due, how many rows."""

from __future__ import annotations

from wolfpack.spec.family import COLUMN, MODEL, WINDOW, gauge

MODEL_INFO = gauge(
    "ml_model_info",
    "",
    "model",
    (*MODEL, "owner", "task", "spec_hash", "plan_id"),
    "The model as its spec declares it; always 1.",
)
WINDOW_DUE = gauge(
    "ml_window_due_timestamp_seconds",
    "seconds",
    "model",
    (*MODEL, "role"),
    "When the oldest missing pane counts as late: its scheduled time plus grace.",
)
DRIFTED_COLUMNS = gauge(
    "ml_model_drifted_columns_ratio",
    "ratio",
    "window",
    (*WINDOW, "baseline"),
    "Share of the columns compared whose distribution drifted against the baseline.",
)

MISSING_COLUMNS = gauge(
    "ml_model_missing_columns",
    "",
    "pane",
    WINDOW,
    "Columns that lack more values in the newest closed pane than they may.",
)
WINDOW_ROWS = gauge("ml_window_rows", "", "window", WINDOW, "Rows in the newest window.")
WINDOW_PANES = gauge("ml_window_panes", "", "window", WINDOW, "Panes that the newest window has.")
WINDOW_PANES_EXPECTED = gauge(
    "ml_window_panes_expected",
    "",
    "window",
    WINDOW,
    "Panes that the newest window should have, planned gaps apart.",
)
WINDOW_END = gauge(
    "ml_window_end_timestamp_seconds",
    "seconds",
    "window",
    WINDOW,
    "Event time at which the newest window ends.",
)
WINDOW_RECEIVED = gauge(
    "ml_window_received_timestamp_seconds",
    "seconds",
    "window",
    WINDOW,
    "When the last rows of the newest window were committed.",
)
PANE_ROWS = gauge("ml_pane_rows", "", "pane", WINDOW, "Rows in the newest closed pane.")
PANE_ROWS_TRAILING = gauge(
    "ml_pane_rows_trailing",
    "",
    "pane",
    WINDOW,
    "Mean rows of the panes at the same place of the week in the last four weeks, planned gaps apart.",
)
PANE_ROWS_PREVIOUS = gauge(
    "ml_pane_rows_previous",
    "",
    "pane",
    WINDOW,
    "Rows in the pane before the newest closed one, planned gaps apart; only where `change.rows` asks for it.",
)
PANE_MEAN = gauge("ml_pane_mean", "", "pane", COLUMN, "Mean of the column in the newest closed pane.")
