"""A history series by series, for stores that take samples with their times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.points import History, Point, Question, first, page
from wolfpack.exporter.sample import stored_key
from wolfpack.exporter.schema import series
from wolfpack.spec import FAMILIES, names

TOGETHER = 20
"""Series in memory at once."""
_ALL = 1 << 40
"""More than there are points, or seconds until then."""
Told = list[tuple[float, float | None]]
"""Times (epoch seconds), ascending, and values; None: withdrawn."""


def past(ledger: Ledger, history: History, start: float, end: float) -> Iterator[tuple[dict[str, str], Told]]:
    """Yield labels with ``__name__``, and points from `start` to `end` (epoch seconds), families one after another.

    Of event history the newest revisions, at the windows' ends. Of what was shown each change, and at `start` what
    was shown already. A detector's findings stand, as event history, at the ends of the windows they were shown for.
    """
    with ledger.read() as connection:
        rows = connection.execute(select(series.c.id, series.c.family, series.c.labels)).all()
        known = sorted((row for row in rows if row.family in FAMILIES), key=lambda row: (row.family, row.id))
        for begin in range(0, len(known), TOGETHER):
            some = known[begin : begin + TOGETHER]
            labels = {row.id: (row.family, stored_key(row.family, row.labels)[1]) for row in some}
            for finding in (False, True):
                its = [row.id for row in some if (FAMILIES[row.family].labels == names.ANOMALY) == finding]
                for number, told in _read(connection, its, history, finding, start, end):
                    family, values = labels[number]
                    named = zip(FAMILIES[family].labels, values, strict=True)
                    yield {"__name__": family, **{name: value for name, value in named if value}}, told


def _read(
    connection: Connection, numbers: Sequence[int], history: History, finding: bool, start: float, end: float
) -> Iterator[tuple[int, Told]]:
    if history == "event" and not finding:
        asked = Question("event", start, end)
    else:
        asked = Question("exposed", 0.0, end if history == "exposed" else float(_ALL))
    points, _ = page(connection, numbers, asked, first(connection, numbers, asked), _ALL)
    for number in sorted(points):
        found = (
            _shown(points[number], start) if history == "exposed" else _at_ends(points[number], start, end)
        )
        if found:
            yield number, found


def _at_ends(points: Sequence[Point], start: float, end: float) -> Told:
    """Return values by the window's end, the one computed or shown last."""
    last = {at: value for at, value, _ in sorted(points, key=lambda point: point[2]) if at is not None}
    return [(at, last[at]) for at in sorted(last) if start <= at <= end]


def _shown(points: Sequence[Point], start: float) -> Told:
    """Return values by when they were shown; what was shown before is shown at the start."""
    before = [value for _, value, shown in points if shown < start][-1:]
    after = [(shown, value) for _, value, shown in points if shown >= start]
    return [(start, value) for value in before if value is not None] + after
