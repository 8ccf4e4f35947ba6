"""The families of fairness: how far the groups of a segment are apart, what chance gives, and the groups themselves."""

from __future__ import annotations

from wolfpack.spec.family import FAIRNESS, QUALITY, Family, gauge

_SAID = {
    "demographic_parity": "selection rates (predictions alone)",
    "equal_opportunity": "true positive rates",
    "equalized_odds": "true or false positive rates, whichever are further apart",
}


def _three(name: str) -> tuple[Family, Family, Family]:
    said, what = f"ml_fairness_{name}", _SAID[name]
    return (
        gauge(f"{said}_difference", "", "window", FAIRNESS, f"Largest less smallest of the groups' {what}."),
        gauge(f"{said}_ratio", "ratio", "window", FAIRNESS, f"Smallest over largest of the groups' {what}."),
        gauge(f"{said}_noise", "", "window", FAIRNESS, f"What the difference of {what} reaches between groups alike."),
    )


GAPS: dict[str, tuple[Family, Family, Family]] = {name: _three(name) for name in _SAID}
"""Difference, ratio and noise by name."""
RATES: dict[str, Family] = {
    name: gauge(f"ml_fairness_{name}", "", "window", QUALITY, text)
    for name, text in (
        ("selection_rate", "Share of a group's predictions that are positive, over the newest window."),
        ("true_positive_rate", "Share of a group's positives that were predicted, over the newest labelled window."),
        ("false_positive_rate", "Share of a group's negatives predicted positive, over the newest labelled window."),
    )
}
"""What the groups have, by name."""
SMALLEST = gauge(
    "ml_fairness_smallest_group_rows", "", "window", FAIRNESS,
    "Predictions of the smallest group; read fairness beside it.",
)  # fmt: skip
SMALLEST_LABELLED = gauge(
    "ml_fairness_smallest_labelled_group_rows", "", "window", FAIRNESS,
    "Predictions with a label of the group that has fewest of them.",
)  # fmt: skip
OF_SELECTION = (*GAPS["demographic_parity"], RATES["selection_rate"], SMALLEST)
"""What is known before labels come."""
OF_LABELS = (
    *GAPS["equal_opportunity"], *GAPS["equalized_odds"], RATES["true_positive_rate"], RATES["false_positive_rate"],
    SMALLEST_LABELLED,
)  # fmt: skip
