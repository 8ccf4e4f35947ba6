"""A mergeable sketch of quantiles: Karnin-Lang-Liberty levels built from sorted chunks.

An item of level h stands for 2**h values. A chunk is taken in by keeping every 2**h-th of its sorted
values, which is a state such as the one-by-one algorithm reaches, at a fraction of its cost.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MASK = (1 << 64) - 1
_NO_ITEMS = np.empty(0)


@dataclass(frozen=True, eq=False, slots=True)
class Sketch:
    """Quantiles of a stream in at most 2 k + 64 items, within 4 / k of their ranks over 1,000 merges.

    Parameters
    ----------
    k : size; a merge of two sizes has the smaller one.
    levels : level h holds items that stand for 2**h values each, in no order; all finite.

    References
    ----------
    Z. Karnin, K. Lang, E. Liberty, Optimal quantile approximation in streams, FOCS 2016.
    """

    k: int
    levels: tuple[Floats, ...] = field(default=())

    @property
    def count(self) -> int:
        """Number of values that the items stand for; exact."""
        return sum(len(items) << h for h, items in enumerate(self.levels))

    @property
    def size(self) -> int:
        """Number of items kept."""
        return sum(map(len, self.levels))

    @property
    def rank_error(self) -> float:
        """Rank error, a share of the values, kept over a chain of 1,000 merges; 0 while all are kept.

        One chunk and a merge of all parts at once stay under a fourth of it.
        """
        return 0.0 if len(self.levels) <= 1 else 4.0 / self.k

    def weighted(self) -> tuple[Floats, NDArray[np.int64]]:
        """Return the items in ascending order, shape (size,), and how many values each stands for."""
        if not self.levels:
            return np.empty(0), np.empty(0, np.int64)
        items = np.concatenate(self.levels)
        weights = np.repeat(1 << np.arange(len(self.levels), dtype=np.int64), [len(x) for x in self.levels])
        order = np.argsort(items, kind="stable")
        return items[order], weights[order]

    def quantile(self, q: float) -> float | None:
        """Return the smallest item that a share q of the values or more does not exceed; None when empty."""
        if not 0 <= q <= 1:
            raise ValueError(f"q: {q!r} is not in the range 0<=x<=1; it is a ratio")
        items, weights = self.weighted()
        if not len(items):
            return None
        ranks = np.cumsum(weights)
        return float(items[min(int(np.searchsorted(ranks, q * ranks[-1])), len(items) - 1)])

    def below(self, points: Floats) -> NDArray[np.int64]:
        """Return how many values lie strictly under each point, shape (len(points),)."""
        items, weights = self.weighted()
        ranks = np.concatenate(([0], np.cumsum(weights)))
        return np.asarray(ranks[np.searchsorted(items, points, side="left")], np.int64)


def sketch_sorted(values: Floats, k: int) -> Sketch:
    """Return the sketch of finite values in ascending order, shape (n,)."""
    if len(values) == 0:
        return Sketch(k)
    top = max(0, (-(-len(values) // k) - 1).bit_length())
    return Sketch(k, tuple(_thin(values, top)) if top else (values,))


def _thin(values: Floats, top: int) -> list[Floats]:
    """Return levels 0 to `top` that stand for these values, in ascending order: one of every 2**top, and the rest.

    The place of the item within each block of 2**top values is drawn from the values themselves, so that
    the same chunk always gives the same sketch. What is left over, less than one block, goes to the lower levels.
    """
    n = len(values)
    draw = _draw(n, values[0], values[n // 2], values[-1])
    whole = n >> top << top
    levels = [_NO_ITEMS] * top + [values[draw & ((1 << top) - 1) : whole : 1 << top].copy()]
    start = whole
    for h in range(top - 1, -1, -1):
        if (n - whole) >> h & 1:
            levels[h] = values[start + (draw >> h & ((1 << h) - 1)) :][:1].copy()
            start += 1 << h
    return levels


def merge_sketches(sketches: Sequence[Sketch]) -> Sketch:
    """Return one sketch of all the streams; at least one is needed. The arguments stay as they are."""
    k = min(sketch.k for sketch in sketches)
    full = [sketch for sketch in sketches if sketch.levels]
    if len(full) == 1 and full[0].size <= 2 * k:
        return Sketch(k, full[0].levels)
    levels: list[list[Floats]] = [[] for _ in range(max((len(sketch.levels) for sketch in full), default=0))]
    for sketch in full:
        for level, items in zip(levels, sketch.levels, strict=False):
            if items.size:
                level.append(items)
    return Sketch(k, tuple(_compact([np.concatenate([*parts, _NO_ITEMS]) for parts in levels], k)))


def _compact(levels: list[Floats], k: int) -> list[Floats]:
    """Thin the lowest level that is over its share until at most 2 k items are left.

    A level's share falls by 2/3 per step down from the highest, and all shares sum to 2 k. A level with many
    times as many as all may have is thinned by as much at once.
    """
    while sum(map(len, levels)) > 2 * k:
        shares = [2 * k / 3 * (2 / 3) ** (len(levels) - 1 - h) for h in range(len(levels))]
        over = [h for h, items in enumerate(levels) if len(items) > max(shares[h], 8)]
        pairs = [h for h, items in enumerate(levels) if len(items) > 1]
        if not over and not pairs:
            break
        h = (over or pairs)[0]
        thinned = _thin(np.sort(levels[h]), max(1, (len(levels[h]) // (2 * k)).bit_length()))
        levels[h] = _NO_ITEMS
        levels += [_NO_ITEMS] * (h + len(thinned) - len(levels))
        for place, items in enumerate(thinned, h):
            levels[place] = np.concatenate((levels[place], items)) if len(items) else levels[place]
    return levels


def _draw(n: int, *values: float) -> int:
    """Return 64 random bits that depend on the arguments only (the finaliser of SplitMix64)."""
    state = n
    for (bits,) in struct.iter_unpack("<Q", struct.pack(f"<{len(values)}d", *values)):
        state = (state ^ bits) + 0x9E3779B97F4A7C15 & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state
