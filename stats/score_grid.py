"""Rounding of scores when there are too many different ones: onto the finest grid that leaves few enough cells.

A score's key is a whole number in the order of the scores: the bits of its distance from 0, from 1 up to a half
below it and beyond it. Cells are runs of 2**level keys, so they are fine near both ends of the range of
probabilities, where scores of rare classes and of sure models lie, and as fine as needed where scores are crowded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.packing import MOST_ROWS
from wolfpack.stats.pairs import LARGEST

Floats = NDArray[np.float64]
Keys = NDArray[np.int64]

Counts = NDArray[np.int64]

MOST_SCORES = 50_000
"""Distinct scores that are kept as they are."""
CELLS = 4096
"""Cells that there are at most when scores are rounded, those without any score not counted."""
LEVELS = 62
"""The coarsest grid has two cells."""
_SPARE = 2
"""Lowest bits left out of a key, so that three ranges of doubles fit in 64 bits."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """Counts of c kinds at ascending scores, rounded if there were too many.

    Parameters
    ----------
    lowest, highest : of the scores that are counted together, finite, shape (k,); equal if they are one. Of the
        scores in a cell of the grid the lowest and the highest are counted apart from those between them, so that a
        score which many rows share is kept where it is an end of the range, as clipped ones are.
    counts : shape (c, k), no column all 0.
    level : of the grid; 0 if scores are not rounded.
    """

    lowest: Floats
    highest: Floats
    counts: Counts
    level: int = 0

    @classmethod
    def count(cls, *kinds: Floats) -> Gathered:
        """Return the counts of finite scores, of each kind an array of its own."""
        ordered = [np.sort(scores + 0.0) for scores in kinds]
        distinct = _each_once(np.sort(np.concatenate([_each_once(scores) for scores in ordered])))
        counts = np.stack(
            [np.diff(np.searchsorted(scores, distinct), append=len(scores)) for scores in ordered]
        )
        return cls(distinct, distinct, counts.astype(np.int64))._few()

    @classmethod
    def merge(cls, parts: Sequence[Gathered]) -> Gathered:
        """Return the counts of all parts together, the same in whatever order and parts they come."""
        lowest, highest = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("lowest", "highest")
        )
        counts = np.concatenate([part.counts for part in parts], 1)
        order = np.lexsort((highest, lowest))
        level = max(part.level for part in parts)
        return cls(lowest[order], highest[order], counts[:, order], level)._joined()._few()

    def _few(self) -> Gathered:
        """Return the same, rounded as far as it takes."""
        if not self.level and len(self.lowest) <= MOST_SCORES:
            return self
        level = level_for(keys(self.lowest), CELLS, max(self.level, 1))
        return (
            self if level == self.level else Gathered(self.lowest, self.highest, self.counts, level)._joined()
        )

    def _joined(self) -> Gathered:
        """Return the same with what shares a score, or lies between the two ends of a cell, as one."""
        if not len(self.lowest):
            return self
        places = cells(keys(self.lowest), self.level) if self.level else self.lowest
        starts = np.flatnonzero(np.append(True, places[1:] != places[:-1]))
        low, high = self.lowest[starts], np.maximum.reduceat(self.highest, starts)
        group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(places))))
        at_high = (self.lowest == high[group]) & (high > low)[group]
        part = 3 * group + np.where(
            at_high, 2, self.highest > low[group]
        )  # at its low end, between, at its high end
        found, place = np.unique(part, return_inverse=True)
        counts = np.zeros((len(self.counts), len(found)), np.int64)
        for total, given in zip(counts, self.counts, strict=True):
            np.add.at(total, place, given)
        ends = low[found // 3], high[found // 3]
        return Gathered(
            np.where(found % 3 == 2, ends[1], ends[0]), np.where(found % 3 == 0, *ends), counts, self.level
        )

    def equals(self, other: Gathered) -> bool:
        """Tell whether both agree in every count."""
        mine, theirs = ((one.lowest, one.highest, one.counts) for one in (self, other))
        return self.level == other.level and all(map(np.array_equal, mine, theirs))

    def rules(self) -> dict[str, bool]:
        """Return what must hold of counts from strangers, and whether it does."""
        low, high = self.lowest, self.highest
        if not (np.abs(low) <= LARGEST).all() or not (np.abs(high) <= LARGEST).all():
            return {"scores are finite": False}
        level = self.level if 0 <= self.level <= LEVELS else 0
        bounds = [cells(keys(edge), level) if level else edge for edge in (low, high)]
        order = np.lexsort((high, low))
        different = (np.diff(low) > 0) | (np.diff(high) > 0)
        return {
            "scores are ascending": bool((order == np.arange(len(low))).all() and different.all()),
            f"level is in the range 0<=x<={LEVELS}": level == self.level,
            "highest scores lie in the cells of the lowest": bool(
                (low <= high).all() and (bounds[0] == bounds[1]).all()
            ),
            f"counts are in the range 0<=x<={MOST_ROWS}": bool(
                ((self.counts >= 0) & (self.counts <= MOST_ROWS)).all()
            ),
            "each score has a row": bool((self.counts.sum(0) > 0).all()),
            f"there are at most {MOST_SCORES} scores": len(low) <= (3 * CELLS if level else MOST_SCORES),
            "cells are as they are made": self._joined().equals(self),
        }


def _each_once(ascending: Floats) -> Floats:
    return ascending[np.append(True, ascending[1:] != ascending[:-1])] if len(ascending) else ascending


def keys(scores: Floats) -> Keys:
    """Return a whole number for each finite score, larger for larger scores and equal for equal ones."""
    half = _bits(np.array([0.5]))[0]
    inside = np.where(
        scores > 0.5, 2 * half - _bits(np.clip(1 - scores, 0, 0.5)), _bits(np.clip(scores, 0, 0.5))
    )
    beyond = np.where(scores > 1, 2 * half + _bits(np.maximum(scores - 1, 0)), inside)
    return np.asarray(np.where(scores < 0, -_bits(np.maximum(-scores, 0)), beyond), np.int64)


def cells(given: Keys, level: int) -> Keys:
    """Return the cell of each key on the grid of a level."""
    return given >> np.int64(level)


def level_for(ascending: Keys, most: int, least: int) -> int:
    """Return the finest level, at least `least`, on which these keys fall into at most so many cells.

    It depends on the set of keys alone and grows with it: rows that were rounded apart and then together are
    on the grid of all rows at once.
    """
    low, high = least, LEVELS
    while low < high:
        middle = (low + high) // 2
        if np.count_nonzero(np.diff(cells(ascending, middle))) + 1 <= most:
            high = middle
        else:
            low = middle + 1
    return low


def _bits(distances: Floats) -> Keys:
    """Return the bits of numbers >= 0, which are ordered as the numbers are."""
    return np.asarray((distances + 0.0).view(np.int64) >> _SPARE)
