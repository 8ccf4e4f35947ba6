"""Where findings go: the ledger of the exporter."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wolfpack.detectors.verdicts import Verdict

ANOMALIES_PATH, FEEDBACK_PATH = "/api/v1/anomalies", "/api/v1/feedback"
BATCH = 500
"""Findings in one request, about 200 kB."""


@dataclass(frozen=True)
class Finding:
    """What a detector says of the newest window of one series; `score` is NaN where it was not scored."""

    labels: dict[str, str]
    window_end: float
    ready: bool
    score: float
    expected: float
    lower: float
    upper: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; what is not known is null."""
        numbers = {name: getattr(self, name) for name in ("score", "expected", "lower", "upper")}
        known = {name: number if math.isfinite(number) else None for name, number in numbers.items()}
        return {"labels": self.labels, "window_end": self.window_end, **known, "ready": int(self.ready)}


class Sink(Protocol):
    """Anything that takes the findings of a model, and knows what people said of earlier ones."""

    def post(self, project: str, model: str, findings: Sequence[Finding]) -> None: ...

    def said(self, project: str, model: str) -> Sequence[Verdict]: ...


class Writer(Protocol):
    """What is needed of a transport to write, and to read what was said."""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any: ...

    def send(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        body: bytes,
        content_type: str,
        key: str | None = None,
    ) -> Any: ...


class ExporterSink:
    """Findings to the exporter, a batch a request, each named by its labels and window end.

    They carry no idempotency key on purpose: a value that is corrected and then wrong again gives the first
    finding once more, and that one must count, not be taken for a retry.
    """

    def __init__(self, transport: Writer) -> None:
        self._transport = transport

    def post(self, project: str, model: str, findings: Sequence[Finding]) -> None:
        """Send the findings of one model.

        Raises
        ------
        ServiceError
            If the exporter refuses a batch or is not there; sending all of them again is harmless.
        """
        for first in range(0, len(findings), BATCH):
            rows = [finding.to_dict() for finding in findings[first : first + BATCH]]
            body = json.dumps({"anomalies": rows}, allow_nan=False).encode()
            params = {"project": project, "model": model}
            self._transport.send("POST", ANOMALIES_PATH, params, body, "application/json")

    def said(self, project: str, model: str) -> list[Verdict]:
        """Return what people said of the model's findings, the newest first.

        Raises
        ------
        ServiceError
            If the exporter refuses or is not there.
        """
        found: list[Verdict] = []
        asked = {"project": project, "model": model}
        cursor: dict[str, str] | None = {}
        while cursor is not None:
            page = self._transport.get(FEEDBACK_PATH, asked | cursor)
            found += [Verdict.from_dict(one) for one in page["feedback"]]
            cursor = {"cursor": page["next"]} if page["next"] is not None else None
        return found
