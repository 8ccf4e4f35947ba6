"""Where the history comes from: the event series of the exporter's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from wolfpack.client.transport import ServiceError
from wolfpack.detectors.detection import Floats

SERIES_PATH = "/api/v1/series"


class Reader(Protocol):
    """What is needed of a transport to read."""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any: ...


@dataclass(frozen=True)
class History:
    """One series as the exporter gave it.

    Parameters
    ----------
    labels : its labels, without the name.
    points : [window_end, value or null, computed] each, oldest first; not looked into until `arrays`, so that
        one bad series cannot spoil the page it came on.
    """

    labels: dict[str, str]
    points: Sequence[Sequence[float | None]]

    def arrays(self) -> tuple[Floats, Floats]:
        """Return window ends in epoch seconds and values, NaN where there is none; both of shape (n,).

        Raises
        ------
        ValueError
            If a point is not a pair of numbers; the message names it.
        """
        at, value = np.empty(len(self.points)), np.empty(len(self.points))
        for i, point in enumerate(self.points):
            try:
                at[i], value[i] = float(point[0]), np.nan if point[1] is None else float(point[1])  # type: ignore[arg-type]  # a null time is the TypeError below
            except (TypeError, ValueError, IndexError, KeyError):
                raise ValueError(f"points[{i}]: {point!r} is no [window_end, value, computed]") from None
        return at, value


class Source(Protocol):
    """Anything that knows the history of what a selector names."""

    def series(self, match: str) -> list[History]: ...


class ExporterSource:
    """History by event time, newest revision of each window, over the exporter's paged API."""

    def __init__(self, transport: Reader) -> None:
        self._transport = transport

    def series(self, match: str) -> list[History]:
        """Return the series that `match` selects; one that is split over pages comes back whole.

        Raises
        ------
        ServiceError
            If the exporter refuses, is not there, or answers something else.
        """
        labels: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        points: dict[tuple[tuple[str, str], ...], list[Any]] = {}
        cursor, seen = None, set[str]()
        while True:
            page = self._page(match, cursor)
            for one in page["series"]:
                own = {str(key): str(value) for key, value in one["labels"].items() if key != "__name__"}
                key = tuple(sorted(own.items()))
                labels.setdefault(key, own)
                points.setdefault(key, []).extend(one["points"])
            cursor = page.get("next")
            if cursor is None:
                return [History(labels[key], points[key]) for key in labels]
            if cursor in seen:
                raise ServiceError(f"GET {SERIES_PATH}: page {cursor!r} came twice, so {match} has no end")
            seen.add(cursor)

    def _page(self, match: str, cursor: str | None) -> dict[str, Any]:
        params = {"match": match, "as": "event"} | ({"cursor": cursor} if cursor is not None else {})
        page = self._transport.get(SERIES_PATH, params)
        try:
            whole = all("points" in one and one["labels"].items() is not None for one in page["series"])
        except (TypeError, KeyError, AttributeError):
            whole = False
        if not whole:
            raise ServiceError(f"GET {SERIES_PATH}: the answer to {match} has no labels and points")
        return dict(page)
