"""From a table to its profile: freeze a plan, or take a given one, and count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.spec.calendar import Calendar
from wolfpack.spec.duration import parse_duration
from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import OTHER, ColumnPlan, Kind, Plan
from wolfpack.stats.arrow import BOOLEANS, codes, floats, kind_of, open_stream, read_table, steps, texts
from wolfpack.stats.bins import freeze_categories, freeze_numeric
from wolfpack.stats.categorical import count_codes
from wolfpack.stats.column_state import ColumnState, empty_state
from wolfpack.stats.cuts import cut_panes, cut_segment, freeze_segment
from wolfpack.stats.numeric import count_numeric
from wolfpack.stats.profiles import ALL, Profile, Segment, kept_segments, merge_all, sketch_size

Cut = tuple[NDArray[np.int64], list[int]]
By = Sequence[str] | Mapping[str, Sequence[str] | None]


def profile(
    table: Any,
    *,
    by: By = (),
    time: str | None = None,
    every: timedelta | str | None = None,
    timezone: str = "UTC",
    baseline: Profile | None = None,
    plan: Plan | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Profile:
    """Return the profile of a table.

    Parameters
    ----------
    table : anything with the Arrow C stream (pandas, Polars, pyarrow, ...).
    by : segment columns, or a mapping of them to the values to keep apart (None: the 20 most frequent).
    time : a column of dates or times, which is not profiled itself.
    every : with `time`, also keep a profile per pane of this length, in `panes`.
    timezone : where naive times are, and where days begin.
    baseline, plan : count on this plan, or that of this profile. With neither, a plan is frozen from the
        table, so a second pass over it is made.
    kinds : kinds of columns that their type does not tell; only without a plan.

    Raises
    ------
    TableError
        If the table cannot be read so; the message names the column.
    ValueError
        If arguments contradict each other.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = profile(pa.table({"delay": [1.0, 2.0, None], "origin": ["JFK", "JFK", "EWR"]}), by=["origin"])
    >>> found["delay"].mean, found["delay"].missing, found.segment_rows["origin", "JFK"]
    (1.5, 1, 2)
    """
    if (time is None) != (every is None):
        raise ValueError(f"time={time!r}, every={every!r}: give both to keep panes, or neither")
    plan = _given(plan, baseline, by, kinds)
    asked = [*by, *([time] if time else [])]
    if time is None and plan is not None:
        return _count(steps(open_stream(table, asked), asked), plan)
    whole = read_table(table, asked)
    rest = _without(whole, time)
    if plan is None:
        plan = _freeze(rest, by, kinds or {})
    counted = _count(steps(rest), plan)
    if time is None or every is None:
        return counted
    calendar = Calendar(parse_duration(every) if isinstance(every, str) else every, timezone)
    starts, pane = cut_panes(time, whole[time], calendar)
    return Profile(
        plan, counted.segment_rows, counted.segments, _cut_panes(rest, plan, starts, pane), counted.unplanned
    )


def freeze(
    table: Any, *, by: By = (), time: str | None = None, kinds: Mapping[str, Kind] | None = None
) -> Plan:
    """Return the plan that `profile` freezes from this table; parameters and errors are the same."""
    whole = read_table(table, [*by, *([time] if time else [])])
    return _freeze(_without(whole, time), by, kinds or {})


def _given(
    plan: Plan | None, baseline: Profile | None, by: By, kinds: Mapping[str, Kind] | None
) -> Plan | None:
    if plan is not None and baseline is not None:
        raise ValueError(
            "plan and baseline were both given; give one of them, a baseline brings its own plan"
        )
    chosen = baseline.plan if baseline is not None else plan
    if chosen is not None and (by or kinds):
        raise ValueError("by and kinds belong to the plan; leave them out, or leave out plan and baseline")
    return chosen


def _without(table: pa.Table, time: str | None) -> pa.Table:
    if time is None:
        return table
    return table.drop_columns([_there(table, time, "time column")])


def _there(table: pa.Table, name: str, what: str) -> str:
    if name not in table.column_names:
        raise TableError(f"{what} {name!r} is not in the table; it has {', '.join(table.column_names[:30])}")
    return name


def _freeze(table: pa.Table, by: By, kinds: Mapping[str, Kind]) -> Plan:
    for name, kind in kinds.items():
        if kind not in get_args(Kind):
            raise ValueError(f"kinds[{name!r}]: {kind!r} is no kind; known are {', '.join(get_args(Kind))}")
    values = dict(by) if isinstance(by, Mapping) else dict.fromkeys([by] if isinstance(by, str) else by)
    segments = {
        name: freeze_segment(name, table[_there(table, name, "segment column")], kept)
        for name, kept in values.items()
    }
    columns = {
        name: _freeze_column(name, table[name], kinds.get(name) or kind_of(table[name].type))
        for name in table.column_names
    }
    return Plan(columns, segments)


def _freeze_column(name: str, column: pa.ChunkedArray, kind: Kind) -> ColumnPlan:
    if kind == "numeric":
        return freeze_numeric(np.array(floats(name, column)))
    if kind == "categorical":
        return freeze_categories(texts(name, column))
    return ColumnPlan(kind, categories=BOOLEANS if kind == "boolean" else ())


def _count(tables: Iterable[pa.Table], plan: Plan) -> Profile:
    """Return the profile of a stream of at least one table, holding at most 16 partial profiles at once."""
    parts: list[Profile] = []
    for table in tables:
        parts.append(_count_step(table, plan))
        if len(parts) == 16:
            parts = [merge_all(parts)]
    return merge_all(parts)


def _count_step(table: pa.Table, plan: Plan) -> Profile:
    """Return the profile of a table of at most some 100,000 rows."""
    cuts = {
        column: cut_segment(column, table[column], kept)
        for column, kept in plan.segments.items()
        if column in table.column_names
    }
    rows = dict.fromkeys(kept_segments(plan), 0) | {ALL: table.num_rows}
    for column, (_, ends) in cuts.items():
        sizes = zip((*plan.segments[column], OTHER), np.diff(ends).tolist(), strict=True)
        rows |= {(column, value): size for value, size in sizes if size or value != OTHER}
    states: dict[Segment, dict[str, ColumnState]] = {segment: {} for segment in rows}
    there = set(table.column_names)
    for name, column_plan in plan.columns.items():
        if name in there:
            for segment, state in _count_column(table[name], name, column_plan, cuts, rows).items():
                states[segment][name] = state
    return Profile(
        plan, rows, states, {}, tuple(name for name in table.column_names if name not in plan.columns)
    )


def _count_column(
    column: pa.ChunkedArray, name: str, plan: ColumnPlan, cuts: dict[str, Cut], rows: dict[Segment, int]
) -> dict[Segment, ColumnState]:
    """Return the state of one column in each segment that is in `rows`."""
    values = floats(name, column) if plan.kind == "numeric" else codes(name, column, plan)
    found = {ALL: _count_values(values.copy(), plan, sketch_size(ALL))}
    for by, (order, ends) in cuts.items():
        ordered, places = values[order], [segment for segment in rows if segment[0] == by]
        for segment, start, end in zip(places, ends[:-1], ends[1:], strict=False):
            found[segment] = _count_values(ordered[start:end], plan, sketch_size(segment))
    return {
        segment: found[segment] if segment in found else empty_state(plan, sketch_size(segment))
        for segment in rows
    }


def _count_values(values: NDArray[Any], plan: ColumnPlan, k: int) -> ColumnState:
    return count_numeric(values, plan, k) if plan.kind == "numeric" else count_codes(values, plan)


def _cut_panes(table: pa.Table, plan: Plan, starts: list[int], pane: NDArray[np.int64]) -> dict[int, Profile]:
    if np.any(pane[1:] < pane[:-1]):
        order = np.argsort(pane, kind="stable")
        table, pane = table.take(order), pane[order]
    ends = np.searchsorted(pane, np.arange(len(starts) + 1)).tolist()
    return {
        start: _count(steps(table.slice(first, last - first)), plan)
        for start, first, last in zip(starts, ends[:-1], ends[1:], strict=True)
    }
