"""Sums of products of powers of two quantities about their means, to the fourth power, mergeable."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.packing import MOST_ROWS
from wolfpack.stats.pairs import LARGEST
from wolfpack.stats.spread import TOLERANCE

Floats = NDArray[np.float64]

ORDER = 4


@dataclass(frozen=True, eq=False)
class CrossMoments:
    """Moments of pairs (a, b); merges without a common pivot, and does not cancel far from 0.

    Parameters
    ----------
    rows : pairs.
    means : of a and of b, shape (2,), 0 without rows.
    sums : shape (5, 5); at (j, k) the sum of (a - mean a)**j (b - mean b)**k if j + k <= 4, else 0.

    References
    ----------
    P. Pébay, Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
    moments, Sandia report SAND2008-6212, 2008.
    """

    rows: int
    means: Floats
    sums: Floats

    @classmethod
    def of(cls, a: Floats, b: Floats) -> CrossMoments:
        """Return the moments of finite numbers, both of shape (n,)."""
        if not len(a):
            return cls(0, np.zeros(2), np.zeros((ORDER + 1, ORDER + 1)))
        means = np.array([_mean(a), _mean(b)])
        powers = [
            np.vander(x - mean, ORDER + 1, increasing=True) for x, mean in zip((a, b), means, strict=True)
        ]
        return cls(len(a), means, np.where(_WANTED, powers[0].T @ powers[1], 0.0))

    def merge(self, *others: CrossMoments) -> CrossMoments:
        """Return the moments of all pairs, as if they had been given at once, up to rounding."""
        found = self
        for other in others:
            rows = found.rows + other.rows
            if not found.rows or not other.rows:
                found = found if found.rows else other
                continue
            means = found.means + (other.means - found.means) * (other.rows / rows)
            found = CrossMoments(rows, means, found.about(means) + other.about(means))
        return found

    def about(self, centre: Floats) -> Floats:
        """Return the same sums about another centre, shape (5, 5)."""
        left, right = (_shift(float(mean - new)) for mean, new in zip(self.means, centre, strict=True))
        return np.where(_WANTED, left @ self.sums @ right.T, 0.0)

    def equals(self, other: CrossMoments) -> bool:
        """Tell whether rows agree, and the rest does up to rounding."""
        if self.rows != other.rows:
            return False
        scale = np.sqrt(np.maximum(self._sizes, other._sizes))
        room = TOLERANCE * max(self.rows, 1) * scale[0] ** _POWERS[:, None] * scale[1] ** _POWERS[None, :]
        means = np.abs(self.means - other.means) <= TOLERANCE * scale
        return bool(means.all() and (np.abs(self.sums - other.sums) <= room * max(self.rows, 1)).all())

    @property
    def _sizes(self) -> Floats:
        """Mean squares of a and b about 0."""
        rows = max(self.rows, 1)
        return np.asarray(np.array([self.sums[2, 0], self.sums[0, 2]]) / rows + np.square(self.means))

    def rules(self) -> dict[str, bool]:
        """Return what must hold of moments from strangers, and whether it does."""
        evens = self.sums[::2, ::2]
        return {
            f"rows are in the range 0<=x<={MOST_ROWS}": 0 <= self.rows <= MOST_ROWS,
            "moments are finite": bool(
                (np.abs(self.means) <= LARGEST).all() and np.isfinite(self.sums).all()
            ),
            "even powers have sums of at least 0": bool((evens >= 0).all()),
            "there are moments exactly of rows": self.sums[0, 0] == self.rows
            and (self.rows > 0 or not self.means.any()),
        }


_POWERS = np.arange(ORDER + 1)
_WANTED = _POWERS[:, None] + _POWERS[None, :] <= ORDER


def _mean(x: Floats) -> float:
    first = float(x.mean())
    return first + float((x - first).mean())  # less the rounding of the first sum


def _shift(step: float) -> Floats:
    """Return the matrix that turns sums of powers of x into those of powers of x + step."""
    return np.array(
        [
            [comb(j, p) * step ** (j - p) if p <= j else 0.0 for p in range(ORDER + 1)]
            for j in range(ORDER + 1)
        ]
    )
