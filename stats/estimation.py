"""Quality before labels come: confidence-based performance estimation, with the error that labels' luck leaves."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats import score_areas as areas
from wolfpack.stats.calibrator import AS_IT_IS, Calibrator
from wolfpack.stats.estimates import Estimate, difference
from wolfpack.stats.open_scores import OpenScores
from wolfpack.stats.score_losses import CLIP

Floats = NDArray[np.float64]
Slope = tuple[float, Floats]
"""A measure, and what one more label that is 1 instead of 0 adds to it at each score."""


def estimate_quality(
    scores: OpenScores, calibrator: Calibrator = AS_IT_IS, threshold: float | None = None
) -> dict[str, Estimate]:
    """Return the quality to expect of predictions whose labels have not come; nothing without rows.

    Each prediction counts as a positive with the chance that its score means and as a negative with the rest.
    ``roc_auc``, ``pr_auc``, ``brier`` and ``log_loss``, the last two of a score that is a chance; with a threshold
    also ``accuracy``, ``precision``, ``recall``, ``f1`` and ``specificity``. What is not defined is left out.

    The standard error is the deviation of the realised value about the estimate: labels are drawn with these chances,
    and a learnt curve has an error of its own in each of its steps. It holds as long as a score means what it meant in
    the reference, and is blind to concept drift, which `estimate_error` shows once labels come.

    Parameters
    ----------
    scores : of predictions without labels.
    calibrator : from `learn_calibrator(reference)`.
    threshold : score from which on a prediction is positive.

    References
    ----------
    J. Białek et al., Estimating model performance under covariate shift without labels, 2024 (arXiv:2401.08348).

    Examples
    --------
    >>> found = estimate_quality(OpenScores.from_array([0.1, 0.2, 0.9]), threshold=0.5)
    >>> round(found["accuracy"].value, 3), round(found["roc_auc"].value, 3)
    (0.867, 0.87)
    """
    if not scores.rows:
        return {}
    x, rows = scores.scores, scores.counts
    chance = calibrator(x)
    if (chance < 0).any() or (chance > 1).any():
        raise ValueError("scores are no chances in the range 0<=x<=1; give a calibrator learnt from labels")
    found = _areas(chance, rows)
    if x[0] >= 0 and x[-1] <= 1:
        found |= _losses(x, chance, rows)
    if threshold is not None:
        found |= _decisions(x >= threshold, chance, rows)
    luck = rows * chance * (1 - chance)
    step, doubt = calibrator.steps(x)
    return {
        name: Estimate(
            value,
            math.sqrt(float(luck @ slope**2 + doubt @ np.bincount(step, rows * slope, len(doubt)) ** 2)),
        )
        for name, (value, slope) in found.items()
    }


def estimate_error(
    estimated: Mapping[str, Estimate], realised: Mapping[str, Estimate]
) -> dict[str, Estimate]:
    """Return by name how far the estimate was off: estimated less realised, of the same rows.

    Its standard error is the estimate's: an error of several is a sign that the same score means something else now.
    """
    return {
        name: Estimate(difference(one, realised[name]).value, one.stderr)
        for name, one in estimated.items()
        if name in realised
    }


def _areas(chance: Floats, rows: NDArray[np.int64]) -> dict[str, Slope]:
    p, n = chance * rows, (1 - chance) * rows
    found = {}
    if p.sum() > 0:
        whole = np.zeros(len(p), bool)
        hit, miss = areas.precision_influence(p, n)
        found["pr_auc"] = (areas.average_precision(p, n, whole), hit - miss)
        if n.sum() > 0:
            found["roc_auc"] = (areas.roc_area(p, n), areas.roc_influence(p, n))
    return found


def _losses(x: Floats, chance: Floats, rows: NDArray[np.int64]) -> dict[str, Slope]:
    total = rows.sum()
    squares = chance * (1 - x) ** 2 + (1 - chance) * x**2
    clipped = np.clip(x, CLIP, 1 - CLIP)
    yes, no = -np.log(clipped), -np.log1p(-clipped)
    logs = chance * yes + (1 - chance) * no
    return {
        "brier": (float(squares @ rows / total), (1 - 2 * x) / total),
        "log_loss": (float(logs @ rows / total), (yes - no) / total),
    }


def _decisions(selected: NDArray[np.bool_], chance: Floats, rows: NDArray[np.int64]) -> dict[str, Slope]:
    p, n = chance * rows, (1 - chance) * rows
    positives, negatives, total = p.sum(), n.sum(), rows.sum()
    chosen = rows[selected].sum()
    true, right = p[selected].sum(), n[~selected].sum()
    either = chosen + positives
    parts = {  # value, and what one more label that is 1 instead of 0 adds to it
        "accuracy": (true + right, total, np.where(selected, 1, -1) / total),
        "precision": (true, chosen, selected / max(chosen, 1)),
        "recall": (true, positives, (selected - true / max(positives, CLIP)) / max(positives, CLIP)),
        "f1": (2 * true, either, 2 * (selected - true / max(either, CLIP)) / max(either, CLIP)),
        "specificity": (right, negatives, (right / max(negatives, CLIP) - ~selected) / max(negatives, CLIP)),
    }
    return {name: (float(hits / of), slope) for name, (hits, of, slope) in parts.items() if of > 0}
