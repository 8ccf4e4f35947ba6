"""Since which window a column's evidence of drift stands, without one between that is as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from wolfpack.exporter.charts import history
from wolfpack.exporter.column_evidence import Score
from wolfpack.exporter.history import SeriesIds
from wolfpack.spec import names

_FAMILIES = {
    "PSI": (names.COLUMN_PSI, names.COLUMN_PSI_NOISE),
    "Kolmogorov-Smirnov": (names.COLUMN_KS, names.COLUMN_KS_NOISE),
    "missing increase": (names.COLUMN_MISSING_INCREASE, names.COLUMN_MISSING_INCREASE_NOISE),
    "new values": (names.COLUMN_NOVEL, names.COLUMN_NOVEL_NOISE),
}
History = Mapping[int, float | None]


def standing_since(
    connection: Connection, ids: SeriesIds, model: int, labels: Mapping[str, str], scores: Iterable[Score], end: int
) -> int | None:  # fmt: skip
    """Return the end of the first window since which any score that is above now has been; None if none is.

    Parameters
    ----------
    labels : of the column's series, as the catalogue names them.
    scores : of the window that ends at `end`, epoch seconds.
    """
    found = []
    for one in scores:
        if one.above:
            value, noise = (
                history(connection, ids, model, (family.name, tuple(labels.get(name, "") for name in family.labels)))
                for family in _FAMILIES[one.name]
            )
            found.append(first_above(value, noise, one.threshold, end))
    return min(found, default=None)


def first_above(values: History, noise: History, threshold: float, end: int) -> int:
    """Return the earliest end of a run of windows, up to `end`, whose value is above threshold and noise.

    Examples
    --------
    >>> first_above({1: 0.5, 2: 0.0, 3: 0.5, 4: 0.5, 5: 0.0}, {3: 0.1, 4: 0.1}, 0.2, 4)
    3
    """
    first = end
    for at in sorted((at for at in values if at <= end), reverse=True):
        value = values[at]
        if value is None or value <= max(threshold, noise.get(at) or 0.0):
            break
        first = at
    return first
