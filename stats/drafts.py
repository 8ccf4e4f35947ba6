"""A plan from a stream that is read once: its bins come from a sketch, its categories from their counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.spec.plan import ColumnPlan, Plan
from wolfpack.stats.bins import Ranks, freeze_categories, freeze_numeric, sketched
from wolfpack.stats.categorical import LONGEST_CATEGORY, Words, places
from wolfpack.stats.column_state import SKETCH_ALL, ColumnState
from wolfpack.stats.counting import Map, Sizes, count_tables, derive
from wolfpack.stats.cuts import freeze_segment
from wolfpack.stats.freezing import Wish, center_of, first_plans, freeze_segments, freeze_values, like
from wolfpack.stats.frequent import count_frequent
from wolfpack.stats.profiles import ALL, Profile, Segment
from wolfpack.stats.sketch import Sketch, merge_sketches
from wolfpack.stats.tally import MOST_NUMBERS, Tally, empty_tally
from wolfpack.stats.values import Values, words

SIZES: Sizes = (4096, 1024)
"""Sketch sizes of a draft: its bins are within 0.1 % of the ranks, those of segments within 0.4 %."""


@dataclass
class Draft:
    """What is known of a stream once it was read: counts without bins, and exact counts of few values."""

    wish: Wish
    profile: Profile | None = None
    tallies: dict[tuple[str, Segment], Tally | None] = field(default_factory=dict)
    segments: dict[str, Tally] = field(default_factory=dict)

    def read(self, tables: Iterable[pa.Table], each: Map, again: bool) -> None:
        """Read the stream to its end; if it can be read `again`, segments are left to that."""
        rows = iter(tables)
        first = next(rows)
        kept = freeze_segments(first, self.wish)
        plan = Plan(dict(_pivots(first, self.wish)), {} if again else kept)
        asked = [name for name, values in self.wish.segments.items() if values is None]
        rows = chain([first], rows)
        del first  # a step is large
        # map, unlike a generator expression, does not hold a step while the next one is read
        tables = map(partial(self._tally_segments, names=asked if again else []), rows)
        self.profile = count_tables(tables, plan, each, SIZES, self._see)

    def _tally_segments(self, table: pa.Table, names: list[str]) -> pa.Table:
        for name in names:
            found = words(name, table[name])
            tally = self.segments.get(name, empty_tally(pa.string()))
            self.segments[name] = tally.add(found.words, found.counts()[:-1])
        return table

    def _see(self, name: str, segment: Segment, values: Values) -> None:
        key = name, segment
        data = values.data
        if isinstance(data, Words):
            counts = data.counts()[:-1]
            tally = self.tallies.get(key, empty_tally(pa.string()))
            there = counts > 0
            self.tallies[key] = tally and tally.add(data.words.filter(pa.array(there)), counts[there])
        elif data.dtype == np.float64:
            tally = self.tallies.get(key, empty_tally(pa.float64()))
            self.tallies[key] = tally and _add_numbers(tally, data.astype(np.float64, copy=False))

    def plan(self) -> Plan:
        """Return the plan; of a stream that can be read again its segments are those of all rows."""
        whole = self._whole
        columns = {name: self._freeze(name, column) for name, column in whole.plan.columns.items()}
        segments = dict(whole.plan.segments)
        for name, values in self.wish.segments.items():
            if name not in segments:
                segments[name] = freeze_segment(name, self._column_of(name, values), values)
        return Plan(columns, {name: segments[name] for name in self.wish.segments})

    @property
    def _whole(self) -> Profile:
        if self.profile is None:
            raise RuntimeError("the draft was not read")
        return self.profile

    def _column_of(self, name: str, values: Any) -> pa.ChunkedArray:
        """Return a column that has each value as often as its share of a million rows, for the most frequent."""
        if values is not None:
            return pa.chunked_array([pa.array([], pa.string())])
        tally = self.segments[name]
        share = -(-tally.counts * 10_000 // max(int(tally.counts.sum()), 1))
        return pa.chunked_array([pa.array(np.repeat(np.asarray(tally.table["value"]), share), pa.string())])

    def _freeze(self, name: str, first: ColumnPlan) -> ColumnPlan:
        state, tally = self._whole[name], self.tallies.get((name, ALL))
        if first.kind == "numeric":
            frozen = freeze_numeric(_ranks(state, tally), first.low, first.high)
            return replace(like(first, frozen), pivot=first.pivot)
        if first.kind == "categorical" and tally is not None:
            value = tally.table["value"].combine_chunks()
            return like(first, freeze_categories(value, tally.counts, tally.error == 0))
        return first

    def counted(self) -> Profile:
        """Return the profile on the plan, its bins as the sketch and the exact counts of few values have them."""
        plan, whole = self.plan(), self._whole
        segments = {
            segment: {
                name: self._count(state, plan.columns[name], segment, self.tallies.get((name, segment)))
                for name, state in states.items()
            }
            for segment, states in whole.segments.items()
        }
        error = max(
            (
                _bin_error(tally, whole.segments[segment][name])
                for (name, segment), tally in self.tallies.items()
                if plan.columns[name].kind in ("numeric", "categorical")
            ),
            default=0.0,
        )
        return Profile(plan, whole.segment_rows, segments, bin_error=error)

    def _count(
        self, state: ColumnState, plan: ColumnPlan, segment: Segment, tally: Tally | None
    ) -> ColumnState:
        lean = {} if segment == ALL else {"sketch": Sketch(1), "distinct": None}
        bins, frequent = state.bins, state.frequent
        if plan.kind == "numeric":
            bins = _ranks(state, tally).counts(np.array(plan.edges))
        elif plan.kind == "categorical":
            bins, frequent = _bins_of(tally, plan, state.count)
        small = merge_sketches([state.sketch, Sketch(SKETCH_ALL)])
        changes: dict[str, Any] = {"sketch": small} | lean
        if segment != ALL:
            frequent = count_frequent([])
        return replace(state, plan=plan, bins=bins.copy(), frequent=frequent, **changes)


def _pivots(first: pa.Table, wish: Wish) -> Iterable[tuple[str, ColumnPlan]]:
    """Yield the first plans with pivots and centers from the first rows."""
    centers: dict[str, tuple[float, ...]] = {}
    for name, column in first_plans(first, wish):
        if column.kind == "embedding":
            centers[name] = center_of(name, first[name])
        column = replace(column, center=centers.get(column.source or name, ()))
        if column.kind in ("numeric", "datetime"):
            values, _ = derive(name, first[column.source or name], column, {}, strict=True)
            frozen = freeze_values(values, column)
            column = replace(column, pivot=frozen.pivot)
        yield name, column


def _add_numbers(tally: Tally, values: NDArray[np.float64]) -> Tally | None:
    """Return the tally with numbers in order, NaN and infinities apart; None if they are too many."""
    low, high = np.searchsorted(values, [-np.finfo(np.float64).max, np.inf]).tolist()
    finite = values[low:high] + 0.0
    starts = np.flatnonzero(np.append(True, finite[1:] != finite[:-1])) if len(finite) else np.empty(0, int)
    if len(starts) > MOST_NUMBERS:
        return None
    found = tally.add(pa.array(finite[starts]), np.diff(starts, append=len(finite)))
    return found if found.table.num_rows <= MOST_NUMBERS else None


def _bin_error(tally: Tally | None, state: ColumnState) -> float:
    """Return by how much of the rows counts may be off: by the sketch's error, or by what a tally left out."""
    return state.sketch.rank_error if tally is None else tally.error / max(state.count, 1)


def _ranks(state: ColumnState, tally: Tally | None) -> Ranks:
    if tally is None:
        return sketched(state.sketch, state.minimum, state.maximum)
    values = np.asarray(tally.table["value"].to_numpy(), np.float64)
    order = np.argsort(values)
    return Ranks(values[order], np.cumsum(tally.counts[order]))


def _bins_of(tally: Tally | None, plan: ColumnPlan, rows: int) -> tuple[NDArray[np.int64], Any]:
    """Return the counts of the categories, and the most frequent of the other words."""
    bins = np.zeros(len(plan.categories) + 1, np.int64)
    others: list[tuple[str, int]] = []
    if tally is not None and tally.table.num_rows:
        value, counts = tally.table["value"].combine_chunks(), tally.counts
        place = places(value, plan.categories)
        np.add.at(bins, place, counts)
        rest = np.flatnonzero(place == len(plan.categories))
        rest = rest[np.argsort(-counts[rest], kind="stable")][:1000]
        named = zip(value.take(pa.array(rest)).to_pylist(), counts[rest].tolist(), strict=True)
        others = [(word, count) for word, count in named if len(word) <= LONGEST_CATEGORY]
    bins[-1] = rows - int(bins[:-1].sum())
    return bins, count_frequent(others, 0 if tally is None else tally.error)
