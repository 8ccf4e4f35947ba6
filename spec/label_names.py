"""The families of labels: how many came, for which predictions, and which have none."""

from __future__ import annotations

from wolfpack.spec.family import MODEL, QUALITY, gauge

LABEL_COVERAGE = gauge(
    "ml_model_label_coverage_ratio",
    "ratio",
    "window",
    QUALITY,
    "Share of the predictions of the newest labelled window whose label has come.",
)
COVERAGE_BY_AGE = gauge(
    "ml_model_label_age_coverage_ratio",
    "ratio",
    "model",
    (*MODEL, "age"),
    "Share of the predictions whose label has come, of the newest pane that ended at least `age` ago.",
)
MATURE_COVERAGE = gauge(
    "ml_model_mature_label_coverage_ratio",
    "ratio",
    "model",
    MODEL,
    "Share of the predictions whose label has come, of the newest pane whose labels should all be there: "
    "`label.matures_after` has passed.",
)
UNLABELLED = gauge(
    "ml_model_unlabelled_predictions",
    "",
    "model",
    MODEL,
    "Predictions whose label should be there and never came, of those that are still waited for.",
)
UNMATCHED_LABELS = gauge(
    "ml_model_unmatched_labels",
    "",
    "model",
    MODEL,
    "Labels that are kept and have no prediction.",
)
UNMATCHED_RATIO = gauge(
    "ml_model_unmatched_label_ratio",
    "ratio",
    "model",
    MODEL,
    "Share of the labels that are kept which have no prediction.",
)
OPEN_PREDICTIONS = gauge(
    "ml_model_waiting_predictions",
    "",
    "model",
    MODEL,
    "Predictions that are kept by key for their labels; beyond a limit the oldest are given up.",
)
