"""The families of what detectors find."""

from __future__ import annotations

from wolfpack.spec.family import DRIFT, gauge

ANOMALY = (*DRIFT, "metric", "detector", "scalar", "job_name", "class", "k")

ANOMALY_SCORE = gauge(
    "ml_anomaly_score",
    "",
    "window",
    ANOMALY,
    "Signed evidence of the detector: 0 expected, beyond 1 or -1 an alarm.",
)
ANOMALY_EXPECTED = gauge("ml_anomaly_expected", "", "window", ANOMALY, "Value that the detector expected.")
ANOMALY_LOWER = gauge("ml_anomaly_lower", "", "window", ANOMALY, "Lower end of the band of expected values.")
ANOMALY_UPPER = gauge("ml_anomaly_upper", "", "window", ANOMALY, "Upper end of the band of expected values.")
ANOMALY_READY = gauge(
    "ml_anomaly_ready", "", "window", ANOMALY, "1 when the detector has seen enough history to score, else 0."
)
