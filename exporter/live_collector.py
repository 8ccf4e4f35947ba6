"""The live families on the metrics page, made anew at each scrape from what is in memory.

They are no part of the ledger's histories: a value of every few seconds is what Prometheus is for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from wolfpack.exporter.cells import metric_of
from wolfpack.exporter.clock import Clock
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.live_book import LiveBook
from wolfpack.exporter.live_samples import live_samples
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.sample import Sample
from wolfpack.exporter.stages import Stages, load_stages
from wolfpack.spec import FAMILIES, names
from wolfpack.stats.call_counts import BOUNDS, CallCounts

STAGES_KEPT = 15.0
"""Seconds after which the stages of versions are read from the ledger again."""
Totals = dict[tuple[str, ...], CallCounts]


class LiveCollector(Collector):
    """Gauges of the live windows, counters and histograms of calls since the start."""

    def __init__(self, registry: Registry, ledger: Ledger, book: LiveBook, clock: Clock) -> None:
        self._registry, self._ledger, self._book, self._clock = registry, ledger, book, clock
        self._stages: dict[int, tuple[float, Stages]] = {}
        self._lock = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        live = [known for known in self._registry.all() if known.spec.live is not None]
        totals: Totals = {}
        gauges: dict[str, list[Sample]] = {}
        now = self._clock.now()
        for known in live:
            stages = self._stages_of(known, now)
            totals |= self._totals(known, stages, now)
            for one in self._gauges(known, stages, now):
                gauges.setdefault(one.family.name, []).append(one)
        yield from _counters(totals)
        for name, family in FAMILIES.items():
            if name in gauges:
                metric = metric_of(family)
                for one in sorted(gauges[name], key=lambda one: one.labels):
                    metric.add_metric(one.labels, one.value)
                yield metric

    def _gauges(self, known: Known, stages: Stages, now: float) -> list[Sample]:
        with self._ledger.read() as connection:
            baseline = self._registry.baseline(connection, known.id)
        return live_samples(known, self._book, baseline, lambda version: stages.shadow(version, now), now)

    def _totals(self, known: Known, stages: Stages, now: float) -> Totals:
        """Return the counts by labels: of all live versions together, and of each where there are several."""
        found: Totals = {}
        by_version = self._book.totals(known.id)
        several = len({version for version, _ in by_version}) > 1
        for (version, endpoint), calls in by_version.items():
            shown = [""] * (not stages.shadow(version, now)) + [version] * several
            for its in shown:
                key = known.spec.project, known.spec.model, its, endpoint
                found[key] = found.get(key, CallCounts()) + calls
        return found

    def _stages_of(self, known: Known, now: float) -> Stages:
        with self._lock:
            kept = self._stages.get(known.id)
            if kept is None or not 0 <= now - kept[0] < STAGES_KEPT:
                with self._ledger.read() as connection:
                    kept = self._stages[known.id] = now, load_stages(connection, known.id)
            return kept[1]


def _counters(totals: Totals) -> Iterator[Metric]:
    if not totals:
        return
    requests, errors = metric_of(names.LIVE_REQUESTS_TOTAL), metric_of(names.LIVE_ERRORS_TOTAL)
    family = names.LIVE_DURATION
    durations = HistogramMetricFamily(family.name, family.help, labels=family.labels, unit=family.unit)
    bounds = [*map(_bound, BOUNDS), "+Inf"]
    for labels, calls in sorted(totals.items()):
        requests.add_metric(labels, calls.requests)
        errors.add_metric(labels, calls.errors)
        counts = [float(one) for one in accumulate(calls.buckets)]
        durations.add_metric(labels, list(zip(bounds, counts, strict=True)), calls.seconds)
    yield from (requests, errors, durations)


def _bound(seconds: float) -> str:
    text: str = floatToGoString(seconds)  # type: ignore[no-untyped-call]  # has no annotations
    return text
