"""Cutting rows: by time into panes, and by a column's values into segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.spec.calendar import Calendar
from wolfpack.spec.errors import TableError
from wolfpack.spec.vocabulary import check_label
from wolfpack.stats.categorical import places
from wolfpack.stats.values import texts, words

MOST_PANES = 100_000
MOST_VALUES = 1000
"""Distinct values of a segment column; more is a mistake, such as a key."""
KEPT_VALUES = 20
"""Segment values that a reference keeps by itself; all others are counted together."""

Places = NDArray[np.int64]


def cut_panes(name: str, column: pa.ChunkedArray, calendar: Calendar) -> tuple[list[int], Places]:
    """Return the panes that rows fall into and the pane of each row.

    Parameters
    ----------
    name, column : dates or times, or text in ISO 8601; naive ones are in the calendar's zone.
    calendar : the panes.

    Returns
    -------
    starts : epoch seconds, ascending; only panes that have rows.
    pane : shape (n,), each row's place in `starts`.

    Raises
    ------
    TableError
        If a row has no time, or the column is none, or it spans more than 100,000 panes.
    """
    times, aware = _seconds(name, column)
    if not len(times):
        return [], np.empty(0, np.int64)
    zone = UTC if aware else calendar.zone
    first, last = (
        datetime.fromtimestamp(int(t), UTC).replace(tzinfo=zone) for t in (times.min(), times.max())
    )
    if (last - first) / calendar.every > MOST_PANES:
        raise TableError(
            f"column {name!r} spans {first:%Y-%m-%d} to {last:%Y-%m-%d}, more than {MOST_PANES} panes of "
            f"{calendar.every}; correct its dates, or make `every` longer"
        )
    starts: list[datetime] = []
    for start in calendar.after(calendar.start(first)):
        if start > last:
            break
        starts.append(start)
    walls = [start.astimezone(zone).replace(tzinfo=UTC).timestamp() for start in starts]
    bounds, kept = np.unique(
        np.array(walls, np.int64), return_index=True
    )  # a clock's repeated hour is one place
    used, pane = np.unique(np.searchsorted(bounds, times, side="right") - 1, return_inverse=True)
    return [int(starts[kept[place]].timestamp()) for place in used], pane.astype(np.int64)


def _seconds(name: str, column: pa.ChunkedArray) -> tuple[Places, bool]:
    """Return epoch seconds, or seconds on the local clock, shape (n,), and whether they are the former."""
    type_ = column.type
    aware = pa.types.is_timestamp(type_) and type_.tz is not None
    try:
        if not pa.types.is_temporal(type_):
            column = texts(name, column).cast(pa.string())
        seconds = column.cast(pa.timestamp("s", tz="UTC" if aware else None), safe=False)
    except pa.ArrowException as error:
        raise TableError(
            f"time column {name!r} is {type_}, not times: {error}; cast it to timestamps"
        ) from error
    if seconds.null_count:
        raise TableError(
            f"time column {name!r} has {seconds.null_count} rows without a time; fill or drop them"
        )
    return np.asarray(seconds.cast(pa.int64()), np.int64), aware


def freeze_segment(name: str, column: pa.ChunkedArray, values: Sequence[str] | None) -> tuple[str, ...]:
    """Return the values of a segment column to keep apart: the given ones, else its 20 most frequent by name.

    Raises
    ------
    TableError
        If the column has more than 1,000 values, or one of those kept cannot be a label value.
    """
    if values is None:
        counts = texts(name, column).value_counts()
        rows = zip(counts.field("counts").to_pylist(), counts.field("values").to_pylist(), strict=True)
        found = sorted(((-n, value) for n, value in rows if value is not None))
        if len(found) > MOST_VALUES:
            raise TableError(
                f"segment column {name!r} has {len(found)} values, more than {MOST_VALUES}; a segment has "
                "few, so name a coarser column or the values to keep"
            )
        values = sorted(value for _, value in found[:KEPT_VALUES])
    for value in values:
        try:
            check_label(value)
        except ValueError as error:
            raise TableError(
                f"segment column {name!r}: {error}; shorten it or name the values to keep"
            ) from None
    return tuple(values)


@dataclass(frozen=True, eq=False)
class Cut:
    """Rows by their value of one segment column.

    Parameters
    ----------
    place : shape (n,), each row's place among the kept values; their number for others and for none.
    values : number of values kept.
    """

    place: NDArray[np.int16]
    values: int

    def of(self, rows: Places) -> Cut:
        """Return the cut of other rows, each of which belongs to one of these."""
        return Cut(self.place[rows], self.values)

    @cached_property
    def ordered(self) -> tuple[Places, list[int]]:
        """Return the rows in the order of their values, and where those of each begin and end.

        Returns
        -------
        order : shape (n,), row numbers.
        ends : values + 2 places in `order`; value i has order[ends[i]:ends[i + 1]], and the last part is all
            other values and rows without one.
        """
        order = np.argsort(self.place, kind="stable")
        return order, np.searchsorted(self.place[order], np.arange(self.values + 2)).tolist()


def cut_segment(name: str, column: pa.ChunkedArray, kept: tuple[str, ...]) -> Cut:
    """Return the rows of a table by their value of a segment column."""
    found = words(name, column)
    by_word = np.append(places(found.words, kept), len(kept)).astype(np.int16)
    return Cut(by_word[found.indices], len(kept))
