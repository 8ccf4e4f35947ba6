"""What the metrics page of an exporter showed of models, read over HTTP (`as=exposed`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from wolfpack.rules.alert import Alert
from wolfpack.rules.stepped import Series
from wolfpack.rules.table import alerts_for
from wolfpack.spec import Spec

SERIES = "/api/v1/series"


class Reader(Protocol):
    """What is needed of a transport to read."""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        """Return the JSON answer of a GET."""
        ...


def exposed(reader: Reader, specs: Iterable[Spec], end: float | None = None) -> list[Series]:
    """Return every series that the rules of these models read, from the first that was shown.

    Parameters
    ----------
    end : epoch seconds; what was shown later is left out.

    Raises
    ------
    ServiceError
        If the exporter refuses, or does not answer.
    """
    found: list[Series] = []
    for spec in specs:
        for family in sorted(families(one for one in alerts_for(spec) if not one.live)):
            found += series_of(reader, family, spec, end)
    return found


def series_of(reader: Reader, family: str, spec: Spec, end: float | None = None) -> Iterator[Series]:
    """Yield the series of one family of a model."""
    return _series(reader, f'{family}{{project="{spec.project}",model="{spec.model}"}}', end)


def families(alerts: Iterable[Alert]) -> frozenset[str]:
    """Return the names of the families that alerts read."""
    return frozenset(selector.family.name for alert in alerts for selector in alert.selectors)


def _series(reader: Reader, match: str, end: float | None) -> Iterator[Series]:
    """Yield the series of all pages; one that is split over pages comes whole."""
    found: dict[tuple[tuple[str, str], ...], list[tuple[float, float | None]]] = {}
    asked = {"match": match, "as": "exposed"} | ({} if end is None else {"end": repr(end)})
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = reader.get(SERIES, asked | cursor)
        for series in page["series"]:
            points = [(shown, value) for _, value, shown in series["points"]]
            found.setdefault(tuple(sorted(series["labels"].items())), []).extend(points)
        cursor = {"cursor": page["next"]} if page["next"] is not None else None
    yield from ((dict(labels), points) for labels, points in found.items())
