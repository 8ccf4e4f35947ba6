"""Two distributions side by side for people to look at: shares of values in some twenty bins with names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.align import Pair, align
from wolfpack.stats.column_state import ColumnState, atoms

WANTED = 20
"""Bins of equal mass that are shown of numbers, and categories, before the rest is one."""


@dataclass(frozen=True)
class Share:
    """One bin in both distributions.

    Parameters
    ----------
    label : what is in it, for people.
    before, now : share of the values in it, ratio 0 to 1; of the values, missing ones apart.
    new : whether the reference had no such value.
    gone : whether there is none now, where the reference had some.
    """

    label: str
    before: float
    now: float
    new: bool = False
    gone: bool = False

    @property
    def moved(self) -> float:
        """By how much the share grew, -1 to 1."""
        return self.now - self.before


def shares(reference: ColumnState, current: ColumnState) -> tuple[Share, ...]:
    """Return the bins in their order, categories by their share before; none for kinds that are only counted.

    Both shares sum to 1, each unless that side has no value.
    """
    pair = align(reference, current)
    if pair is None:
        return ()
    groups = _intervals(reference, pair) if pair.ordered else _categories(reference, pair)
    before, now = max(int(pair.reference.sum()), 1), max(int(pair.current.sum()), 1)
    return tuple(
        Share(label, was / before, is_ / now, new=bool(new and is_), gone=bool(was and not is_))
        for label, was, is_, new in groups
    )


Group = tuple[str, int, int, bool]


def _intervals(reference: ColumnState, pair: Pair) -> Iterator[Group]:
    """Yield neighbouring bins together until they have a twentieth of the reference; single and new values alone."""
    edges = np.array(reference.plan.edges)
    alone = atoms(reference.plan) & (pair.reference * WANTED >= pair.reference.sum())
    alone = alone | (pair.unseen & (pair.current > 0))
    cuts = _cuts(pair.reference, alone)
    for start, end in pairwise(cuts):
        was, now = int(pair.reference[start:end].sum()), int(pair.current[start:end].sum())
        if was or now:
            yield _interval(edges, start, end), was, now, bool(pair.unseen[start:end].all())


def _cuts(counts: NDArray[np.int64], alone: NDArray[np.bool_]) -> list[int]:
    target = counts.sum() / WANTED
    found, mass = [0], 0
    for place, (count, single) in enumerate(zip(counts.tolist(), alone.tolist(), strict=True)):
        if single and found[-1] < place:
            found.append(place)
            mass = 0
        mass += count
        if single or mass >= target:
            found.append(place + 1)
            mass = 0
    return found if found[-1] == len(counts) else [*found, len(counts)]


def _interval(edges: NDArray[np.float64], start: int, end: int) -> str:
    if not len(edges):
        return "all values"
    if start == 0:
        return f"under {edges[end - 1]:.6g}" if end <= len(edges) else "all values"
    if end > len(edges):
        return f"{edges[start - 1]:.6g} and above"
    low, high = edges[start - 1], edges[end - 1]
    return f"{low:.6g}" if high == np.nextafter(low, np.inf) else f"{low:.6g} to {high:.6g}"


def _categories(reference: ColumnState, pair: Pair) -> Iterator[Group]:
    """Yield the most frequent categories of either side, and all others together."""
    names = reference.plan.categories
    most = np.maximum(
        pair.reference / max(pair.reference.sum(), 1), pair.current / max(pair.current.sum(), 1)
    )
    kept = sorted(np.argsort(-most[: len(names)], kind="stable")[:WANTED].tolist())
    for place in kept:
        yield names[place], int(pair.reference[place]), int(pair.current[place]), bool(pair.unseen[place])
    was = int(pair.reference.sum() - pair.reference[kept].sum())
    now = int(pair.current.sum() - pair.current[kept].sum())
    if was or now:
        yield "all others", was, now, not was
