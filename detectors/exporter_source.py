"""The exporter's ledger as the source of history: its event series, newest revision of each window."""

from __future__ import annotations

from typing import Any, Protocol

from wolfpack.client import ServiceError
from wolfpack.detectors.deadline import Deadline
from wolfpack.detectors.source import NEVER, History
from wolfpack.detectors.watch import SERIES_LIMIT, Watch

SERIES_PATH = "/api/v1/series"
MOST_SERIES = 2 * SERIES_LIMIT
"""Series after which no further page is read: what lies beyond would be left out anyway."""


class Reader(Protocol):
    """What is needed of a transport to read."""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any: ...


class ExporterSource:
    """History by event time over the exporter's paged API."""

    def __init__(self, transport: Reader) -> None:
        self._transport = transport

    def series(self, watch: Watch, changed: float | None = None, deadline: Deadline = NEVER) -> list[History]:
        """Return the series watched; one that is split over pages comes back whole. See `Source.series`."""
        labels: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        points: dict[tuple[tuple[str, str], ...], list[Any]] = {}
        cursor, seen = None, set[str]()
        while True:
            deadline.check()
            page = self._page(watch.match, cursor, changed)
            for one in page["series"]:
                own = {str(key): str(value) for key, value in one["labels"].items() if key != "__name__"}
                key = tuple(sorted(own.items()))
                labels.setdefault(key, own)
                points.setdefault(key, []).extend(one["points"])
            cursor = page.get("next")
            if cursor is None or len(labels) > MOST_SERIES:
                return [History(labels[key], points[key]) for key in labels]
            if cursor in seen:
                raise ServiceError(f"GET {SERIES_PATH}: page {cursor!r} came twice, so {watch.match} has no end")
            seen.add(cursor)

    def _page(self, match: str, cursor: str | None, changed: float | None) -> dict[str, Any]:
        params = {"match": match, "as": "event"}
        params |= {"cursor": cursor} if cursor is not None else {}
        params |= {"changed": repr(changed)} if changed is not None else {}
        page = self._transport.get(SERIES_PATH, params)
        try:
            whole = all("points" in one and one["labels"].items() is not None for one in page["series"])
        except (TypeError, KeyError, AttributeError):
            whole = False
        if not whole:
            raise ServiceError(f"GET {SERIES_PATH}: the answer to {match} has no labels and points")
        return dict(page)
