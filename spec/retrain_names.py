"""The families of the retrain signal: whether training anew is due, and how many labels there are to train with."""

from __future__ import annotations

from wolfpack.spec.family import MODEL, gauge

RETRAIN = gauge(
    "ml_model_retrain_due", "", "window", (*MODEL, "reason"),
    "1 if the spec's `retrain` says that training anew is due for this reason, `quality` or `drift`, else 0.",
)  # fmt: skip
NEW_LABELS = gauge(
    "ml_model_new_labels", "", "window", MODEL,
    "Predictions with a label in panes since the model was trained: since its newest reference or version.",
)  # fmt: skip
OF_RETRAIN = (RETRAIN, NEW_LABELS)
"""All of them."""
