"""Accuracy, and precision, recall, F1 and specificity by class and on average, with standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.confusion import Confusion
from wolfpack.stats.estimates import Estimate, known, rate

Floats = NDArray[np.float64]

RATES = ("precision", "recall", "f1", "specificity")


@dataclass(frozen=True)
class ClassRates:
    """What a confusion tells.

    Parameters
    ----------
    accuracy : share of the rows whose class was predicted; None without rows.
    by_class : for each class, those of precision, recall, f1 and specificity that are defined: precision if it
        was predicted, recall if it occurred, f1 if either, specificity if another class occurred.
    macro : their means over the classes, each weighing the same; what is undefined counts as 0, as in
        scikit-learn, or a model that gives up a class would look better for it. No specificity of one class.
    rows : by class, rows that have this label.
    """

    accuracy: Estimate | None
    by_class: dict[str, dict[str, Estimate]]
    macro: dict[str, Estimate]
    rows: dict[str, int]

    def measures(self) -> dict[str, Estimate]:
        """Return accuracy and the macro averages by name."""
        return ({"accuracy": self.accuracy} if self.accuracy else {}) | {
            f"{name}_macro": estimate for name, estimate in self.macro.items()
        }


def rate_classes(confusion: Confusion) -> ClassRates:
    """Return what a confusion tells, over the classes that occurred as a label or as a prediction.

    Standard errors are by the delta method with rows drawn independently, on counts with one more row in each
    cell (see `estimates.rate`), so that they are not 0 where nothing went wrong yet.

    Examples
    --------
    >>> found = rate_classes(Confusion.from_arrays([1, 1, 0, 0], [1, 0, 0, 0]))
    >>> found.by_class["1"]["precision"].value, round(found.macro["f1"].value, 3)
    (0.5, 0.733)
    """
    there = (confusion.counts.sum(0) + confusion.counts.sum(1)) > 0
    counts = confusion.counts[np.ix_(there, there)]
    names = [name for name, occurs in zip(confusion.classes, there, strict=True) if occurs]
    by_class = {name: _rates_of(*confusion.cells_of(name)) for name in names}
    return ClassRates(
        rate(int(np.trace(counts)), confusion.rows),
        by_class,
        _macro(counts, by_class),
        dict(zip(names, counts.sum(1).tolist(), strict=True)),
    )


def binary_rates(tp: float, fp: float, fn: float, tn: float) -> dict[str, Estimate]:
    """Return accuracy, precision, recall, f1 and specificity of the positive class, as far as defined.

    Parameters
    ----------
    tp, fp, fn, tn : rows, or expected rows, >= 0.
    """
    accuracy = rate(tp + tn, tp + fp + fn + tn)
    return ({"accuracy": accuracy} if accuracy else {}) | _rates_of(tp, fp, fn, tn)


def _rates_of(tp: float, fp: float, fn: float, tn: float) -> dict[str, Estimate]:
    found = {
        "precision": rate(tp, tp + fp),
        "recall": rate(tp, tp + fn),
        "f1": _f1(tp, fp, fn),
        "specificity": rate(tn, tn + fp),
    }
    return {name: estimate for name, estimate in found.items() if estimate is not None}


def _f1(tp: float, fp: float, fn: float) -> Estimate | None:
    if not tp + fp + fn > 0:
        return None
    hits, wrong = tp + 1, fp + fn + 2
    total = 2 * hits + wrong
    variance = hits * (2 * wrong / total**2) ** 2 + wrong * (2 * hits / total**2) ** 2
    return Estimate(2 * tp / (2 * tp + fp + fn), math.sqrt(variance))


def _macro(counts: NDArray[np.int64], by_class: dict[str, dict[str, Estimate]]) -> dict[str, Estimate]:
    k = len(counts)
    if not k:
        return {}
    padded = counts + np.where(np.eye(k, dtype=bool), 1.0, 1 / max(k - 1, 1))
    slopes = _slopes(np.asarray(padded, np.float64))
    found = {}
    for name in RATES if k > 1 else RATES[:3]:
        values = [rates[name].value if name in rates else 0.0 for rates in by_class.values()]
        slope = slopes[name]
        variance = float((padded * slope**2).sum() - (padded * slope).sum() ** 2 / padded.sum())
        if (estimate := known(sum(values) / k, variance)) is not None:
            found[name] = estimate
    return found


def _slopes(counts: Floats) -> dict[str, Floats]:
    """Return by how much one more row in each cell moves each macro average, shape (k, k), but for a constant."""
    hits, true, predicted = np.diag(counts), counts.sum(1), counts.sum(0)
    others = counts.sum() - true
    both = true + predicted
    parts = {  # by one more hit of a class, one more row that has its label, one more predicted as it
        "precision": (1 / predicted, 0 * hits, -hits / predicted**2),
        "recall": (1 / true, -hits / true**2, 0 * hits),
        "f1": (2 / both, -2 * hits / both**2, -2 * hits / both**2),
    }
    if len(counts) > 1:
        parts["specificity"] = (1 / others, -(predicted - hits) / others**2, -1 / others)
    return {
        name: (np.diag(hit) + label[:, None] + prediction[None, :]) / len(counts)
        for name, (hit, label, prediction) in parts.items()
    }
