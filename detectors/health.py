"""What the sidecar says of itself: counts and times of its cycles, for its own metrics page."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wolfpack.detectors.report import STAGES, Report, Run
from wolfpack.detectors.sidecar import REASONS
from wolfpack.spec import Family, Spec, names

Key = tuple[str, ...]


class Health(Collector):
    """Counts of the cycles since the start; a model that has no spec any more is forgotten.

    Parameters
    ----------
    clock : epoch seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._counts: dict[Family, dict[Key, float]] = {
            family: defaultdict(float)
            for family in (
                names.DETECTOR_RUNS, names.DETECTOR_SCORED, names.DETECTOR_ERRORS, names.DETECTOR_SKIPPED,
                names.DETECTOR_MISSED,
            )
        }  # fmt: skip
        self._last: dict[Family, dict[Key, float]] = {
            family: {}
            for family in (
                names.DETECTOR_SERIES, names.DETECTOR_DURATION, names.DETECTOR_WINDOW_END, names.DETECTOR_SUCCESS,
            )
        }  # fmt: skip
        self.loaded_well = True
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def watch(self, specs: list[Spec]) -> None:
        """Show a zero for each count of these models, so that the first error is an increase; forget others."""
        known = {(spec.project, spec.model) for spec in specs if spec.detect}
        with self._lock:
            for kept in [*self._counts.values(), *self._last.values()]:
                for key in [key for key in kept if key[:2] not in known]:
                    del kept[key]
            for model in known:
                for family, more in _children():
                    self._counts[family][(*model, *more)] += 0.0

    def note(self, report: Report) -> None:
        """Count a cycle."""
        now = self._clock()
        with self._lock:
            for run in report.runs:
                self._note(run, now)

    def _note(self, run: Run, now: float) -> None:
        model, counts, last = (run.project, run.model), self._counts, self._last
        counts[names.DETECTOR_RUNS][model] += 1
        counts[names.DETECTOR_SCORED][model] += run.scored
        counts[names.DETECTOR_MISSED][model] += run.missed
        for fault in run.faults:
            counts[names.DETECTOR_ERRORS][(*model, fault.stage)] += 1
        for reason, number in run.skipped.items():
            counts[names.DETECTOR_SKIPPED][(*model, reason)] += number
        last[names.DETECTOR_DURATION][model] = run.seconds
        if run.series or not run.faults:
            last[names.DETECTOR_SERIES][model] = run.series
        if run.newest:
            last[names.DETECTOR_WINDOW_END][model] = run.newest
        if not run.faults and not run.missed:
            last[names.DETECTOR_SUCCESS][model] = now

    def collect(self) -> Iterator[Metric]:
        """Yield the families, each with its samples in order of their labels."""
        with self._lock:
            counts = {family: dict(kept) for family, kept in self._counts.items()}
            last = {family: dict(kept) for family, kept in self._last.items()}
        for family, values in counts.items():
            yield _filled(CounterMetricFamily(family.name, family.help, labels=family.labels), values)
        last[names.DETECTOR_RELOAD] = {(): float(self.loaded_well)}
        for family, gauges in last.items():
            yield _filled(GaugeMetricFamily(family.name, family.help, labels=family.labels), gauges)


def _children() -> Iterator[tuple[Family, Key]]:
    """Yield each counter with the labels besides the model that it may have."""
    for family in (names.DETECTOR_RUNS, names.DETECTOR_SCORED, names.DETECTOR_MISSED):
        yield family, ()
    yield from ((names.DETECTOR_ERRORS, (stage,)) for stage in STAGES)
    yield from ((names.DETECTOR_SKIPPED, (reason,)) for reason in REASONS)


def _filled(metric: GaugeMetricFamily | CounterMetricFamily, values: Mapping[Key, float]) -> Metric:
    for labels, value in sorted(values.items()):
        metric.add_metric(labels, float(value))
    return metric
