"""Counting columns without numbers: a count per category of the plan, or of the rows alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.column_state import LEAN, ColumnState, bin_count
from wolfpack.stats.distinct import NONE, distinct_words
from wolfpack.stats.frequent import MOST, Frequent, count_frequent
from wolfpack.stats.sketch import Sketch

Codes = NDArray[np.int32]
LONGEST_CATEGORY = 256
"""Characters of a word that is kept by name; a longer one is text, and only counted."""
_NO_SKETCH = Sketch(1)
_NO_SUMS = np.empty(0)


@dataclass(frozen=True, eq=False)
class Words:
    """A chunk of text as places in a list of words.

    Parameters
    ----------
    indices : shape (n,), place of each row's word; len(words) where there is none.
    words : text without nulls or repetitions.
    known : the places of the words among categories, by the latter; parts of a column share them.
    """

    indices: NDArray[np.int32]
    words: pa.StringArray
    known: dict[tuple[str, ...], NDArray[np.int64]] = field(default_factory=dict)

    def part(self, rows: slice | NDArray[np.int64]) -> Words:
        return Words(self.indices[rows], self.words, self.known)

    def places(self, categories: tuple[str, ...]) -> NDArray[np.int64]:
        """Return the place of each word among the categories, their number for any other; looked up once."""
        if categories not in self.known:
            self.known[categories] = places(self.words, categories)
        return self.known[categories]

    def counts(self) -> NDArray[np.int64]:
        """Return how often each word occurs, and last how many rows have none; shape (len(words) + 1,)."""
        return np.bincount(self.indices, minlength=len(self.words) + 1).astype(np.int64, copy=False)


def count_words(found: Words, plan: ColumnPlan, k: int, changed: int = 0) -> ColumnState:
    """Return the state of a chunk of a categorical column; `changed` rows of those without a word are no text."""
    counts = found.counts()
    place = found.places(plan.categories)
    bins = np.zeros(len(plan.categories) + 1, np.int64)
    np.add.at(bins, place, counts[:-1])
    present = counts[:-1] > 0
    return ColumnState(
        plan,
        len(found.indices),
        int(counts[-1]) - changed,
        bins,
        _NO_SKETCH,
        changed=changed,
        distinct=None if k == LEAN else distinct_words(found.words.filter(pa.array(present))),
        frequent=Frequent() if k == LEAN else _others(found.words, counts[:-1], place == len(bins) - 1),
    )


def places(words: pa.StringArray, categories: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the place of each word among the categories, their number for any other."""
    if not categories:
        return np.zeros(len(words), np.int64)
    options = pc.SetLookupOptions(value_set=pa.array(categories, pa.string()))
    return np.asarray(pc.call_function("index_in", [words], options).fill_null(len(categories)), np.int64)


def _others(words: pa.StringArray, counts: NDArray[np.int64], other: NDArray[np.bool_]) -> Frequent:
    """Return the most frequent of the words that the plan does not name."""
    found = np.flatnonzero(other & (counts > 0))
    bar = 0
    if len(found) > MOST:
        bar = int(np.partition(counts[found], -MOST - 1)[-MOST - 1])
        found = found[counts[found] > bar]
    named = zip(words.take(pa.array(found)).to_pylist(), counts[found].tolist(), strict=True)
    return count_frequent(
        [(word, count - bar) for word, count in named if len(word) <= LONGEST_CATEGORY], bar
    )


def count_codes(
    codes: Codes, plan: ColumnPlan, k: int, changed: int = 0, sums: NDArray[np.float64] = _NO_SUMS
) -> ColumnState:
    """Return the state of one chunk.

    Parameters
    ----------
    codes : shape (n,), each value's place among the plan's categories, `len(categories)` for any other
        value, -1 where missing. Kinds that are only counted have 0 for every value.
    plan : a plan without edges.
    k : a lean state if it is `LEAN`.
    changed : so many of the rows without a value hold one of another kind.
    sums : sum of the vectors of an embedding.
    """
    counts = np.bincount(codes + 1, minlength=bin_count(plan) + 1).astype(np.int64, copy=False)
    distinct = NONE
    if k != LEAN and plan.kind == "boolean":
        there = [word for word, count in zip(plan.categories, counts[1:].tolist(), strict=False) if count]
        distinct = distinct_words(pa.array(there, pa.string()))
    return ColumnState(
        plan,
        len(codes),
        int(counts[0]) - changed,
        counts[1:],
        _NO_SKETCH,
        changed=changed,
        distinct=None if k == LEAN else distinct,
        sums=sums,
    )
