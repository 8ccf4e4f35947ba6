"""The metrics page: what is shown of the models, kept while it stands still, and Wolfpack's own metrics."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from wolfpack.exporter.service import Service
from wolfpack.exporter.shelf import Shelf
from wolfpack.spec import FAMILIES, Family, names

_END = b"# EOF\n"


def _render(registry: CollectorRegistry, own_format: bool) -> bytes:
    """Return a registry's page in OpenMetrics ("own") or in text format."""
    if own_format:
        body: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # has no annotations
        return body
    return generate_latest(registry)


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
                metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
                for labels, number in sorted(found[family.name]):
                    metric.add_metric(labels, number)
                yield metric


class ServiceCollector(Collector):
    """Wolfpack's own metrics, read anew at each scrape."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        its = self._service
        exposed = Counter(key[1][0] for shown in its.shelf.everything() for key in shown)
        yield _gauge(names.BUILD_INFO, {(release(),): 1.0})
        yield _gauge(names.RELOAD_SUCCESSFUL, {(): float(its.registry.loaded_well)})
        yield _gauge(names.QUEUE_LENGTH, {(): float(its.engine.waiting)})
        yield _gauge(names.SERIES_EXPOSED, {(project,): float(count) for project, count in exposed.items()})
        zero = Counter(dict.fromkeys((known.spec.project for known in its.registry.all()), 0))
        for family, counts in (
            (names.PARTS_RECEIVED, its.received),
            (names.WINDOWS_COMPUTED, its.engine.computed),
            (names.COMPUTE_FAILURES, its.engine.failures),
        ):
            yield _counter(family, {**zero, **counts})


class _Only(Collector):
    """Samples of these names; a registry's own restriction needs every name at registration."""

    def __init__(self, registry: CollectorRegistry, only: list[str]) -> None:
        self._registry, self._only = registry, set(only)

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if sample.name in self._only]
            if metric.samples:
                yield metric


def _gauge(family: Family, values: dict[tuple[str, ...], float]) -> Metric:
    metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in sorted(values.items()):
        metric.add_metric(labels, value)
    return metric


def _counter(family: Family, values: Mapping[str, int]) -> Metric:
    metric = CounterMetricFamily(family.name, family.help, labels=family.labels)
    for project, value in sorted(values.items()):
        metric.add_metric((project,), float(value))
    return metric


class Page:
    """Renders the page in both formats; the models' part is rendered again only when it changed."""

    def __init__(self, service: Service) -> None:
        self._models, self._own, self._all = CollectorRegistry(), CollectorRegistry(), CollectorRegistry()
        self._shelf = service.shelf
        for registry in (self._models, self._all):
            registry.register(ModelCollector(service.shelf))
        for registry in (self._own, self._all):
            registry.register(ServiceCollector(service))
        self._kept: dict[str, tuple[int, bytes]] = {}
        self._lock = threading.Lock()

    def render(self, accept: str, accept_encoding: str, only: list[str]) -> tuple[bytes, dict[str, str]]:
        """Return body and headers for a scrape; `only` restricts it to families of these names."""
        encoder, content_type = choose_encoder(accept)
        if only:
            restricted = CollectorRegistry()
            restricted.register(_Only(self._all, only))
            body = encoder(restricted)
        else:
            own_format = "openmetrics" in content_type
            body = self._model_part(own_format) + _render(self._own, own_format)
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        if "gzip" in accept_encoding:
            return gzip.compress(body, 1), headers | {"Content-Encoding": "gzip"}
        return body, headers

    def _model_part(self, own_format: bool) -> bytes:
        kind = "openmetrics" if own_format else "text"
        with self._lock:
            generation = self._shelf.generation
            kept = self._kept.get(kind)
            if kept is None or kept[0] != generation:
                body = _render(self._models, own_format)
                kept = self._kept[kind] = generation, body.removesuffix(_END) if own_format else body
            return kept[1]
