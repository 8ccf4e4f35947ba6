"""Exporters, clocks and services of the tests of the sidecar."""

from __future__ import annotations

from test_sidecar import COLUMN_MEAN, DAY, FIRST, LABELS, MEAN, Exporter, history, points, spec

from wolfpack.detectors import (
    ExporterSink,
    ExporterSource,
    Service,
)
from wolfpack.detectors.sink import FEEDBACK_PATH
from wolfpack.spec import Spec

NOW = FIRST + 81 * DAY + 7 * 3600


class Clock:
    """Seconds that the test sets."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Ledger(Exporter):
    """An exporter that knows `changed`, and models apart."""

    def get(self, path, params=None):
        answer = super().get(path, params)
        if path == FEEDBACK_PATH:
            return answer
        since = float(params.get("changed", 0))
        kept = [one | {"points": [p for p in one["points"] if p[2] >= since]} for one in answer["series"]]
        return answer | {"series": [one for one in kept if one["points"]]}


def ledger(values=None, **more) -> Ledger:
    return Ledger(**{COLUMN_MEAN.name: [(LABELS, points(history() if values is None else values))]} | more)


def service(exporter, *specs: Spec, clock=None, **more) -> Service:
    return Service(lambda: specs or (spec(MEAN),), ExporterSource(exporter), ExporterSink(exporter),
                   clock=clock or Clock(), **more)  # fmt: skip
