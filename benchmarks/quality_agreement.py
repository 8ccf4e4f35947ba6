"""How far quality from counts is from what scikit-learn says, on scores in awkward shapes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn import metrics

from benchmarks.quality_cases import THRESHOLD, Scored, measure_quality, shapes
from wolfpack.stats import ScoreCounts

EXACT = 1e-9
ROC, PRECISION = 1e-3, 1e-2
"""How far areas of more than 50,000 distinct scores may be off; the second with 100 positives or more."""


def ask_sklearn(case: Scored) -> dict[str, float]:
    """Return what scikit-learn says of the same."""
    said = (case.scores >= THRESHOLD).astype(int)
    found = {
        "roc_auc": metrics.roc_auc_score(case.labels, case.scores),
        "pr_auc": metrics.average_precision_score(case.labels, case.scores),
        "accuracy": metrics.accuracy_score(case.labels, said),
        "precision": metrics.precision_score(case.labels, said, zero_division=np.nan),
        "recall": metrics.recall_score(case.labels, said),
        "f1": metrics.f1_score(case.labels, said),
    }
    if case.scores.min() >= 0 and case.scores.max() <= 1:
        found["log_loss"] = metrics.log_loss(case.labels, case.scores)
        found["brier"] = metrics.brier_score_loss(case.labels, case.scores)
    return {name: float(value) for name, value in found.items() if not np.isnan(value)}


HEADER = (
    "scores",
    "positives",
    "distinct",
    "ROC AUC off",
    "ROC bound",
    "PR AUC off",
    "PR bound",
    "all others off",
    "asked",
    "reached",
)


def agreement_rows(rows: int) -> Iterator[tuple[str, ...]]:
    """Yield for each shape how far each measure is from scikit-learn's."""
    for share in (0.3, 0.01, 0.001):
        for case in shapes(rows, share):
            yield _row(case)


def _row(case: Scored) -> tuple[str, ...]:
    counts, found, expected = (
        ScoreCounts.from_arrays(case.scores, case.labels),
        measure_quality(case),
        ask_sklearn(case),
    )
    off = {name: abs(found[name].value - value) for name, value in expected.items() if name in found}
    rest = max(value for name, value in off.items() if name not in ("roc_auc", "pr_auc"))
    bounds = counts.roc_auc_error() or 0.0, counts.pr_auc_error() or 0.0
    asked = (ROC, PRECISION) if counts.rounded else (EXACT, EXACT)
    areas = off["roc_auc"], off.get("pr_auc", 0.0)  # left out under 100 positives
    held = all(
        one <= bound + EXACT and one <= most for one, bound, most in zip(areas, bounds, asked, strict=True)
    )
    shown = [
        f"{areas[0]:.0e}",
        f"{bounds[0]:.0e}",
        f"{areas[1]:.0e}" if "pr_auc" in off else "-",
        f"{bounds[1]:.0e}",
    ]
    limits = f"{asked[0]:.0e}, {asked[1]:.0e}; {EXACT:.0e}"
    distinct = f"{len(np.unique(case.scores)):,}"
    yes = held and rest <= EXACT and off.keys() >= expected.keys() - {"pr_auc"}
    return (
        case.name,
        f"{case.labels.mean():.1%}",
        distinct,
        *shown,
        f"{rest:.0e}",
        limits,
        "yes" if yes else "no",
    )
