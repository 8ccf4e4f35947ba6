"""Bringing two states of a column onto the same bins, and what of them is expected to be new."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wolfpack.stats.bins import STRAY
from wolfpack.stats.column_state import ColumnState, atoms
from wolfpack.stats.drift import coarse_bins, group_bins, rare_bins

NUMERIC_SURPRISE = 2
"""Rows held to lie beyond the extremes of a reference of numbers: of n values, 2 / n do on average."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Counts of one column in the reference and now, on the reference's bins.

    Parameters
    ----------
    reference, current : shape (k,); categorical kinds end with the count of all other values.
    unseen : shape (k,), bins of values that the reference never had.
    surprise : rows of the reference from which as many novel values are expected now.
    certainty : in 0 to 1, the share of the reference's rows that this expectation is worth.
    base : share of the reference that `unseen` holds although it cannot be told what is in it, else 0.
    stray : infinities and values of another kind now, if the reference has none; they are novel.
    ordered : whether the bins are in ascending order of their values.
    error : rank error of the counts; 0 if exact.
    """

    reference: NDArray[np.int64]
    current: NDArray[np.int64]
    unseen: NDArray[np.bool_]
    surprise: int
    certainty: float = 1.0
    base: float = 0.0
    stray: int = 0
    ordered: bool = False
    error: float = 0.0

    @property
    def novel_rows(self) -> int:
        return int(self.current[self.unseen].sum()) + self.stray

    @cached_property
    def grouped(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Counts of both sides on the groups that PSI is scored on; there must be a row on each side."""
        wanted = coarse_bins(float(min(self.reference.sum(), self.current.sum())))
        apart = rare_bins(self.reference, self.unseen, self.ordered)
        member = group_bins(self.reference, apart, wanted)
        return self.reference @ member, self.current @ member


def align(reference: ColumnState, current: ColumnState) -> Pair | None:
    """Return the pair of counts; None if the kinds differ, or the kind is only counted."""
    if reference.kind != current.kind:
        return None
    if reference.kind == "numeric":
        return _numeric(reference, current)
    return _categorical(reference, current) if reference.plan.categories else None


def _numeric(reference: ColumnState, current: ColumnState) -> Pair:
    plan, error, counts = reference.plan, 0.0, current.bins
    if plan.edges != current.plan.edges:
        under, error = estimate(current, np.array(plan.edges))
        counts = np.diff(under, prepend=0, append=current.count)
    unseen = reference.bins == 0
    unseen[[0, -1]] = reference.bins[[0, -1]] <= STRAY
    if plan.seen:
        unseen &= ~np.array(plan.seen)
    strays = int(reference.bins[unseen].sum())
    return Pair(
        reference.bins,
        counts,
        unseen,
        surprise=max(NUMERIC_SURPRISE, _single_values(reference)) + strays,
        base=strays / max(reference.count, 1),
        stray=(0 if reference.nonfinite else current.nonfinite) + _changed(reference, current),
        ordered=True,
        error=error,
    )


def estimate(state: ColumnState, points: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Return how many values lie under each point, from the sketch, or of a lean state from its own bins.

    Within a bin its values are taken as evenly spread, so a rank is off by the largest bin that is cut at most.
    """
    if not state.lean or not state.count or not state.plan.edges:
        return state.sketch.below(points), state.sketch.rank_error
    edges, under = np.array(state.plan.edges), np.cumsum(state.bins)[:-1]
    ranks = np.interp(points, edges, under, left=0, right=state.count)
    return np.rint(ranks).astype(np.int64), float(state.bins[~atoms(state.plan)].max()) / state.count


def _changed(reference: ColumnState, current: ColumnState) -> int:
    """Return the values of another kind, if the reference has none; they are novel."""
    return 0 if reference.changed else current.changed


def _single_values(reference: ColumnState) -> int:
    """Return how many bins of one single value hold one row: of integers as many more are still unseen."""
    return int(np.count_nonzero(reference.bins[atoms(reference.plan)] == 1))


def _categorical(reference: ColumnState, current: ColumnState) -> Pair:
    plan, counts = reference.plan, current.bins
    if plan.categories != current.plan.categories:
        by_word = dict(zip(current.plan.categories, current.bins.tolist(), strict=False))
        known = [by_word.get(word, 0) for word in plan.categories]
        counts = np.array([*known, current.count - sum(known)], np.int64)
    unseen = reference.bins == 0
    unseen[-1] = True  # what the plan does not name is one heap, in which new values show as growth
    surprise, certainty = _expected_novel(reference)
    base = 0.0 if plan.complete else surprise / max(reference.count, 1)
    stray = _changed(reference, current)
    return Pair(reference.bins, counts, unseen, surprise, certainty, base, stray)


def _expected_novel(reference: ColumnState) -> tuple[int, float]:
    """Return the rows that speak for values without a count of their own, and what share they are worth.

    Good and Turing: what was not seen has the mass of what was seen once. If the plan names only what was
    seen more than r times, the heap of the others has their mass and that of what was seen r + 1 times. Such
    an estimate varies more than a count of as many rows, by the factor 1 / certainty.

    References
    ----------
    I. J. Good, The population frequencies of species and the estimation of population parameters, Biometrika
    40, 1953. W. Esty, A normal limit law for a nonparametric estimator of the coverage of a random sample,
    Annals of Statistics 11, 1983, for the variance (once + 2 twice) / n**2.
    """
    counts, heap = reference.bins[:-1], int(reference.bins[-1])
    if reference.plan.complete:
        once, twice = (int(np.count_nonzero(counts == times)) for times in (1, 2))
        return once + heap, (once + heap) / (once + heap + 2 * twice) if once + heap else 1.0
    least = int(counts[counts > 0].min(initial=reference.rows + 1))
    risen = least * int(np.count_nonzero(counts == least))
    return heap + risen, (heap + risen) / max((least - 1) * heap + least * risen, 1)
