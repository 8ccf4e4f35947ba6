"""What a job tells besides rows: scalars of its own, deployments, its runs, and feedback on findings."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from wolfpack.client.failure import ServiceError
from wolfpack.client.transport import Transport

log = logging.getLogger("wolfpack.client")
JSON = "application/json"
NOTE = 1000
"""Characters of a note that the exporter takes."""
Time = str | date | datetime


@dataclass
class RunReport:
    """What a job may add to the report of its run while it runs."""

    rows: int | None = None
    note: str = ""


class Teller:
    """Methods of a `Client` that tell. Times are the sender's own, so that what is sent late is not taken for new."""

    _transport: Transport
    _model: dict[str, str]
    version: str

    def send_metrics(
        self,
        values: Mapping[str, float] | Iterable[Mapping[str, Any]],
        *,
        time: Time | None = None,
        step: int | None = None,
        key: str | None = None,
    ) -> Any:
        """Send numbers of the team's own.

        Parameters
        ----------
        values : number by name; or entries with ``name``, ``value`` and, if they have them, ``time``, ``step``,
            ``segment`` and ``segment_value``.
        time : event time of the entries that have none of their own; default now.
        step : step of those that have none of their own, such as an epoch of training.
        """
        if isinstance(values, Mapping):
            values = [{"name": name, "value": value} for name, value in values.items()]
        given = {"time": _text(time), "step": step}
        body = {"metrics": [_entry(given | _known(entry)) for entry in values]}
        return self._tell("metrics", body, key, version=self.version)

    def send_deployment(
        self,
        stage: Literal["shadow", "canary", "live"],
        *,
        time: Time | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Any:
        """Say that this client's version enters a stage; what is shadow is not among all live versions."""
        body = {"version": self.version, "stage": stage, "time": _text(time), "note": note}
        return self._tell("deployments", body, key)

    def send_run(
        self,
        job: str,
        *,
        succeeded: bool,
        start: Time | None = None,
        end: Time | None = None,
        rows: int | None = None,
        run: str | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Any:
        """Tell of a run of a job that has ended; the same `run` again replaces. Default of `end` is now."""
        body = {"job": job, "run": run, "end": _text(end), "succeeded": succeeded, "rows": rows, "note": note}
        body |= {} if start is None else {"start": _text(start)}
        return self._tell("jobs", _known(body), key)

    @contextmanager
    def run(self, job: str, *, run: str | None = None) -> Iterator[RunReport]:
        """Tell of a run around a block: how long it took, and whether it ended without an error.

        An error of the block goes on. One of telling is logged only: a job that did its work has not failed.
        """
        report, start, succeeded = RunReport(), datetime.now(UTC), False
        try:
            yield report
            succeeded = True
        except BaseException as error:
            report.note = report.note or repr(error)
            raise
        finally:
            try:
                self.send_run(
                    job,
                    succeeded=succeeded,
                    start=start,
                    rows=report.rows,
                    run=run,
                    note=_printable(report.note),
                )
            except ServiceError as error:
                log.warning("run of %s was not told: %s", job, error)

    def send_feedback(
        self,
        labels: Mapping[str, str],
        verdict: Literal["right", "wrong"],
        *,
        start: Time,
        end: Time,
        note: str = "",
        key: str | None = None,
    ) -> Any:
        """Say whether the findings of the series with these labels, between two times, were right."""
        its = {name: value for name, value in labels.items() if value and name != "__name__"}
        body = {**self._model, "labels": its, "verdict": verdict, "note": note}
        return self._tell("feedback", body | {"start": _text(start), "end": _text(end)}, key)

    def _tell(self, what: str, body: Any, key: str | None, **query: str) -> Any:
        params = {} if what == "feedback" else self._model | query
        text = json.dumps(body, allow_nan=False).encode()
        return self._transport.send("POST", f"/api/v1/{what}", params, text, JSON, key)


def _text(time: Time | None) -> str:
    """Return a time as the exporter reads it; a text is left as it is."""
    if isinstance(time, str):
        return time
    return (time or datetime.now(UTC)).isoformat()


def _known(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not None}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    """Return one entry in plain types: numbers of numpy and times of tables are not JSON."""
    plain: dict[str, Callable[[Any], Any]] = {"value": float, "step": int, "time": _text}
    return {name: plain.get(name, str)(value) for name, value in _known(entry).items()}


def _printable(note: str) -> str:
    """Return a note as the exporter takes it: without control characters, and not too long."""
    return "".join(char if char.isprintable() or char in "\n\t" else " " for char in note)[:NOTE]
