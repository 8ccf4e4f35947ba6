"""Counting a table in memory, or one step of a stream, on a plan: for all rows and each segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import OTHER, ColumnPlan, Plan
from wolfpack.stats.categorical import Words, count_codes, count_words
from wolfpack.stats.column_state import LEAN, SKETCH_ALL, ColumnState, empty_state, merge_states
from wolfpack.stats.cuts import Cut, cut_segment
from wolfpack.stats.measures import MEASURES, measure, vectors
from wolfpack.stats.numeric import count_numeric, count_sorted
from wolfpack.stats.profiles import ALL, Profile, Segment, kept_segments, merge_all
from wolfpack.stats.values import Values, is_string, read_values

Cuts = dict[str, Cut]
Map = Callable[..., Iterable[Any]]
Seen = Callable[[str, Segment, Values], None]
"""Is shown the values of a column in a segment after they were counted, so numbers are in order."""
Sizes = tuple[int, int]
FULL: Sizes = (SKETCH_ALL, LEAN)
"""Sketch sizes of all rows and of segments."""
LONG_PART = 4096
"""Rows of a segment, on average, from which on merging the states of parts is cheaper than sorting all rows again."""
BOTH_LEAN: Sizes = (LEAN, LEAN)


@contextmanager
def workers(threads: int) -> Iterator[Map]:
    """Give a `map` over columns on so many threads; sorting leaves the interpreter to the others."""
    if threads < 1:
        raise ValueError(f"threads: {threads!r} is not in the range x>=1; it is a number of threads")
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map


def count_tables(
    tables: Iterable[pa.Table], plan: Plan, each: Map = map, sizes: Sizes = FULL, seen: Seen | None = None
) -> Profile:
    """Return the profile of a stream of at least one table, holding at most 16 partial profiles at once."""
    parts: list[Profile] = []
    for table in tables:
        parts.append(count_table(table, plan, each, sizes, seen))
        del table  # it would stay while the next one is read
        if len(parts) == 16:
            parts = [merge_all(parts)]
    return merge_all(parts)


def count_table(
    table: pa.Table, plan: Plan, each: Map = map, sizes: Sizes = FULL, seen: Seen | None = None
) -> Profile:
    """Return the profile of a table in memory."""
    table = _coded(table, plan)
    cuts, rows = cut_rows(table, plan)
    given = set(table.column_names)  # a list is made of them at each asking, and a table may have ten thousand
    there = [name for name, column in plan.columns.items() if (column.source or name) in given]

    def count(name: str) -> dict[Segment, ColumnState]:
        column = plan.columns[name]
        values, its = derive(name, table[column.source or name], column, cuts)
        return count_column(name, values, column, its, rows, sizes, seen)

    states: dict[Segment, dict[str, ColumnState]] = {segment: {} for segment in rows}
    for name, found in zip(there, each(count, there), strict=True):
        for segment, state in found.items():
            states[segment][name] = state
    return Profile(plan, rows, states, {}, tuple(set_apart(table.column_names, plan)))


def _coded(table: pa.Table, plan: Plan) -> pa.Table:
    """Return the table with words that cut it and are counted too as dictionaries: what costs most is done once."""
    for name in plan.segments:
        place, counted = table.schema.get_field_index(name), plan.columns.get(name)
        there = place >= 0 and counted is not None and counted.kind == "categorical"
        if there and is_string(table.field(place).type):
            table = table.set_column(place, name, table.column(place).dictionary_encode())
    return table


def set_apart(names: Iterable[str], plan: Plan) -> list[str]:
    """Return the columns that the plan does not know."""
    return [name for name in names if name not in plan.columns]


def cut_rows(table: pa.Table, plan: Plan) -> tuple[Cuts, dict[Segment, int]]:
    """Return the cut of each segment column that the table has, and the rows of each segment."""
    cuts = {
        name: cut_segment(name, table[name], kept)
        for name, kept in plan.segments.items()
        if name in table.column_names
    }
    rows = dict.fromkeys(kept_segments(plan), 0) | {ALL: table.num_rows}
    for name, cut in cuts.items():
        sizes = np.bincount(cut.place, minlength=cut.values + 1).tolist()
        named = zip((*plan.segments[name], OTHER), sizes, strict=True)
        rows |= {(name, value): size for value, size in named if size or value != OTHER}
    return cuts, rows


def derive(
    name: str, column: pa.ChunkedArray, plan: ColumnPlan, cuts: Cuts, strict: bool = False
) -> tuple[Values, Cuts]:
    """Return what is counted of a column, or of the source of a derived one, and its cuts.

    Values that cannot be read as the plan's kind are counted as changed, or an error if `strict`.
    """
    if plan.source:
        try:
            column, rows = measure(plan.source, column, plan.measure, plan.center)
        except TableError:
            if strict:
                raise
            column, rows = pa.chunked_array([pa.nulls(len(column), pa.float64())]), None
        if rows is not None:
            cuts = {by: cut.of(rows) for by, cut in cuts.items()}
    elif plan.kind == "embedding":
        return _embedding(name, column, plan, strict), cuts
    return read_values(name, column, plan, strict), cuts


def _embedding(name: str, column: pa.ChunkedArray, plan: ColumnPlan, strict: bool) -> Values:
    there = ~np.asarray(column.is_null().to_numpy(), bool)
    try:
        found = vectors(name, column, len(plan.center))
    except TableError:
        if strict:
            raise
        found = np.full((len(column), len(plan.center)), np.nan)
    fits = there & ~np.isnan(found).any(1)
    wrong = there & ~fits
    return Values(np.where(fits, 0, -1).astype(np.int32), wrong if wrong.any() else None, found)


def count_column(
    name: str,
    values: Values,
    plan: ColumnPlan,
    cuts: Cuts,
    rows: Iterable[Segment],
    sizes: Sizes = FULL,
    seen: Seen | None = None,
) -> dict[Segment, ColumnState]:
    """Return the state of one column in each of these segments; the values are put in order.

    Long columns of numbers are put in order once, by the parts of the first cut: the whole is what they merge to.
    """
    found: dict[Segment, ColumnState] = {}
    numbers = plan.kind in ("numeric", "datetime") and seen is None
    for by, cut in cuts.items():
        order, ends = cut.ordered
        merges = numbers and sizes[1] == LEAN and ALL not in found and len(order) >= LONG_PART * len(ends)
        parts = count_parts(name, values.part(order), plan, by, ends, rows, sizes[0] if merges else sizes[1], seen)
        if merges:
            found[ALL] = merge_states(list(parts.values()))
            parts = {segment: state.without_sketch() for segment, state in parts.items()}
        found |= parts
    if ALL not in found:
        found[ALL] = count_values(values, plan, sizes[0])
    if seen is not None:
        seen(name, ALL, values)
    return {segment: found.get(segment) or empty_state(plan, sizes[segment != ALL]) for segment in rows}


def count_parts(
    name: str,
    ordered: Values,
    plan: ColumnPlan,
    by: str,
    ends: list[int],
    rows: Iterable[Segment],
    k: int,
    seen: Seen | None = None,
) -> dict[Segment, ColumnState]:
    """Return the state of each value of one segment column from the values in its order."""
    found = {}
    for segment, start, end in zip(
        [segment for segment in rows if segment[0] == by], ends[:-1], ends[1:], strict=False
    ):
        part = ordered.part(slice(start, end))
        found[segment] = count_values(part, plan, k)
        if seen is not None:
            seen(name, segment, part)
    return found


def count_values(values: Values, plan: ColumnPlan, k: int, in_order: bool = False) -> ColumnState:
    """Return the state of some values; numbers are put in order, unless they are already."""
    data = values.data
    if isinstance(data, Words):
        return count_words(data, plan, k, values.changes)
    if plan.kind in ("numeric", "datetime"):
        numbers: NDArray[np.float64] = data  # type: ignore[assignment]  # read_values made them so for these kinds
        return (count_sorted if in_order else count_numeric)(numbers, plan, k, values.changes)
    sums = np.empty(0)
    if values.vectors is not None and plan.center:
        sums = np.nansum(values.vectors - np.array(plan.center), axis=0)
    return count_codes(data.astype(np.int32, copy=False), plan, k, values.changes, sums)


def derived_columns(name: str, kind: str) -> list[tuple[str, str]]:
    """Return name and measure of the columns that are derived from one of this kind."""
    return [(f"{name}.{what}", what) for what in MEASURES.get(kind, {})]
