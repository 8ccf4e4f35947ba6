"""The families of concept drift: whether labels moved where predictions did not, and whether chances come true."""

from __future__ import annotations

from wolfpack.spec.family import BY_REGION, QUALITY, gauge

LABEL_CHANGE = gauge(
    "ml_model_label_change", "", "window", QUALITY,
    "How far labels moved at the same prediction against what was learnt, of a segment against its own part of it; "
    "sampling removed, in the label's unit.",
)  # fmt: skip
LABEL_CHANGE_NOISE = gauge(
    "ml_model_label_change_noise", "", "window", QUALITY,
    "What the label change reaches without drift: by sampling, and by habit where the reference's quality has panes.",
)  # fmt: skip
LABEL_SHIFT = gauge(
    "ml_model_label_shift", "", "window", QUALITY, "The same with its sign: labels now less those learnt, on average."
)
CALIBRATION_NOISE = gauge(
    "ml_model_calibration_noise", "", "window", QUALITY,
    "What the expected calibration error reaches if the predicted chances come true.",
)  # fmt: skip
REGION_ERROR = gauge(
    "ml_model_region_error", "", "window", BY_REGION,
    "Prediction less label on average in a region of the prediction; `region` counts them from the lowest.",
)  # fmt: skip
REGION_ERROR_STDERR = gauge(
    "ml_model_region_error_stderr", "", "window", BY_REGION, "Standard error of the error in a region."
)
OF_CONCEPT = (
    LABEL_CHANGE, LABEL_CHANGE_NOISE, LABEL_SHIFT, CALIBRATION_NOISE, REGION_ERROR, REGION_ERROR_STDERR,
)  # fmt: skip
