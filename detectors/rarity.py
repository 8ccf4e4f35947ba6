"""How rare a statistic is in its own past: its rank among all that came before, with a model only beyond the record.

A distribution is never assumed where there is experience: the tail probability of a value is the share of past
values at least as far out on its side. Beyond the largest value seen, the log of the excess is taken as
exponential, as for a Pareto tail (Hill 1975), with a fixed mean. Ranks are exact but for ties within a bin of a
quarter of an octave; nothing is forgotten.

References
----------
.. [1] B. M. Hill. 1975. A simple general approach to inference about the tail of a distribution. Ann. Statist. 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wolfpack.detectors.detection import Floats

BINS, PER_OCTAVE, LEAST = 64, 4, -3.0
"""Bins of one side, bins in an octave, and log2 of the size below which all is one: 1/8 to 8192."""
CODES = 2 * BINS
ABSENT = 255
BLOCK = 32
"""Points that are ranked among each other before they are sorted into the table."""
EXCESS = 0.3
"""Mean excess over the record in octaves: that of a tail of about the cubic kind; a Gaussian's is shorter."""
BEYOND = 4.0
"""Decades beyond the record at the most: n points of experience say no more than 1 in 10,000 n."""

Codes = NDArray[np.uint8]


class Rarity:
    """Ranks of several statistics of many series, each among its own past.

    Parameters
    ----------
    shape : (statistics, series).
    need : past values that each statistic needs, shape (statistics,); before them it is never rare.
    """

    def __init__(self, shape: tuple[int, int], need: NDArray[np.int64]) -> None:
        self.need = need[:, None]
        self.total = np.zeros(shape, dtype=np.int32)
        self.record = np.full((2, *shape), -np.inf)
        self._at_most = np.zeros((*shape, CODES + 1), dtype=np.int32)
        """How many past values have a code below each."""
        cells = np.arange(shape[0] * shape[1], dtype=np.int64) * (CODES + 1)
        self._first = cells.reshape(shape)
        self._pending: list[Codes] = []

    def rate(self, statistic: Floats) -> Floats:
        """Return -log10 of the tail probability of each value among those before it, and learn them.

        Parameters
        ----------
        statistic : array, shape (points, statistics, series); NaN is no value.

        Returns
        -------
        array, the same shape
            0 where there is no value or too few came before.
        """
        return np.concatenate([self._rate(statistic[i : i + BLOCK]) for i in range(0, len(statistic), BLOCK)])

    def _rate(self, statistic: Floats) -> Floats:
        there = ~np.isnan(statistic)
        with np.errstate(divide="ignore"):
            size = np.log2(np.abs(statistic))
        up = statistic > 0
        code = _code(size, up, there)
        twice, total = self._ranked(code, there)
        above = np.where(up, 2 * total - twice, twice)
        rare = np.log10((total + 1) / (0.5 * above + 0.5))
        rare += self._excess(np.where(there, size, -np.inf), up) * (np.log10(np.e) / EXCESS)
        np.minimum(rare, np.log10(total + 1) + BEYOND, out=rare)
        rare[~there | (total < self.need)] = 0.0
        return rare

    def _ranked(self, code: Codes, there: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return how many values before each are below it plus how many are at most it, and how many there are."""
        cell = self._first + np.where(there, code, 0)
        table = self._at_most.ravel()
        twice = table.take(cell) + table.take(cell + 1)
        twice += self._among(code)
        seen = np.cumsum(there, axis=0, dtype=np.int32)
        total = self.total + seen - there
        self.total = self.total + seen[-1]
        return twice, total

    def _among(self, code: Codes) -> NDArray[np.uint8]:
        """Return the same counts among the values that are not in the table yet, and put full blocks there."""
        before = len(self._pending)
        codes = np.concatenate([np.stack(self._pending), code]) if before else code
        twice = np.zeros(code.shape, dtype=np.uint8)
        for lag in range(1, len(codes)):
            first = max(lag - before, 0)
            earlier, later = codes[before + first - lag : len(codes) - lag], code[first:]
            twice[first:] += earlier < later
            twice[first:] += earlier <= later
        self._pending.extend(code)
        if len(self._pending) >= BLOCK:
            self._file()
        return twice

    def _file(self) -> None:
        """Sort the pending values into the table."""
        codes = np.stack(self._pending)
        self._pending = []
        cells = (self._first + 1 + codes)[codes != ABSENT]
        counts = np.bincount(cells, minlength=self._at_most.size).reshape(self._at_most.shape)
        self._at_most += np.cumsum(counts, axis=-1, dtype=np.int32)

    def _excess(self, size: Floats, up: NDArray[np.bool_]) -> Floats:
        """Return by how many octaves each value exceeds the largest before it on its side; 0 if it does not.

        A side on which nothing was seen takes the record of the other.
        """
        before = []
        for side, mine in enumerate((up, ~up)):
            largest = np.maximum.accumulate(
                np.concatenate([self.record[side][None], np.where(mine, size, -np.inf)]), axis=0
            )
            self.record[side] = largest[-1]
            before.append(largest[:-1])
        own, other = np.where(up, before[0], before[1]), np.where(up, before[1], before[0])
        own = np.maximum(np.where(np.isinf(own), other, own), LEAST)
        return np.maximum(size - own, 0.0)


def _code(size: Floats, up: NDArray[np.bool_], there: NDArray[np.bool_]) -> Codes:
    """Return the bins of values in the order of the values: 0 the most negative, 127 the largest."""
    step = np.clip(PER_OCTAVE * (size - LEAST), 0, BINS - 1)
    step[~there] = 0
    bins = step.astype(np.uint8)
    return np.where(there, np.where(up, BINS + bins, BINS - 1 - bins), ABSENT).astype(np.uint8)
