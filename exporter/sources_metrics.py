"""What is told of sources at each scrape: how far behind they are, what was taken, what was refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wolfpack.exporter.cells import metric_of
from wolfpack.exporter.sources import Label, Sources
from wolfpack.spec import Family, names


class SourceCollector(Collector):
    """The families of sources; counts begin at 0 as soon as a source is known."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        lags = self._sources.lags()
        yield _filled(names.SOURCE_LAG, lags)
        yield _filled(names.SOURCE_ROWS, {label: self._sources.rows[label] for label in lags})
        yield _filled(names.SOURCE_REFUSED, {label: self._sources.refused[label] for label in lags})


def _filled(family: Family, values: Mapping[Label, float]) -> Metric:
    metric = metric_of(family)
    for label in sorted(values):
        metric.add_metric(label, float(values[label]))
    return metric
