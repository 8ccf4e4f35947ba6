"""The families of outputs as such: whether they look alive, and how recommendations spread, without any label."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

from wolfpack.spec.family import QUALITY, Family, gauge

OutputMetric = Literal[
    "empty_ratio", "constant", "repeated_request_ratio", "switch_ratio", "catalogue_coverage", "unseen_ratio", "gini",
    "entropy", "popularity", "novelty", "diversity", "length",
]  # fmt: skip
"""Names of the measures of outputs, as the spec's `outputs` says them."""
EVENTS = (*QUALITY, "event")


@dataclass(frozen=True)
class OutputMeasure:
    """One measure of outputs: the highest of its values, which are 0 or more, and its families.

    `stderr` is None where the value is a fact about the window, not an estimate.
    """

    name: OutputMetric
    high: float
    value: Family
    stderr: Family | None


def _measure(name: OutputMetric, said: str, high: float, text: str, *, fact: bool = False) -> OutputMeasure:
    value = gauge(said, "ratio" if said.endswith("_ratio") else "", "window", QUALITY, text)
    error = gauge(f"{said}_stderr", "", "window", QUALITY, f"Standard error of `{said}`.")
    return OutputMeasure(name, high, value, None if fact else error)


OUTPUT_MEASURES: dict[OutputMetric, OutputMeasure] = {
    one.name: one
    for one in (
        _measure("empty_ratio", "ml_output_empty_ratio", 1, "Share of outputs that are null, NaN or empty."),
        _measure("constant", "ml_output_constant", 1, "1 if several outputs are all one value, else 0.", fact=True),
        _measure("repeated_request_ratio", "ml_output_repeated_request_ratio", 1,
                 "Share of requests that came before in the window."),
        _measure("switch_ratio", "ml_output_switch_ratio", 1,
                 "Share of outputs that differ from the one before for the same subject."),
        _measure("catalogue_coverage", "ml_recommendation_catalogue_coverage_ratio", 1,
                 "Share of the items of training that were recommended.", fact=True),
        _measure("unseen_ratio", "ml_recommendation_unseen_ratio", 1,
                 "Share of recommendations of items that training does not have."),
        _measure("gini", "ml_recommendation_gini", 1,
                 "How unequally items are recommended: 0 all as often, 1 one alone."),
        _measure("entropy", "ml_recommendation_entropy_bits", inf, "Entropy of the recommended items, in bits."),
        _measure("popularity", "ml_recommendation_popularity_ratio", 1,
                 "Mean share of training's users who had the recommended item."),
        _measure("novelty", "ml_recommendation_novelty_bits", inf,
                 "Mean of -log2 of the share of training's users who had the recommended item."),
        _measure("diversity", "ml_recommendation_diversity", 2, "Mean cosine distance of two items of a list."),
        _measure("length", "ml_recommendation_list_length", inf, "Mean items of a list."),
    )
}  # fmt: skip
"""Every measure of outputs by name."""
ROWS = gauge("ml_output_rows", "", "window", QUALITY, "Outputs in the newest window; read the rest beside it.")
EVENT_RATIO = gauge(
    "ml_output_event_ratio", "ratio", "window", EVENTS, "One count that the team names over another: clicks over shown."
)
EVENT_RATIO_STDERR = gauge(
    "ml_output_event_ratio_stderr", "", "window", EVENTS, "Standard error of that ratio, counts taken as Poisson."
)
OF_OUTPUT: tuple[Family, ...] = (
    ROWS,
    *(family for one in OUTPUT_MEASURES.values() for family in (one.value, one.stderr) if family is not None),
    EVENT_RATIO,
    EVENT_RATIO_STDERR,
)
"""All of them."""
