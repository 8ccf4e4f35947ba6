"""The families of columns: what a window holds, what is wrong with it, and how far it lies from a baseline."""

from __future__ import annotations

from wolfpack.spec.family import COLUMN, DRIFT, gauge

COLUMN_MISSING = gauge(
    "ml_column_missing_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Share of rows without a value in the newest closed pane.",
)
COLUMN_MISSING_INCREASE = gauge(
    "ml_column_missing_increase_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Missing ratio of the newest closed pane less the reference's.",
)
COLUMN_NOVEL = gauge(
    "ml_column_novel_ratio",
    "ratio",
    "window",
    COLUMN,
    "Share of rows whose value the reference never had, in the newest window.",
)
COLUMN_MEAN = gauge("ml_column_mean", "", "window", COLUMN, "Mean of the column in the newest window.")

COLUMN_STDDEV = gauge(
    "ml_column_stddev", "", "window", COLUMN, "Standard deviation of the column in the newest window."
)
COLUMN_MIN = gauge(
    "ml_column_min", "", "window", COLUMN, "Smallest value of the column in the newest window."
)
COLUMN_MAX = gauge(
    "ml_column_max", "", "window", COLUMN, "Largest value of the column in the newest window."
)
COLUMN_P05 = gauge("ml_column_p05", "", "window", COLUMN, "5 % quantile of the column in the newest window.")
COLUMN_P25 = gauge(
    "ml_column_p25", "", "window", COLUMN, "25 % quantile of the column in the newest window."
)
COLUMN_P50 = gauge("ml_column_p50", "", "window", COLUMN, "Median of the column in the newest window.")
COLUMN_P75 = gauge(
    "ml_column_p75", "", "window", COLUMN, "75 % quantile of the column in the newest window."
)
COLUMN_P95 = gauge(
    "ml_column_p95", "", "window", COLUMN, "95 % quantile of the column in the newest window."
)
COLUMN_DISTINCT = gauge(
    "ml_column_distinct",
    "",
    "window",
    COLUMN,
    "Distinct values of the column in the newest window; above 1,024 within 3.1 % (one standard error).",
)
COLUMN_OUT_OF_RANGE = gauge(
    "ml_column_out_of_range_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Share of values outside the range that the spec gives the column, in the newest closed pane.",
)
COLUMN_OTHER_KIND = gauge(
    "ml_column_other_kind_ratio",
    "ratio",
    "pane",
    COLUMN,
    "Share of rows whose value is of another kind than the column's, such as text among numbers, in the newest "
    "closed pane.",
)
COLUMN_AGE = gauge(
    "ml_column_age_seconds",
    "seconds",
    "window",
    COLUMN,
    "How far the newest value of a column of times lies behind the end of the newest window.",
)
COLUMN_VANISHED = gauge(
    "ml_column_vanished",
    "",
    "pane",
    COLUMN,
    "1 for a column of the reference that the newest closed pane lacks; no series for the others.",
)
COLUMN_APPEARED = gauge(
    "ml_column_appeared",
    "",
    "pane",
    COLUMN,
    "1 for a column of the newest closed pane that the reference lacks; no series for the others.",
)

COLUMN_PSI = gauge(
    "ml_column_psi",
    "",
    "window",
    DRIFT,
    "Population stability index against the baseline, sampling bias removed.",
)
COLUMN_PSI_NOISE = gauge(
    "ml_column_psi_noise", "", "window", DRIFT, "What the PSI reaches without drift: its noise floor."
)
COLUMN_KS = gauge("ml_column_ks", "", "window", DRIFT, "Kolmogorov-Smirnov distance to the baseline.")
COLUMN_KS_NOISE = gauge(
    "ml_column_ks_noise", "", "window", DRIFT, "What the KS distance reaches without drift: its noise floor."
)
COLUMN_MISSING_INCREASE_NOISE = gauge(
    "ml_column_missing_increase_noise", "", "pane", DRIFT, "What the missing increase reaches without drift."
)
COLUMN_NOVEL_NOISE = gauge(
    "ml_column_novel_noise", "", "window", DRIFT, "What the novel ratio reaches without drift."
)

COLUMN_MEAN_CHANGE = gauge(
    "ml_column_mean_change_ratio",
    "ratio",
    "window",
    DRIFT,
    "Mean less the baseline's, as a share of its size; only where `mean` asks for it, and not where that is near 0.",
)
COLUMN_MEAN_CHANGE_NOISE = gauge(
    "ml_column_mean_change_noise",
    "",
    "window",
    DRIFT,
    "What the change of the mean reaches in either direction without drift.",
)
