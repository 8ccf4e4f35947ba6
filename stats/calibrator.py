"""What chance a score means, learnt from scores with labels: isotonic regression, if it is better than the score."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats.score_counts import ScoreCounts

Floats = NDArray[np.float64]
Weights = NDArray[np.int64]

FOLDS = 10
TESTED = 0.1
"""Share of the rows of each label that a fold keeps apart."""
BINS = 10
SEPARATED = 0.999
"""ROC AUC above which there is too little between the classes to learn from."""


@dataclass(frozen=True, eq=False)
class Calibrator:
    """A rising curve from score to chance, straight between its knots and level beyond them.

    Parameters
    ----------
    scores : of the knots, ascending, shape (k,); none if the score is the chance.
    chances : at the knots, 0 <= x <= 1.
    rows : that each knot was learnt from; none if the curve is taken to be true.
    """

    scores: Floats
    chances: Floats
    rows: Weights = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def identity(self) -> bool:
        """Whether scores are taken as they are."""
        return not len(self.scores)

    def __call__(self, scores: ArrayLike) -> Floats:
        """Return the chance that each score means, shape as given."""
        x = np.asarray(scores, np.float64)
        return x if self.identity else np.interp(x, self.scores, self.chances)

    def steps(self, scores: Floats) -> tuple[Weights, Floats]:
        """Return on which level stretch of the curve each score lies, and the variance of each stretch's chance.

        Between stretches the lower one counts. A stretch is the share of positives among its rows, with the
        variance of one more of each kind (`estimates.rate`), so that a few rows that all agree are not certain.
        """
        if not len(self.rows):
            return np.zeros(len(scores), np.int64), np.zeros(1)
        stretch = np.cumsum(np.append(False, np.diff(self.chances) > 0))
        rows = np.bincount(stretch, self.rows)
        padded = (np.bincount(stretch, self.rows * self.chances) + 1) / (rows + 2)
        knot = np.maximum(np.searchsorted(self.scores, scores, "right") - 1, 0)
        return stretch[knot], np.asarray(padded * (1 - padded) / (rows + 2))


AS_IT_IS = Calibrator(np.empty(0), np.empty(0))


def isotonic(scores: Floats, positives: Weights, negatives: Weights) -> Calibrator:
    """Return the rising curve nearest to the shares of positives, each score weighing its rows.

    References
    ----------
    B. Zadrozny, C. Elkan, Transforming classifier scores into accurate multiclass probability estimates, KDD 2002.
    """
    rows = positives + negatives
    there = rows > 0
    from scipy.optimize import isotonic_regression  # half a second and 40 MB, for those who never calibrate

    fitted = isotonic_regression(positives[there] / rows[there], weights=rows[there]).x
    return Calibrator(scores[there], np.clip(fitted, 0.0, 1.0), rows[there])


def learn_calibrator(reference: ScoreCounts, seed: int = 42) -> Calibrator | None:
    """Return the curve to use for scores like the reference's; None where none can be learnt.

    As in NannyML: the score as it is if the reference has one label only or its ROC AUC is above 0.999, else the
    isotonic curve if it has the smaller expected calibration error on rows kept apart (10 draws of a tenth of each
    label, 10 bins with as many rows), else the score as it is. A score that is no chance is always calibrated, and
    None with one label only.

    Parameters
    ----------
    reference : scores with labels; rows of one score are all alike, so drawing from counts is drawing rows.
    seed : of the draws.
    """
    area = reference.roc_auc()
    scores = (reference.scores + reference.highest) / 2
    counts = np.stack([reference.positives_at, reference.negatives_at])
    if reference.losses.outside:
        return None if area is None else isotonic(scores, *counts)
    if area is None or area > SEPARATED or reference.rows < 2 * BINS:
        return AS_IT_IS
    random = np.random.default_rng(seed)
    tested, raw, mended = [], [], []
    for _ in range(FOLDS):
        test = np.stack([_draw(random, kind) for kind in counts])
        curve = isotonic(scores, *(counts - test))
        there = test.sum(0) > 0
        tested.append(test[:, there])
        raw.append(scores[there])
        mended.append(curve(scores[there]))
    weights = np.concatenate(tested, 1)
    before, after = (_calibration_error(np.concatenate(chances), weights) for chances in (raw, mended))
    return isotonic(scores, *counts) if before > after else AS_IT_IS


def _draw(random: np.random.Generator, counts: Weights) -> Weights:
    rows = round(TESTED * int(counts.sum()))
    return np.asarray(random.multivariate_hypergeometric(counts, rows, method="marginals"), np.int64)


def _calibration_error(chances: Floats, counts: Weights) -> float:
    """Return the expected calibration error over bins of about as many rows each."""
    order = np.argsort(chances, kind="stable")
    rows = counts.sum(0)[order]
    middle = np.cumsum(rows) - rows / 2
    place = np.minimum((middle * BINS / rows.sum()).astype(np.int64), BINS - 1)
    gaps = counts[0, order] - rows * chances[order]
    return float(np.abs(np.bincount(place, gaps, BINS)).sum() / rows.sum())
