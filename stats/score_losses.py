"""Sums of a score's losses, row by row before any rounding: Brier score and log loss with their errors."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.estimates import Estimate, known
from wolfpack.stats.packing import MOST_ROWS, require

Floats = NDArray[np.float64]

MOST_LOSS = 1300.0
"""Largest square of a clipped row's log loss, 36.04**2."""
CLIP = float(np.finfo(np.float64).eps)
"""Chances nearer to 0 and 1 than this count as this in the log loss, as in scikit-learn."""


@dataclass(frozen=True)
class Losses:
    """Sums over pairs of a score and a label.

    Parameters
    ----------
    rows : pairs whose score is a probability, 0 <= score <= 1.
    outside : all others; with any of them there is no loss.
    squares, fourths : sums of (score - label) to the powers 2 and 4.
    logs, log_squares : sums of -ln(chance given to the label), and of its square.
    """

    rows: int = 0
    outside: int = 0
    squares: float = 0.0
    fourths: float = 0.0
    logs: float = 0.0
    log_squares: float = 0.0

    @classmethod
    def of(cls, scores: Floats, hit: NDArray[np.bool_]) -> Losses:
        """Return the sums of finite scores with whether the label is 1."""
        inside = (scores >= 0) & (scores <= 1)
        rows = int(inside.sum())
        if rows < len(scores):
            scores, hit = scores[inside], hit[inside]
        squares = np.square(scores - hit)
        chance = np.clip(scores, CLIP, 1 - CLIP)
        logs = -np.log(np.where(hit, chance, 1 - chance))
        outside = len(inside) - rows
        sums = squares.sum(), np.square(squares).sum(), logs.sum(), np.square(logs).sum()
        return cls(rows, outside, *map(float, sums))

    @classmethod
    def read(cls, sums: list[object]) -> Losses:
        """Return what a list of the six sums holds; ProfileFormatError if it is none."""
        kinds = (int, int, float, float, float, float)
        fitting = len(sums) == len(kinds) and all(
            type(x) is kind for x, kind in zip(sums, kinds, strict=True)
        )
        numbers = [x for x in sums if isinstance(x, int | float)]
        sound = fitting and all(0 <= x <= MOST_ROWS * MOST_LOSS for x in numbers)
        require("score counts", {"losses are six sums of at least 0": sound})
        return cls(int(numbers[0]), int(numbers[1]), *map(float, numbers[2:]))

    def __add__(self, other: Losses) -> Losses:
        return Losses(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def brier(self) -> Estimate | None:
        """Return the mean of (score - label)**2; None without rows, or if a score is no probability."""
        return self._mean(self.squares, self.fourths)

    def log_loss(self) -> Estimate | None:
        """Return the mean of -ln(chance given to the label); None as for `brier`."""
        return self._mean(self.logs, self.log_squares)

    def _mean(self, total: float, squares: float) -> Estimate | None:
        n = self.rows
        if not n or self.outside:
            return None
        return known(total / n, (squares - total * total / n) / (n - 1) / n if n > 1 else None)


NO_LOSSES = Losses()
