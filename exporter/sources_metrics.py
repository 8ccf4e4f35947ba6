"""What is told of sources at each scrape: how far behind they are, what was taken, what was refused."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wolfpack.exporter.cells import metric_of
from wolfpack.exporter.sources import Sources
from wolfpack.spec import names


class SourceCollector(Collector):
    """The families of sources; counts begin at 0 as soon as a source is known."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        lags, rows, refused = self._sources.lags(), self._sources.rows, self._sources.refused
        counts = [(names.SOURCE_ROWS, rows), (names.SOURCE_REFUSED, refused)]
        for family, values in [(names.SOURCE_LAG, lags), *counts]:
            metric = metric_of(family)
            for label in sorted(lags):
                metric.add_metric(label, float(values.get(label, 0)))
            yield metric
