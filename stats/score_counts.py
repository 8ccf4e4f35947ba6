"""Quality of a binary score in mergeable form: the labels 1 and 0 that were counted at each score."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats import score_areas as areas
from wolfpack.stats.estimates import Estimate, known
from wolfpack.stats.packing import pack, require, unpack
from wolfpack.stats.pairs import check_binary, known_rows
from wolfpack.stats.score_grid import Gathered
from wolfpack.stats.score_losses import NO_LOSSES, Losses

FORMAT = "wolfpack.score_counts/2"
LEAST_POSITIVES = 100
"""Positives under which the area under the precision-recall curve of rounded scores is left out."""
_SCHEMA = pa.schema(
    [("score", pa.float64()), ("highest", pa.float64()), ("positives", pa.int64()), ("negatives", pa.int64())]
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoreCounts:
    """Counts of (score, label) pairs, mergeable in any order.

    Up to 50,000 distinct scores everything but rounding errors of sums is exact. Above, scores that are near
    each other are counted together, the same ones whichever way the rows were split; the areas are then
    within `roc_auc_error` and `pr_auc_error` of the exact ones. Losses are exact always.

    Parameters
    ----------
    scores, highest : lowest and highest score counted together, ascending, finite, shape (k,); equal if one.
    positives_at, negatives_at : labels 1 and 0 at each, shape (k,), not both 0.
    losses : sums of all pairs' losses, before any rounding.
    level : of the grid that scores are rounded onto; 0 if they are not.
    missing : rows left out for want of a score or a label.
    """

    scores: Floats
    highest: Floats
    positives_at: Counts
    negatives_at: Counts
    losses: Losses = NO_LOSSES
    level: int = 0
    missing: int = 0

    @classmethod
    def from_arrays(cls, scores: ArrayLike, labels: ArrayLike) -> ScoreCounts:
        """Return the counts of pairs; a pair without a score or without a label is left out and counted.

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
        (x, y), missing = known_rows(scores=scores, labels=labels)
        check_binary(y)
        hit = y == 1
        return cls._of(Gathered.count(x[hit], x[~hit]), Losses.of(x, hit), missing)

    @classmethod
    def empty(cls) -> ScoreCounts:
        """Return the counts of no pairs: the identity of merge."""
        none = np.empty(0, np.int64)
        return cls(np.empty(0), np.empty(0), none, none)

    def merge(self, *others: ScoreCounts) -> ScoreCounts:
        """Return the counts of all pairs, as if they had been given at once; no argument changes."""
        parts = (self, *others)
        together = Gathered.merge([part._gathered for part in parts])
        losses = sum((part.losses for part in parts), NO_LOSSES)
        return self._of(together, losses, sum(part.missing for part in parts))

    @classmethod
    def _of(cls, found: Gathered, losses: Losses, missing: int) -> ScoreCounts:
        positives, negatives = found.counts
        return cls(found.lowest, found.highest, positives, negatives, losses, found.level, missing)

    @property
    def _gathered(self) -> Gathered:
        counts = np.stack([self.positives_at, self.negatives_at])
        return Gathered(self.scores, self.highest, counts, self.level)

    @property
    def rounded(self) -> bool:
        """Whether near scores are counted together."""
        return self.level > 0

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

    @property
    def _mixed(self) -> NDArray[np.bool_]:
        return np.asarray(self.highest > self.scores)

    def roc_auc(self) -> float | None:
        """Return the area under the ROC curve, ties counting half; None unless both labels occur."""
        if not self.positives or not self.negatives:
            return None
        return areas.roc_area(self.positives_at, self.negatives_at)

    def roc_auc_error(self) -> float | None:
        """Return how far the rounding of scores can have moved the ROC AUC: 0 if none; None without one."""
        if not self.positives or not self.negatives:
            return None
        return areas.roc_bound(self.positives_at, self.negatives_at, self._mixed)

    def roc_auc_stderr(self) -> float | None:
        """Return the standard error of the ROC AUC (DeLong); None unless each label occurs at least twice."""
        if self.positives < 2 or self.negatives < 2:
            return None
        return math.sqrt(areas.roc_variance(self.positives_at, self.negatives_at))

    def pr_auc(self) -> float | None:
        """Return the average precision; None without positives, or with rounded scores and under 100 of them."""
        if not self.positives or (self.rounded and self.positives < LEAST_POSITIVES):
            return None
        return areas.average_precision(self.positives_at, self.negatives_at, self._mixed)

    def pr_auc_error(self) -> float | None:
        """Return how far the rounding of scores can have moved `pr_auc`: 0 if none; None without one."""
        area = self.pr_auc()
        if area is None:
            return None
        low, high = areas.precision_bounds(self.positives_at, self.negatives_at, self._mixed)
        return max(high - area, area - low) if self.rounded else 0.0

    def brier(self) -> float | None:
        """Return the mean of (score - label)**2; None without pairs, or if a score is no probability."""
        found = self.losses.brier()
        return None if found is None else found.value

    def measures(self) -> dict[str, Estimate]:
        """Return by name what these counts tell, each with its standard error; what is unknown is left out.

        Names are ``roc_auc``, ``pr_auc``, ``log_loss`` and ``brier``. Areas of a score whose labels are all
        alike, and losses of scores that are no probabilities, are unknown.
        """
        roc, precision = self.roc_auc(), self.pr_auc()
        deviation = self.roc_auc_stderr()
        found = {
            "roc_auc": None if roc is None else known(roc, None if deviation is None else deviation**2),
            "pr_auc": None if precision is None else known(precision, self._precision_variance()),
            "log_loss": self.losses.log_loss(),
            "brier": self.losses.brier(),
        }
        return {name: estimate for name, estimate in found.items() if estimate is not None}

    def _precision_variance(self) -> float | None:
        return areas.precision_variance(self.positives_at, self.negatives_at) if self.positives > 1 else None

    def equals(self, other: ScoreCounts) -> bool:
        """Tell whether both agree in every count; sums of losses may differ by rounding."""
        return (
            self.missing == other.missing
            and self._gathered.equals(other._gathered)
            and np.allclose(astuple(self.losses), astuple(other.losses), rtol=1e-9, atol=1e-300)
        )

    def to_bytes(self) -> bytes:
        """Return the counts as an Arrow IPC stream with zstd."""
        columns = [self.scores, self.highest, self.positives_at, self.negatives_at]
        return pack(
            FORMAT,
            _SCHEMA,
            columns,
            losses=list(astuple(self.losses)),
            level=self.level,
            missing=self.missing,
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> ScoreCounts:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProfileFormatError
            If the bytes are no such counts, or of another version, or contradict themselves.
        """
        table, said = unpack(data, FORMAT, _SCHEMA, "score counts", losses=list, level=int, missing=int)
        scores, highest, positives, negatives = (table[name].to_numpy() for name in _SCHEMA.names)
        losses = Losses.read(said["losses"])
        found = cls(scores, highest, positives, negatives, losses, said["level"], said["missing"])
        require("score counts", found._gathered.rules() | {"missing is at least 0": found.missing >= 0})
        require("score counts", {"losses are of all rows": losses.rows + losses.outside == found.rows})
        return found
