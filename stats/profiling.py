"""From a table to its profile: freeze a plan, or take a given one, and count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from wolfpack.spec.calendar import Calendar
from wolfpack.spec.duration import parse_duration
from wolfpack.spec.plan import Kind, Plan
from wolfpack.stats.arrow import (
    LARGE_STEP,
    STEP,
    Input,
    Source,
    open_table,
    read_whole,
    steps,
    whole_if_small,
)
from wolfpack.stats.counting import BOTH_LEAN, Map, count_tables, workers
from wolfpack.stats.cuts import cut_panes
from wolfpack.stats.drafts import Draft
from wolfpack.stats.freezing import By, Range, Wish, freeze_table, there
from wolfpack.stats.profiles import Profile, merge_all

__all__ = ["By", "freeze", "profile"]


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
    ranges: Mapping[str, Range] | None = None,
    threads: int = 1,
) -> Profile:
    """Return the profile of a table.

    Parameters
    ----------
    table : anything with the Arrow C stream (pandas, Polars, pyarrow, ...); a one-shot stream (a
        RecordBatchReader, an iterable of record batches), or a source that can be read again: any object
        with ``schema`` and ``batches()``. Both are read in bounded memory.
    by : segment columns, or a mapping of them to the values to keep apart (None: the 20 most frequent).
    time : a column of dates or times, which is not profiled itself.
    every : with `time`, also keep a profile per pane of this length, in `panes`.
    timezone : where naive times are, and where days begin.
    baseline, plan : count on this plan, or that of this profile. With neither, a plan is frozen from the
        table. A source of more than 256 MB is then read twice. A one-shot stream gets its bins, and the
        counts on them, from a sketch, within 0.1 % of the ranks: `exact_bins` is False; its segments are
        those of its first 131,072 rows; with `time` it is read into memory.
    kinds : kinds of columns that their type does not tell; only without a plan.
    ranges : (low, high) of numeric columns, None where open; values outside are counted; only without a plan.
    threads : columns counted at the same time.

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
    wish = Wish(by, kinds or {}, ranges or {})
    plan = _given(plan, baseline, wish)
    asked = [*wish.segments, *([time] if time else [])]
    source = open_table(table, asked)
    if plan is None and time is not None and isinstance(source, pa.RecordBatchReader):
        source = read_whole(source, asked)
    if plan is None and isinstance(source, Source):
        source = whole_if_small(source, asked)
    calendar = (
        None
        if every is None
        else Calendar(parse_duration(every) if isinstance(every, str) else every, timezone)
    )
    with workers(threads) as each:
        found = None
        if plan is None:
            found = _freeze(source, wish, time, each)
            if time is None and isinstance(source, pa.Table | pa.RecordBatchReader):
                return found
            plan = found.plan
        if time is None or calendar is None:
            size = LARGE_STEP if isinstance(source, pa.Table) else STEP
            return count_tables(steps(source, asked, size), plan, each)
        return _with_panes(
            source, plan, time, calendar, asked, each, found if isinstance(source, pa.Table) else None
        )


def freeze(
    table: Any,
    *,
    by: By = (),
    time: str | None = None,
    kinds: Mapping[str, Kind] | None = None,
    ranges: Mapping[str, Range] | None = None,
    threads: int = 1,
) -> Plan:
    """Return the plan that `profile` freezes from this table; parameters and errors are the same.

    A source of more than 256 MB is read once: its bins come from a sketch, its segments from all rows.
    """
    wish = Wish(by, kinds or {}, ranges or {})
    asked = [*wish.segments, *([time] if time else [])]
    source = open_table(table, asked)
    if isinstance(source, Source):
        source = whole_if_small(source, asked)
    with workers(threads) as each:
        return _freeze(source, wish, time, each).plan


def _given(plan: Plan | None, baseline: Profile | None, wish: Wish) -> Plan | None:
    if plan is not None and baseline is not None:
        raise ValueError(
            "plan and baseline were both given; give one of them, a baseline brings its own plan"
        )
    chosen = baseline.plan if baseline is not None else plan
    if chosen is not None and (wish.by or wish.kinds or wish.ranges):
        raise ValueError(
            "by, kinds and ranges belong to the plan; leave them out, or leave out plan and baseline"
        )
    return chosen


def _freeze(source: Input, wish: Wish, time: str | None, each: Map) -> Profile:
    """Return the profile on a new plan; of a source only its plan is meant."""
    if isinstance(source, pa.Table):
        return freeze_table(_without(source, time), wish, each)
    draft = Draft(wish)
    again = isinstance(source, Source)
    draft.read(map(partial(_without, time=time), steps(source, wish.segments)), each, again)
    return Profile.empty(draft.plan()) if again else draft.counted()


def _without(table: pa.Table, time: str | None) -> pa.Table:
    return table if time is None else table.drop_columns([there(table, time, "time column")])


def _with_panes(
    source: Input,
    plan: Plan,
    time: str,
    calendar: Calendar,
    asked: list[str],
    each: Map,
    whole: Profile | None,
) -> Profile:
    """Return the profile with panes; `whole` is that of all rows if it is known already."""
    parts: list[Profile] = []
    for table in [source] if isinstance(source, pa.Table) else steps(source, asked):
        rest = _without(table, time)
        counted = whole or count_tables(steps(rest), plan, each)
        panes = dict(_cut_panes(rest, table[time], time, plan, calendar, each))
        parts.append(replace(counted, panes=panes))
        if len(parts) == 16:
            parts = [merge_all(parts)]
    return merge_all(parts)


def _cut_panes(
    table: pa.Table, column: pa.ChunkedArray, time: str, plan: Plan, calendar: Calendar, each: Map
) -> Iterator[tuple[int, Profile]]:
    """Yield the start and the lean profile of each pane that has rows."""
    starts, pane = cut_panes(time, column, calendar)
    if np.any(pane[1:] < pane[:-1]):
        order = np.argsort(pane, kind="stable")
        table, pane = table.take(order), pane[order]
    ends = np.searchsorted(pane, np.arange(len(starts) + 1)).tolist()
    for start, first, last in zip(starts, ends[:-1], ends[1:], strict=True):
        yield start, count_tables(steps(table.slice(first, last - first)), plan, each, BOTH_LEAN)
