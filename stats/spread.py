"""Counts, means and sums of squares about them, of several quantities at once: what a mean and its error need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats.estimates import Estimate, known
from wolfpack.stats.packing import MOST_ROWS

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
MOST_VALUE = 1e145
"""Values up to this have squares whose sum over any table is a double."""
TOLERANCE = 1e-9
"""Relative to the size of what was summed: how far two ways of adding up the same rows may differ."""


@dataclass(frozen=True, eq=False)
class Spread:
    """The spread of k quantities; merges without a common pivot, and does not cancel far from 0.

    Parameters
    ----------
    rows : values of each, shape (k,).
    means : their means, 0 without rows.
    squares : their sums of (x - mean)**2.

    References
    ----------
    T. Chan, G. Golub, R. LeVeque, Updating formulae and a pairwise algorithm for computing sample variances,
    COMPSTAT 1982.
    """

    rows: Counts
    means: Floats
    squares: Floats

    @classmethod
    def empty(cls, k: int) -> Spread:
        return cls(np.zeros(k, np.int64), np.zeros(k), np.zeros(k))

    @classmethod
    def grouped(cls, values: ArrayLike, groups: ArrayLike, k: int) -> Spread:
        """Return the spread of the values of each group.

        Parameters
        ----------
        values : finite, shape (n,).
        groups : which of the k groups each belongs to, 0 <= x < k, shape (n,).
        """
        x, place = np.asarray(values, np.float64), np.asarray(groups, np.int64)
        rows = np.bincount(place, minlength=k)
        safe = np.maximum(rows, 1)
        first = np.bincount(place, x, k) / safe
        means = first + np.bincount(place, x - first[place], k) / safe  # less the rounding of the first sum
        squares = np.asarray(np.bincount(place, np.square(x - means[place]), k), np.float64)
        return cls(rows, means, squares)

    def merge(self, *others: Spread) -> Spread:
        """Return the spread of all values, as if they had been given at once, up to rounding."""
        found = self
        for other in others:
            found = _pair(found, other)
        return found

    def mean(self, at: int) -> Estimate | None:
        """Return the mean of one quantity with its standard error; None without rows, no error with one."""
        rows = int(self.rows[at])
        if not rows:
            return None
        variance = float(self.squares[at]) / (rows - 1) / rows if rows > 1 else None
        return known(float(self.means[at]), variance)

    @property
    def totals(self) -> Floats:
        """Sums of the values."""
        return np.asarray(self.rows * self.means)

    @property
    def squares_about_zero(self) -> Floats:
        """Sums of the squared values."""
        return np.asarray(self.squares + self.rows * np.square(self.means))

    def equals(self, other: Spread) -> bool:
        """Tell whether counts agree and the rest does up to rounding."""
        if not np.array_equal(self.rows, other.rows):
            return False
        sizes = np.maximum(self.squares_about_zero, other.squares_about_zero)
        means = np.abs(self.means - other.means) <= TOLERANCE * np.sqrt(sizes / np.maximum(self.rows, 1))
        squares = np.abs(self.squares - other.squares) <= TOLERANCE * sizes
        return bool((means & squares).all())

    def sound(self) -> bool:
        """Tell whether rows could have given this, for bytes from strangers."""
        return bool(
            ((self.rows >= 0) & (self.rows <= MOST_ROWS)).all()
            and (np.abs(self.means) <= MOST_VALUE).all()
            and ((self.squares >= 0) & np.isfinite(self.squares)).all()
            and (self.means[self.rows == 0] == 0).all()
            and (self.squares[self.rows == 0] == 0).all()
        )


def _pair(one: Spread, two: Spread) -> Spread:
    rows = one.rows + two.rows
    safe = np.maximum(rows, 1)
    apart = np.where((one.rows > 0) & (two.rows > 0), two.means - one.means, 0.0)
    means = np.where(one.rows > 0, one.means + apart * (two.rows / safe), two.means)
    squares = one.squares + two.squares + np.square(apart) * (one.rows * (two.rows / safe))
    return Spread(rows, means, squares)
