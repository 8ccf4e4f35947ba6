"""Collectors of prometheus_client: the models' series, Wolfpack's own, and a guard around those that may fail."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wolfpack.exporter.cells import metric_of
from wolfpack.exporter.live_collector import LiveCollector
from wolfpack.exporter.service import Service
from wolfpack.exporter.shelf import Shelf
from wolfpack.exporter.sources_metrics import SourceCollector
from wolfpack.spec import FAMILIES, Family, names

log = logging.getLogger("wolfpack.exporter")


def release() -> str:
    """Return the version of the installed package."""
    try:
        return version("wolfpack-monitor")
    except PackageNotFoundError:
        return "unknown"


class ModelCollector(Collector):
    """The families of the models, in catalogue order."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def collect(self) -> Iterator[Metric]:
        found: dict[str, list[tuple[tuple[str, ...], float]]] = {}
        for shown in self._shelf.everything():
            for (name, labels), value in shown.items():
                found.setdefault(name, []).append((labels, value.value))
        for family in FAMILIES.values():
            if family.name in found:
                yield _filled(family, dict(found[family.name]))


class ServiceCollector(Collector):
    """What Wolfpack knows of itself, read anew at each scrape."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        its = self._service
        zero = dict.fromkeys((known.spec.project for known in its.registry.all()), 0)
        counts = its.shelf.counts()
        yield _filled(names.BUILD_INFO, {(release(),): 1})
        yield _filled(names.RELOAD_SUCCESSFUL, {(): its.registry.loaded_well and its.guard.loaded_well})
        yield _filled(names.QUEUE_LENGTH, {(): its.engine.waiting})
        yield _filled(names.INGEST_QUEUE, {(): its.pool.writes.taken})
        yield by_project(names.SERIES_EXPOSED, {project: count.shown for project, count in counts.items()})
        yield by_project(names.SERIES_DROPPED, {project: count.dropped for project, count in counts.items()})
        yield _filled(names.LEDGER_SIZE, {(): its.engine.ledger_size})
        yield _filled(names.LAST_PANE, _newest(its))
        yield by_project(names.PARTS_RECEIVED, {**zero, **its.received})
        yield by_project(names.WINDOWS_COMPUTED, {**zero, **its.engine.computed})
        yield by_project(names.WINDOWS_RECOMPUTED, {**zero, **its.engine.recomputed})
        yield by_project(names.COMPUTE_FAILURES, {**zero, **its.engine.failures})


class Guarded(Collector):
    """Collectors by name; one that raises is left out, and its success gauge says so.

    Parameters
    ----------
    collectors : what is collected, by name.
    parts : by name, of what is rendered elsewhere, the models that could not be.
    """

    def __init__(self, collectors: Mapping[str, Collector], parts: Mapping[str, set[int]]) -> None:
        self._collectors, self._parts = dict(collectors), dict(parts)

    def collect(self) -> Iterator[Metric]:
        success: dict[tuple[str, ...], float] = {(name,): not broken for name, broken in self._parts.items()}
        for name, collector in self._collectors.items():
            try:
                found, success[name,] = list(collector.collect()), True
            except Exception:
                log.exception("the collector %s failed; the page is served without it", name)
                found, success[name,] = [], False
            yield from found
        yield _filled(names.COLLECTOR_SUCCESS, success)


def own_collectors(service: Service) -> dict[str, Collector]:
    """Return what is collected at each scrape, by name."""
    return {
        "service": ServiceCollector(service),
        "live": LiveCollector(service.registry, service.ledger, service.live, service.clock),
        "health": service.health,
        "sources": SourceCollector(service.sources),
        "process": ProcessCollector(registry=None),
    }


def _newest(service: Service) -> dict[tuple[str, ...], float]:
    """Return when the newest pane of each model with a spec begins, by project, model and role."""
    known = {one.id: one.spec for one in service.registry.all()}
    newest = dict(service.engine.newest)  # the engine goes on
    return {
        (known[model].project, known[model].model, role): start
        for (model, role), start in newest.items()
        if model in known
    }


def by_project(family: Family, values: Mapping[str, float]) -> Metric:
    """Return a metric of a family whose one label is the project."""
    return _filled(family, {(project,): value for project, value in values.items()})


def _filled(family: Family, values: Mapping[tuple[str, ...], float]) -> Metric:
    metric = metric_of(family)
    for labels, value in sorted(values.items()):
        metric.add_metric(labels, float(value))
    return metric
