"""Points of series in pages that stay right while the ledger grows.

A page begins after the last point of the page before, by series and time, and all pages of one question show the
ledger as it was when the first one was asked for: what is computed or shown later is left out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, Select, func, select

from wolfpack.exporter.schema import exposures, samples, series

History = Literal["event", "exposed"]
Point = tuple[float | None, float | None, float]
"""End of the window, value (None: withdrawn or taken back), and when it was computed or shown."""
CHUNK = 500
"""Series asked for in one query; SQLite's older releases take 999 variables."""
_BEFORE = -1.0
"""A time before all."""
_CURSOR = re.compile(r"(\d{1,16}\.\d{1,20})_(\d{1,18})_(\d{1,16}\.\d{1,20})_([0-9a-f]{8})")


@dataclass(frozen=True)
class Question:
    """What is asked of a history, times in epoch seconds.

    Parameters
    ----------
    start, end : of the window's end (event), or of when it was shown (exposed).
    changed : of event history only windows computed then or later, with those taken back; 0: all there are.
    """

    history: History
    start: float
    end: float
    changed: float = 0.0


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after a point of a series, of the ledger as of a time."""

    as_of: float
    series: int = 0
    after: float = _BEFORE

    def text(self, mark: str) -> str:
        """Return the cursor as it is sent; `mark` says of which question it is."""
        return f"{self.as_of!r}_{self.series}_{float(self.after)!r}_{mark}"

    @classmethod
    def read(cls, text: str, mark: str) -> Cursor:
        """Read what `text` returned.

        Raises
        ------
        ValueError
            If it is no cursor, or one of another question.
        """
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:80]!r} is no cursor; give `next` of the page before, or none")
        if found[4] != mark:
            raise ValueError(
                f"{text!r} is of another question; match, as, start, end and changed must stay as they were"
            )
        return cls(float(found[1]), int(found[2]), float(found[3]))


def first(connection: Connection, numbers: Sequence[int], question: Question) -> Cursor:
    """Return where the first page begins: now is when the newest of what there is was computed or shown."""
    if question.history == "event":
        newest = connection.execute(select(func.max(samples.c.computed))).scalar()
        return Cursor(float(newest or 0.0))
    its = select(func.max(exposures.c.shown)).where(exposures.c.series_id == series.c.id).scalar_subquery()
    newest = 0.0
    for chunk in _chunks(numbers):
        shown = select(its.label("shown")).where(series.c.id.in_(chunk)).subquery()
        newest = max(newest, connection.execute(select(func.max(shown.c.shown))).scalar() or 0.0)
    return Cursor(newest)


def page(
    connection: Connection, numbers: Sequence[int], question: Question, cursor: Cursor, most: int
) -> tuple[dict[int, list[Point]], Cursor | None]:
    """Return up to `most` points after the cursor, by series and time, and where the next page begins.

    Parameters
    ----------
    numbers : ids of the series asked for.
    """
    found: dict[int, list[Point]] = {}
    left = most
    for chunk, after in _rest(sorted(numbers), cursor):
        for row in connection.execute(_query(chunk, after, question, cursor.as_of).limit(left + 1)):
            if not left:
                return found, cursor
            found.setdefault(row.number, []).append((row.window_end, row.value, row.made))
            cursor, left = replace(cursor, series=row.number, after=row.place), left - 1
    return found, None


def _rest(numbers: Sequence[int], cursor: Cursor) -> Iterator[tuple[Sequence[int], float]]:
    """Yield the series that a page may be of, and after which time: the one that a page ended in goes on there."""
    if cursor.series in numbers:
        yield [cursor.series], cursor.after
    for chunk in _chunks([number for number in numbers if number > cursor.series]):
        yield chunk, _BEFORE


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(numbers), CHUNK):
        yield numbers[begin : begin + CHUNK]


def _query(numbers: Sequence[int], after: float, question: Question, as_of: float) -> Select[Any]:
    if question.history == "exposed":
        e = exposures.c
        shown = select(
            e.series_id.label("number"), e.shown.label("place"), e.window_end, e.value, e.shown.label("made")
        )
        return (
            shown.where(e.series_id.in_(numbers), e.shown > after, e.shown <= as_of)
            .where(e.shown >= question.start, e.shown <= question.end)
            .order_by(e.series_id, e.shown)
        )
    s, other = samples.c, samples.alias().c
    # + 0 keeps the database from reading every series, or every window, instead of the index of what was computed last
    number = s.series_id + 0 if question.changed else s.series_id
    end = s.window_end + 0 if question.changed else s.window_end
    newest = select(func.max(other.computed)).where(
        other.series_id == s.series_id, other.window_end == s.window_end, other.computed <= as_of
    )
    return (
        select(
            number.label("number"),
            s.window_end.label("place"),
            s.window_end,
            s.value,
            s.computed.label("made"),
        )
        .where(number.in_(numbers), end > after, s.computed == newest.scalar_subquery())
        .where(end >= question.start, end <= question.end)
        .where(s.computed >= question.changed if question.changed else s.value.is_not(None))
        .order_by(number, s.window_end)
    )
