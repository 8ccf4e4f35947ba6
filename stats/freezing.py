"""From a table in memory to its plan, and to its profile on it, with one sort per column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import ColumnPlan, Kind, Plan
from wolfpack.stats.bins import freeze_categories, freeze_numeric, rank
from wolfpack.stats.categorical import Words
from wolfpack.stats.column_state import LEAN, SKETCH_ALL, ColumnState, empty_state
from wolfpack.stats.counting import (
    Cuts,
    Map,
    count_parts,
    count_values,
    cut_rows,
    derive,
    derived_columns,
)
from wolfpack.stats.cuts import freeze_segment
from wolfpack.stats.kinds import check_kinds, look_at
from wolfpack.stats.measures import MEASURES
from wolfpack.stats.profiles import ALL, Profile, Segment
from wolfpack.stats.values import BOOLEANS, Values

By = Sequence[str] | Mapping[str, Sequence[str] | None]
Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Wish:
    """What a caller says of a plan that is yet to be frozen."""

    by: By = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_kinds(self.kinds)
        for name, (low, high) in self.ranges.items():
            if low is not None and high is not None and not low <= high:
                raise ValueError(f"ranges[{name!r}]: {low!r} is above {high!r}; give (low, high)")

    @property
    def segments(self) -> dict[str, Sequence[str] | None]:
        by = self.by
        return dict(by) if isinstance(by, Mapping) else dict.fromkeys([by] if isinstance(by, str) else by)


def there(table: pa.Table, name: str, what: str) -> str:
    """Return the name of a column; raise TableError if the table lacks it."""
    if name not in table.column_names:
        raise TableError(f"{what} {name!r} is not in the table; it has {', '.join(table.column_names[:30])}")
    return name


def freeze_segments(table: pa.Table, wish: Wish) -> dict[str, tuple[str, ...]]:
    """Return the values to keep of each segment column."""
    return {
        name: freeze_segment(name, table[there(table, name, "segment column")], kept)
        for name, kept in wish.segments.items()
    }


def first_plans(table: pa.Table, wish: Wish) -> Iterator[tuple[str, ColumnPlan]]:
    """Yield kind and range of each column and of those derived from it, without bins or categories."""
    given = set(table.column_names)
    for name in table.column_names:
        kind = wish.kinds.get(name) or look_at(table[name])
        asked = wish.ranges.get(name, (None, None)) if kind == "numeric" else (None, None)
        low, high = (None if end is None else float(end) for end in asked)
        words = BOOLEANS if kind == "boolean" else ()
        yield name, ColumnPlan(kind, categories=words, low=low, high=high)
        for derived, what in derived_columns(name, kind):
            if derived in given:
                raise TableError(
                    f"column {derived!r} has the name that is given to what is counted of {name!r}; rename it"
                )
            yield derived, ColumnPlan(MEASURES[kind][what], source=name, measure=what)


def freeze_table(table: pa.Table, wish: Wish, each: Map = map) -> Profile:
    """Return the profile of a table on a plan of its own."""
    segments = freeze_segments(table, wish)
    cuts, rows = cut_rows(table, Plan({}, segments))
    wanted = dict(first_plans(table, wish))
    centers: dict[str, tuple[float, ...]] = {}

    def freeze(name: str) -> tuple[ColumnPlan, dict[Segment, ColumnState]]:
        return _freeze_column(name, table, _centered(table, wanted, name, centers), cuts, list(rows))

    found = dict(zip(wanted, each(freeze, wanted), strict=True))
    plan = Plan({name: column for name, (column, _) in found.items()}, segments)
    states: dict[Segment, dict[str, ColumnState]] = {
        segment: {name: its[segment] for name, (_, its) in found.items()} for segment in rows
    }
    return Profile(plan, rows, states)


def _centered(
    table: pa.Table, wanted: dict[str, ColumnPlan], name: str, centers: dict[str, tuple[float, ...]]
) -> ColumnPlan:
    """Return a column's first plan, with the center of the vectors if it is about them."""
    column = wanted[name]
    source = column.source or name
    if wanted[source].kind != "embedding":
        return column
    if source not in centers:
        centers[source] = center_of(source, table[source])
    return replace(column, center=centers[source])


def center_of(name: str, column: pa.ChunkedArray) -> tuple[float, ...]:
    """Return the mean vector of an embedding column."""
    from wolfpack.stats.measures import vectors

    found = vectors(name, column)
    present = found[~np.isnan(found).any(1)] if found.shape[1] else found
    return tuple(present.mean(0).tolist()) if len(present) else (0.0,) * found.shape[1]


def _freeze_column(
    name: str, table: pa.Table, first: ColumnPlan, cuts: Cuts, rows: list[Segment]
) -> tuple[ColumnPlan, dict[Segment, ColumnState]]:
    values, its = derive(name, table[first.source or name], first, cuts, strict=True)
    ordered = {by: (values.part(cut.ordered[0]), cut.ordered[1]) for by, cut in its.items()}
    plan = freeze_values(values, first)
    found = {ALL: count_values(values, plan, SKETCH_ALL, in_order=True)}
    for by, (part, ends) in ordered.items():
        found |= count_parts(name, part, plan, by, ends, rows, LEAN)
    return plan, {segment: found.get(segment) or empty_state(plan, LEAN) for segment in rows}


def freeze_values(values: Values, first: ColumnPlan) -> ColumnPlan:
    """Return the plan of these values; numbers are put in order."""
    data: Any = values.data
    if isinstance(data, Words):
        counts = data.counts()[:-1]
        present = counts > 0
        words = data.words if present.all() else data.words.filter(pa.array(present))
        return like(first, freeze_categories(words, counts[present]))
    if first.kind not in ("numeric", "datetime"):
        return first
    finite = rank(data)
    if first.kind == "datetime":
        middle = finite.values[finite.rows // 2 :][:1]
        return replace(first, pivot=float(middle[0]) if len(middle) else 0.0)
    return like(first, freeze_numeric(finite, first.low, first.high))


def like(first: ColumnPlan, frozen: ColumnPlan) -> ColumnPlan:
    """Return the frozen plan with what the first one says of where the column comes from."""
    return replace(frozen, source=first.source, measure=first.measure, center=first.center)
