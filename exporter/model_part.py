"""The models' part of the metrics page: rendered when it changes, in cells, and put together once per change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Literal

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from wolfpack.exporter.cells import Cell, header, lines
from wolfpack.exporter.history import Shown
from wolfpack.exporter.sample import Key
from wolfpack.spec import FAMILIES

log = logging.getLogger("wolfpack.exporter")
Format = Literal["text", "openmetrics"]
Cells = dict[str, Cell]
"""The cells of one model by its families' names."""


def _openmetrics(registry: Collector) -> bytes:
    body: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # has no annotations
    return body


ENCODERS = {"text": generate_latest, "openmetrics": _openmetrics}


class ModelPart:
    """Keeps a cell for each model and family; `body` is what a scrape gets of them.

    Families stand in catalogue order, models within by project and name, as `ModelCollector` yields them.
    """

    def __init__(self) -> None:
        self._cells: dict[int, tuple[tuple[str, ...], Cells]] = {}
        self._headers: dict[Format, dict[str, Cell]] = {}
        self._kept: dict[tuple[Format, bool], bytes] = {}
        self._generation = 0
        self._lock = threading.Lock()
        self.broken: set[int] = set()
        """Models whose series could not be rendered; they are left out until they can."""

    def update(self, model: int, shown: Mapping[Key, Shown]) -> None:
        """Render what a model shows from now on; cells whose lines are as before are kept."""
        try:
            place, cells = self._rendered(model, shown)
            self.broken.discard(model)
        except Exception:
            log.exception("model %d could not be rendered and is left out of the page", model)
            self.broken.add(model)
            place, cells = (), {}
        with self._lock:
            if self._cells.get(model, ((), {}))[1] == cells:
                return
            self._cells[model] = place, cells
            self._generation += 1
            self._kept.clear()

    def body(self, format_: Format, packed: bool) -> bytes:
        """Return all of it, plain or as gzip members."""
        with self._lock:
            kept, generation = self._kept.get((format_, packed)), self._generation
            if kept is not None:
                return kept
            pieces = list(self._pieces(format_, None))
        body = b"".join([one.packed if packed else one.plain for one in pieces])
        with self._lock:
            if generation == self._generation:
                self._kept[format_, packed] = body
        return body

    def only(self, format_: Format, names: set[str]) -> bytes:
        """Return the families of these names, plain."""
        with self._lock:
            pieces = list(self._pieces(format_, names))
        return b"".join([one.plain for one in pieces])

    def _rendered(self, model: int, shown: Mapping[Key, Shown]) -> tuple[tuple[str, ...], Cells]:
        found: dict[str, list[tuple[tuple[str, ...], float]]] = {}
        for (name, labels), one in shown.items():
            found.setdefault(name, []).append((labels, one.value))
        before = self._cells.get(model, ((), {}))[1]
        cells: Cells = {}
        place: tuple[str, ...] = ()
        for name, series in found.items():
            plain = lines(FAMILIES[name], sorted(series))
            same = before.get(name)
            cells[name] = same if same is not None and same.plain == plain else Cell.of(plain)
            place = series[0][0][:2]
        return place, cells

    def _pieces(self, format_: Format, names: set[str] | None) -> Iterator[Cell]:
        ordered = [cells for _, cells in sorted(self._cells.values(), key=lambda one: one[0])]
        for name, family in FAMILIES.items():
            if names is not None and name not in names:
                continue
            found = [cells[name] for cells in ordered if name in cells]
            if found:
                headers = self._headers.setdefault(format_, {})
                if name not in headers:
                    headers[name] = Cell.of(header(family, ENCODERS[format_]))
                yield headers[name]
                yield from found


def registry_of(*collectors: Collector) -> CollectorRegistry:
    """Return a registry of collectors, in this order."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return registry
