"""Histories of series for charts: newest revisions by event time, lined up on common times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from wolfpack.exporter.history import SeriesIds
from wolfpack.exporter.sample import Key
from wolfpack.exporter.schema import exposures, samples
from wolfpack.spec import FAMILIES, names

MOST_SERIES = 12
"""Lines that can still be told apart."""


@dataclass(frozen=True)
class Chart:
    """Lines over event time.

    Parameters
    ----------
    times : window ends, epoch seconds, ascending.
    lines : name and values of each line, None where it has none; all as long as `times`.
    gaps : begin and end of planned gaps, epoch seconds.
    marks : when something happened, epoch seconds, and what.
    """

    title: str
    times: tuple[int, ...]
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]
    gaps: tuple[tuple[int, int], ...] = ()
    marks: tuple[tuple[int, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

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
            points = _points(connection, numbers[key], key[0])
            if points:
                found.append((name, points))
    times = sorted({time for _, points in found for time in points})
    lines = tuple((name, tuple(points.get(time) for time in times)) for name, points in found)
    return Chart(title, tuple(times), lines)


def history(connection: Connection, ids: SeriesIds, model: int, key: Key) -> dict[int, float | None]:
    """Return the newest value of each window of a series by its end, in order; None where it was withdrawn."""
    number = ids.find(connection, model, [key]).get(key)
    return {} if number is None else _revisions(connection, number, key[0])


def _points(connection: Connection, number: int, family: str) -> dict[int, float]:
    return {end: value for end, value in _revisions(connection, number, family).items() if value is not None}


def _revisions(connection: Connection, number: int, family: str) -> dict[int, float | None]:
    """Findings of detectors are told of the newest window only: their history is what was shown of each."""
    told = FAMILIES[family].labels == names.ANOMALY
    end, value, made, series = (
        (exposures.c.window_end, exposures.c.value, exposures.c.shown, exposures.c.series_id)
        if told
        else (samples.c.window_end, samples.c.value, samples.c.computed, samples.c.series_id)
    )
    query = select(end, value).where(series == number, end.is_not(None)).order_by(end, made)
    return {row[0]: row[1] for row in connection.execute(query)}


def numbered(keys: Iterable[Key], name: int) -> list[tuple[str, Key]]:
    """Return series under the value of one of their labels, by that value."""
    return sorted((key[1][name], key) for key in keys)
