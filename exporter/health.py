"""What the service measures of itself as it works, with prometheus-client's own instruments."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy

from prometheus_client import Counter, Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wolfpack.spec import Family, names

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds that bound the buckets: from a cached page to Prometheus' default timeout of a scrape."""
SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The same for requests, up to what a client waits for."""


class Health(Collector):
    """The instruments; as a collector, all of them without prometheus-client's `_created` series."""

    def __init__(self) -> None:
        self.ingest_duration = _histogram(names.INGEST_DURATION, SLOW)
        self.ingest_bytes = _counter(names.INGEST_BYTES)
        self.ledger_write = _histogram(names.LEDGER_WRITE, QUICK)
        self.render = _histogram(names.RENDER_DURATION, QUICK)
        self._all: list[MetricWrapperBase] = [
            self.ingest_duration, self.ingest_bytes, self.ledger_write, self.render,
        ]  # fmt: skip

    def ingested(self, kind: str, status: int, size: int, seconds: float) -> None:
        """Count a write that was answered."""
        outcome = outcome_of(status)
        self.ingest_duration.labels(kind, outcome).observe(seconds)
        self.ingest_bytes.labels(kind, outcome).inc(size)

    @contextmanager
    def rendering(self, part: str) -> Iterator[None]:
        """Time the rendering of the page or of a model."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.render.labels(part).observe(time.perf_counter() - began)

    def collect(self) -> Iterator[Metric]:
        for instrument in self._all:
            for metric in instrument.collect():
                found = copy(metric)
                found.samples = [one for one in metric.samples if not one.name.endswith("_created")]
                yield found


def outcome_of(status: int) -> str:
    """Return what became of a write, by the status it was answered with."""
    if status < 400:
        return "accepted"
    if status == 429:
        return "busy"
    return "refused" if status < 500 else "failed"


def _histogram(family: Family, buckets: Sequence[float]) -> Histogram:
    return Histogram(
        family.name, family.help, family.labels, unit=family.unit, registry=None, buckets=buckets
    )


def _counter(family: Family) -> Counter:
    return Counter(family.name, family.help, family.labels, registry=None)
