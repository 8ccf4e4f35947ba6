"""Quality of a binary score in mergeable form: the labels 1 and 0 that were counted at each score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy import special

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.stats import ipc

FORMAT = b"wolfpack.score_counts/1"
MOST_SCORES = 50_000
"""Distinct scores that are kept as they are."""
CELLS = 1024
"""Cells of the grid above that; the ROC AUC was within 5e-5 at 0.1 % positives (reference trial, 5)."""
SPAN = 16.0
"""Log-odds at which the grid ends on either side."""
MOST_ROWS = 10**12
_SCHEMA = pa.schema([("score", pa.float64()), ("positives", pa.int64()), ("negatives", pa.int64())])

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoreCounts:
    """Counts of (score, label) pairs, mergeable in any order.

    Up to 50,000 distinct scores everything but rounding errors of sums is exact. Above, scores are rounded
    onto a fixed grid of log-odds, the same whichever way the rows were split; the ROC AUC is then within
    `roc_auc_error` of the exact one.

    Parameters
    ----------
    scores : distinct, ascending, finite, shape (k,).
    positives_at, negatives_at : labels 1 and 0 at each score, shape (k,), not both 0.
    squares : sum of (score - label)**2 of all pairs, before any rounding.
    rounded : whether scores are on the grid.
    """

    scores: Floats
    positives_at: Counts
    negatives_at: Counts
    squares: float = 0.0
    rounded: bool = False

    @classmethod
    def from_arrays(cls, scores: ArrayLike, labels: ArrayLike) -> ScoreCounts:
        """Return the counts of pairs; a pair without a score or without a label is left out.

        Parameters
        ----------
        scores : shape (n,), probabilities or any finite numbers.
        labels : shape (n,), 0 and 1, or booleans; NaN or None where unknown.

        Raises
        ------
        ValueError
            If the shapes differ, a score is infinite, or a label is neither 0 nor 1.

        Examples
        --------
        >>> ScoreCounts.from_arrays([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).roc_auc()
        0.75
        """
        x, y = np.asarray(scores, np.float64), np.asarray(labels, np.float64)
        if x.shape != y.shape or x.ndim != 1:
            raise ValueError(
                f"scores and labels have shapes {x.shape} and {y.shape}; give two columns of one length"
            )
        known = ~(np.isnan(x) | np.isnan(y))
        x, y = x[known], y[known]
        if np.isinf(x).any():
            raise ValueError(
                f"scores[{int(np.flatnonzero(np.isinf(x))[0])}] is infinite; a score is a finite number"
            )
        wrong = (y != 0) & (y != 1)
        if wrong.any():
            raise ValueError(
                f"label {float(y[wrong][0])!r} is neither 0 nor 1; write the positive class as 1, the other as 0"
            )
        with np.errstate(over="ignore"):
            squares = float(np.square(x - y).sum())
        hit = y == 1
        return _gather(x, hit.astype(np.int64), (~hit).astype(np.int64), squares, False)

    @classmethod
    def empty(cls) -> ScoreCounts:
        """Return the counts of no pairs: the identity of merge."""
        none = np.empty(0, np.int64)
        return cls(np.empty(0), none, none)

    def merge(self, *others: ScoreCounts) -> ScoreCounts:
        """Return the counts of all pairs, as if they had been given at once; no argument changes."""
        parts: Sequence[ScoreCounts] = (self, *others)
        return _gather(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.positives_at for part in parts]),
            np.concatenate([part.negatives_at for part in parts]),
            sum([part.squares for part in parts]),
            any(part.rounded for part in parts),
        )

    @property
    def rows(self) -> int:
        """Pairs counted."""
        return self.positives + self.negatives

    @property
    def positives(self) -> int:
        return int(self.positives_at.sum())

    @property
    def negatives(self) -> int:
        return int(self.negatives_at.sum())

    def roc_auc(self) -> float | None:
        """Return the area under the ROC curve, ties counting half; None unless both labels occur."""
        if not self.positives or not self.negatives:
            return None
        under = np.cumsum(self.negatives_at) - self.negatives_at / 2
        return float(self.positives_at @ under / self.positives / self.negatives)

    def roc_auc_error(self) -> float | None:
        """Return how far the rounding of scores can have moved the ROC AUC: 0 if none; None without one."""
        if not self.positives or not self.negatives:
            return None
        tied = float(self.positives_at.astype(float) @ self.negatives_at) if self.rounded else 0.0
        return tied / 2 / self.positives / self.negatives

    def roc_auc_stderr(self) -> float | None:
        """Return the standard error of the ROC AUC; None unless each label occurs at least twice.

        References
        ----------
        E. DeLong, D. DeLong, D. Clarke-Pearson, Comparing the areas under two or more correlated receiver
        operating characteristic curves, Biometrics 44, 1988, equation 5 for one curve.
        """
        if self.positives < 2 or self.negatives < 2:
            return None
        p, n = self.positives_at, self.negatives_at
        beaten = (np.cumsum(n) - n / 2) / self.negatives  # share of the negatives that a positive here beats
        losing = (self.positives - np.cumsum(p) + p / 2) / self.positives
        return math.sqrt(_variance(beaten, p) / self.positives + _variance(losing, n) / self.negatives)

    def brier(self) -> float | None:
        """Return the mean of (score - label)**2; None without pairs, or if a score is no probability."""
        if not len(self.scores) or self.scores[0] < 0 or self.scores[-1] > 1:
            return None
        return self.squares / self.rows

    def equals(self, other: ScoreCounts) -> bool:
        """Tell whether both agree in every count; sums of squares may differ by rounding."""
        return (
            self.rounded == other.rounded
            and np.array_equal(self.scores, other.scores)
            and np.array_equal(self.positives_at, other.positives_at)
            and np.array_equal(self.negatives_at, other.negatives_at)
            and math.isclose(self.squares, other.squares, rel_tol=1e-9)
        )

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        metadata = {
            b"format": FORMAT,
            b"squares": repr(self.squares).encode(),
            b"rounded": b"01"[self.rounded :][:1],
        }
        return ipc.write(_SCHEMA, [self.scores, self.positives_at, self.negatives_at], metadata)

    @classmethod
    def from_bytes(cls, data: bytes) -> ScoreCounts:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        table = ipc.read(data, _SCHEMA, FORMAT, "score counts")
        scores, positives, negatives = (table.column(name).to_numpy() for name in _SCHEMA.names)
        try:
            squares = float(table.schema.metadata[b"squares"])
            rounded = {b"0": False, b"1": True}[table.schema.metadata[b"rounded"]]
        except (KeyError, ValueError) as error:
            raise ProfileFormatError(
                f"score counts: metadata {error} is wrong; send what to_bytes returns"
            ) from error
        found = cls(scores, positives, negatives, squares, rounded)
        _check(found)
        return found


def _gather(
    scores: Floats, positives: Counts, negatives: Counts, squares: float, rounded: bool
) -> ScoreCounts:
    """Return the counts by distinct score, on the grid if there are too many."""
    distinct, place = np.unique(_on_grid(scores) if rounded else scores, return_inverse=True)
    if len(distinct) > MOST_SCORES and not rounded:
        return _gather(scores, positives, negatives, squares, True)
    counts = [np.zeros(len(distinct), np.int64) for _ in range(2)]
    for total, given in zip(counts, (positives, negatives), strict=True):
        np.add.at(total, place, given)
    return ScoreCounts(distinct + 0.0, counts[0], counts[1], squares, rounded)


def _on_grid(scores: Floats) -> Floats:
    """Return the middle of each score's cell: 1,024 of log-odds in [0, 1], as many per unit of log beyond."""
    per_unit = CELLS / (2 * SPAN)
    inside = np.clip(special.logit(np.clip(scores, 0.0, 1.0)), -SPAN, SPAN)
    cells = np.minimum(np.floor((inside + SPAN) * per_unit), CELLS - 1)
    middle = special.expit((cells + 0.5) / per_unit - SPAN)
    beyond = np.maximum(np.maximum(scores - 1, -scores), 0.0)
    steps = np.expm1((np.floor(np.log1p(beyond) * per_unit) + 0.5) / per_unit)
    return np.where(scores > 1, 1 + steps, np.where(scores < 0, -steps, middle))


def _variance(values: Floats, counts: Counts) -> float:
    """Return the sample variance (n - 1) of values that occur so often."""
    total = float(counts.sum())
    mean = float(values @ counts) / total
    return float(np.square(values - mean) @ counts) / (total - 1)


def _check(found: ScoreCounts) -> None:
    """Raise ProfileFormatError unless the counts could have come from `to_bytes`."""
    faults = {
        "scores are finite and ascending": np.isfinite(found.scores).all()
        and (np.diff(found.scores) > 0).all(),
        f"counts are in the range 0<=x<={MOST_ROWS}": all(
            ((counts >= 0) & (counts <= MOST_ROWS)).all()
            for counts in (found.positives_at, found.negatives_at)
        ),
        "each score has a row": (found.positives_at + found.negatives_at > 0).all(),
        f"there are at most {MOST_SCORES} scores": len(found.scores) <= MOST_SCORES,
        "squares are a number of at least 0": found.squares >= 0,
        "rounded scores are on the grid": not found.rounded
        or np.allclose(_on_grid(found.scores), found.scores),
    }
    for rule, holds in faults.items():
        if not holds:
            raise ProfileFormatError(f"score counts: it must hold that {rule}; send what to_bytes returns")
