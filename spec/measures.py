"""The measures of quality: of which task each is, which side of it is bad, and the families that show it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from wolfpack.spec.family import AT_K, BY_CLASS, BY_CLASS_AT_K, QUALITY, Family, gauge

Task = Literal["binary", "multiclass", "regression", "ranking"]
Metric = Literal[
    "roc_auc", "pr_auc", "log_loss", "brier", "expected_calibration_error", "accuracy", "precision", "recall",
    "f1", "specificity", "mean_error", "mae", "rmse", "mape", "r2", "zero_label_ratio", "hit_rate", "map", "mrr",
    "ndcg", "feedback_ratio",
]  # fmt: skip
"""Names of the measures, as the spec's `quality` says them."""
_BINARY: tuple[Task, ...] = ("binary",)
_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_NUMBERS: tuple[Task, ...] = ("regression",)
_LISTS: tuple[Task, ...] = ("ranking",)


@dataclass(frozen=True)
class Measure:
    """One measure of quality.

    Parameters
    ----------
    tasks : that have it.
    worse : the side on which a model is worse, "<" or ">"; None: neither side is better.
    low, high : ends of its values.
    value, stderr : its families.
    baseline, noise_limit : what a drop is measured from, and what it passes by chance; None without a side.
    estimate, estimate_stderr, estimate_error, estimate_error_noise : before labels come; None where there is none.
    """

    name: Metric
    tasks: tuple[Task, ...]
    worse: Literal["<", ">"] | None
    low: float
    high: float
    value: Family
    stderr: Family
    baseline: Family | None = None
    noise_limit: Family | None = None
    estimate: Family | None = None
    estimate_stderr: Family | None = None
    estimate_error: Family | None = None
    estimate_error_noise: Family | None = None

    @property
    def families(self) -> tuple[Family, ...]:
        """Its families that rest on labels, then those that come before."""
        found = (
            self.value, self.stderr, self.baseline, self.noise_limit,
            self.estimate_error, self.estimate_error_noise, self.estimate, self.estimate_stderr,
        )  # fmt: skip
        return tuple(one for one in found if one is not None)


def _measure(
    name: Metric, tasks: tuple[Task, ...], worse: Literal["<", ">"] | None, span: tuple[float, float],
    labels: tuple[str, ...], text: str, *, estimated: bool = False,
) -> Measure:  # fmt: skip
    said, what = f"ml_model_{name}", f"`{name}`"
    value = gauge(said, "ratio" if name.endswith("_ratio") else "", "window", labels, text)

    def one(suffix: str, help_: str) -> Family:
        return gauge(f"{said}_{suffix}", "", "window", labels, help_)

    side: dict[str, Family] = {
        "baseline": one(
            "baseline",
            f"What a drop of {what} is measured from: the reference's, else the mean of trailing windows; only where "
            "the spec has a `drop`. Of one version by itself: that of the version before it, over the same window.",
        ),
        "noise_limit": one(
            "noise_limit",
            f"How bad {what} gets in one of a hundred windows while the model is as good as its baseline; a drop that "
            "does not pass it is noise.",
        ),
    }
    before: dict[str, Family] = {
        "estimate": one("estimate", f"What {what} of the newest window is expected to be before labels come (CBPE)."),
        "estimate_stderr": one("estimate_stderr", f"Standard error of the expected {what}."),
        "estimate_error": one(
            "estimate_error", f"Expected {what} less the realised one, on the labelled rows of the newest window."
        ),
        "estimate_error_noise": one(
            "estimate_error_noise", f"What that error of {what} reaches in either direction while estimates hold."
        ),
    }
    return Measure(
        name, tasks, worse, span[0], span[1], value, one("stderr", f"Standard error of {what}."),
        **(side if worse else {}), **(before if estimated else {}),
    )  # fmt: skip


_UNIT, _LOSS, _ANY = (0.0, 1.0), (0.0, inf), (-inf, inf)
MEASURES: dict[Metric, Measure] = {
    one.name: one
    for one in (
        _measure("roc_auc", _CLASSES, "<", _UNIT, BY_CLASS, "Area under the ROC curve over the newest labelled "
                 "window; of several classes the mean of each against the rest, or that of `class`.", estimated=True),
        _measure("pr_auc", _CLASSES, "<", _UNIT, BY_CLASS, "Average precision over the newest labelled window; of "
                 "several classes the mean, or that of `class`.", estimated=True),
        _measure("log_loss", _CLASSES, ">", _LOSS, QUALITY, "Mean of -ln(chance given to what came true).",
                 estimated=True),
        _measure("brier", _CLASSES, ">", (0.0, 2.0), QUALITY, "Mean squared error of the predicted chance; summed "
                 "over classes where there are several.", estimated=True),
        _measure("expected_calibration_error", _CLASSES, ">", _UNIT, QUALITY, "Mean distance of the predicted chance "
                 "from the share that came true, over ten regions of the chance."),
        _measure("accuracy", _CLASSES, "<", _UNIT, QUALITY, "Share of rows whose class was predicted.",
                 estimated=True),
        _measure("precision", (*_CLASSES, *_LISTS), "<", _UNIT, BY_CLASS_AT_K, "Share of the rows predicted positive "
                 "that were; of several classes the mean, or that of `class`; of lists that of the first `k`.",
                 estimated=True),
        _measure("recall", (*_CLASSES, *_LISTS), "<", _UNIT, BY_CLASS_AT_K, "Share of the positive rows that were "
                 "predicted; of several classes the mean, or that of `class`; of lists by the first `k`.",
                 estimated=True),
        _measure("f1", _CLASSES, "<", _UNIT, BY_CLASS, "Harmonic mean of precision and recall; of several classes "
                 "the mean, or that of `class`.", estimated=True),
        _measure("specificity", _CLASSES, "<", _UNIT, BY_CLASS, "Share of the negative rows that were predicted; of "
                 "several classes the mean, or that of `class`.", estimated=True),
        _measure("mean_error", _NUMBERS, None, _ANY, QUALITY, "Mean of prediction less label; neither side is "
                 "better."),
        _measure("mae", _NUMBERS, ">", _LOSS, QUALITY, "Mean distance of the prediction from the label."),
        _measure("rmse", _NUMBERS, ">", _LOSS, QUALITY, "Root of the mean squared error."),
        _measure("mape", _NUMBERS, ">", _LOSS, QUALITY, "Mean distance of the prediction from the label as a share "
                 "of the label, over labels other than 0."),
        _measure("r2", _NUMBERS, "<", (-inf, 1.0), QUALITY, "Share of the labels' variance that is explained."),
        _measure("zero_label_ratio", _NUMBERS, None, _UNIT, QUALITY, "Share of labels that are 0, which the mean "
                 "absolute percentage error leaves out."),
        _measure("hit_rate", _LISTS, "<", _UNIT, AT_K, "Share of lists with anything relevant among the first `k`."),
        _measure("map", _LISTS, "<", _UNIT, AT_K, "Mean average precision of the first `k`."),
        _measure("mrr", _LISTS, "<", _UNIT, AT_K, "Mean of 1 / place of the first relevant row among the first `k`."),
        _measure("ndcg", _LISTS, "<", _UNIT, AT_K, "Discounted gain of the first `k` over that of the best order."),
        _measure("feedback_ratio", _LISTS, None, _UNIT, AT_K, "Share of lists that have anything relevant at all."),
    )
}  # fmt: skip
"""Every measure by name."""
QUALITY_FAMILIES: tuple[Family, ...] = tuple(family for one in MEASURES.values() for family in one.families)
"""The families of all measures."""


def measures_of(task: Task) -> list[Measure]:
    """Return the measures of a task."""
    return [one for one in MEASURES.values() if task in one.tasks]
