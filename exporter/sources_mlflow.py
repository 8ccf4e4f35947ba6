"""A source of numbers that training and evaluation log: metrics of the runs of an MLflow experiment.

https://mlflow.org/docs/latest/api_reference/python_api/mlflow.client.html
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

from wolfpack.exporter.registry import Known
from wolfpack.exporter.scalars import Scalar
from wolfpack.exporter.sources_delivery import AHEAD, Delivery, Terms
from wolfpack.spec import WolfpackError
from wolfpack.spec.source_kinds import MlflowSource, filled
from wolfpack.spec.vocabulary import NAME, check_label

TOGETHER = 500
"""Values committed at once."""
RUNS = 100
"""Runs asked for at once."""
_ENDED = {"FINISHED", "FAILED", "KILLED"}
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
"""What MLflow's client does unless the environment says otherwise: other sources must not wait long for one."""
_SQLITE = "sqlite:///"


class MlflowReader:
    """Reads runs that are new or changed. After each round, see `LogReader` for what is known."""

    def __init__(self, known: Known, source: MlflowSource) -> None:
        self._source = source
        self._experiment = filled(source.experiment, project=known.spec.project, model=known.spec.model)
        self.faults: list[str] = []
        self.exhausted = self.more = False
        self.there: set[str] = set()

    def close(self) -> None:
        """Hold nothing open."""

    def deliveries(self, states: Mapping[str, str], terms: Terms) -> Iterator[Delivery]:
        """Yield what is new since the positions; each delivery is to be committed before the next is asked for."""
        self.faults, self.exhausted, self.there = [], False, set()
        for run in self._runs():
            number = run.info.run_id
            self.there.add(number)
            before = Taken.read(states.get(number))
            if run.info.status not in _ENDED or before.ended != _outside(run):
                yield from self._new(run, before, terms)
        self.exhausted = True

    @cached_property
    def _client(self) -> Any:
        path = Path(self._source.tracking.removeprefix(_SQLITE))
        if self._source.tracking.startswith(_SQLITE) and not path.exists():
            raise WolfpackError(f"{path} is not there; MLflow would make an empty one")
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow import MlflowClient
        except ModuleNotFoundError as error:
            raise WolfpackError(f"{error}; pip install 'wolfpack-monitor[mlflow]'") from error
        return MlflowClient(self._source.tracking)

    def _runs(self) -> Iterator[Any]:
        """Yield the experiment's runs that are not deleted."""
        experiment = self._client.get_experiment_by_name(self._experiment)
        if experiment is None:
            raise WolfpackError(f"{self._source.tracking} has no experiment {self._experiment!r}")
        token = None
        while True:
            page = self._client.search_runs([experiment.experiment_id], max_results=RUNS, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _new(self, run: Any, before: Taken, terms: Terms) -> Iterator[Delivery]:
        """Yield the new values of a run, and with the last of them how far it was read."""
        version = run.data.tags.get(self._source.version_tag, self._source.version)
        if not NAME.fullmatch(version):
            self.faults.append(
                f"run {run.info.run_id}: tag {self._source.version_tag!r} is {version!r}, no version"
            )
            return
        delivery, metrics = Delivery(""), dict[str, tuple[int, str]]()
        for name in sorted(run.data.metrics):
            if self._source.metrics is None or name in self._source.metrics:
                logged = sorted(
                    self._client.get_metric_history(run.info.run_id, name),
                    key=lambda one: (one.timestamp, one.step),
                )
                for metric in before.rest(name, logged):
                    _add(delivery, version, _scalar(metric, terms.now))
                    if delivery.rows >= TOGETHER:
                        yield delivery
                        delivery = Delivery("")
                metrics[name] = len(logged), _digest(logged)
        now = Taken(_outside(run), metrics)
        if now != before:
            delivery.states[run.info.run_id] = now.text()
            yield delivery


@dataclass(frozen=True)
class Taken:
    """A run as it was read: what told that it ended, and of each metric how many values, and a hash of them."""

    ended: str = ""
    metrics: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None) -> Taken:
        """Return what `text` gave; None stands for a run that was not read yet."""
        if text is None:
            return cls()
        ended, metrics = json.loads(text)
        return cls(ended, {name: (count, digest) for name, (count, digest) in metrics.items()})

    def text(self) -> str:
        return json.dumps([self.ended, self.metrics])

    def rest(self, name: str, logged: Sequence[Any]) -> Sequence[Any]:
        """Return the values beyond those that were read; all, if others came between these: the ledger knows which."""
        count, digest = self.metrics.get(name, (0, _digest([])))
        return logged[count:] if _digest(logged[:count]) == digest else logged


def _outside(run: Any) -> str:
    """Return what changes of a run that ended when something is logged to it all the same; "" while it runs."""
    if run.info.status not in _ENDED:
        return ""
    told = [
        run.info.status,
        run.info.end_time,
        sorted((name, str(at)) for name, at in run.data.metrics.items()),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _digest(logged: Sequence[Any]) -> str:
    told = [(one.timestamp, one.step, str(one.value)) for one in logged]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _add(delivery: Delivery, version: str, scalar: Scalar | None) -> None:
    if scalar is None:
        delivery.refused += 1
    else:
        delivery.scalars.setdefault(version, []).append(scalar)
        delivery.rows += 1


def _scalar(metric: Any, now: float) -> Scalar | None:
    """Return a value as the ledger takes it; None for one that is no number, of the future, or of no name."""
    at = metric.timestamp // 1000
    try:
        check_label(metric.key)
    except ValueError:
        return None
    if not isfinite(metric.value) or not 0 < at <= now + AHEAD.total_seconds():
        return None
    return Scalar(metric.key, float(metric.value), int(at), int(metric.step))
