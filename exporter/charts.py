"""Histories of series for charts: newest revisions by event time, lined up on common times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from wolfpack.exporter.history import SeriesIds
from wolfpack.exporter.sample import Key
from wolfpack.exporter.schema import samples

MOST_SERIES = 12
"""Lines that can still be told apart."""


@dataclass(frozen=True)
class Chart:
    """Lines over event time.

    Parameters
    ----------
    times : window ends, epoch seconds, ascending.
    lines : name and values of each line, None where it has none; all as long as `times`.
    """

    title: str
    times: tuple[int, ...]
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]

    def to_dict(self) -> dict[str, Any]:
        return {"title": self.title, "times": list(self.times), "lines": [list(line) for line in self.lines]}

    def table(self, most: int = 30) -> list[tuple[int, list[float | None]]]:
        """Return the newest rows, newest first: time, and the value of each line."""
        rows = [(time, [values[at] for _, values in self.lines]) for at, time in enumerate(self.times)]
        return rows[: -most - 1 : -1]


def chart(
    connection: Connection, ids: SeriesIds, model: int, title: str, wanted: Sequence[tuple[str, Key]]
) -> Chart:
    """Return the histories of some series under the names given; the first `MOST_SERIES` of them that have one."""
    numbers = ids.find(connection, model, [key for _, key in wanted])
    found: list[tuple[str, dict[int, float]]] = []
    for name, key in wanted:
        if key in numbers and len(found) < MOST_SERIES:
            points = _points(connection, numbers[key])
            if points:
                found.append((name, points))
    times = sorted({time for _, points in found for time in points})
    lines = tuple((name, tuple(points.get(time) for time in times)) for name, points in found)
    return Chart(title, tuple(times), lines)


def _points(connection: Connection, number: int) -> dict[int, float]:
    query = (
        select(samples.c.window_end, samples.c.value)
        .where(samples.c.series_id == number)
        .order_by(samples.c.window_end, samples.c.computed)
    )
    newest = {row.window_end: row.value for row in connection.execute(query)}
    return {end: value for end, value in newest.items() if value is not None}


def numbered(keys: Iterable[Key], name: int) -> list[tuple[str, Key]]:
    """Return series under the value of one of their labels, by that value."""
    return sorted((key[1][name], key) for key in keys)
