"""Prometheus' HTTP interface, as far as the sidecar asks it; VictoriaMetrics and Thanos answer the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import requests

from wolfpack.client import ServiceError
from wolfpack.detectors.deadline import Deadline
from wolfpack.detectors.detection import Floats

CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
MAX_BODY = 256 << 20
"""Bytes of an answer that are read; one that is longer is refused before it fills the memory."""
BLOCK = 1 << 16
Series = tuple[dict[str, str], Floats, Floats]
"""Labels, times in epoch seconds, and values of one series."""


class PrometheusApi:
    """Queries over one kept connection; an answer that is not whole is an error."""

    def __init__(self, url: str, token: str | None = None, extra: Mapping[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        self._extra = dict(extra or {})
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment must not see what is watched
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def instant(self, expr: str, at: float, deadline: Deadline) -> list[Series]:
        """Return the value of each series of an expression at one time."""
        found = self._ask("query", {"query": expr, "time": repr(at)}, deadline)
        return [(dict(one["metric"]), *_arrays([one["value"]])) for one in found]

    def range(self, expr: str, start: float, end: float, step: float, deadline: Deadline) -> list[Series]:
        """Return the values of each series of an expression at start, start + step, … up to end.

        Raises
        ------
        ServiceError
            If the server refuses, is not there, is too slow, answers something else, or warns that parts are missing.
        DeadlinePassed
            If no time is left.
        """
        form = {"query": expr, "start": repr(start), "end": repr(end), "step": repr(step)}
        return [
            (dict(one["metric"]), *_arrays(one["values"])) for one in self._ask("query_range", form, deadline)
        ]

    def close(self) -> None:
        self._session.close()

    def _ask(self, what: str, form: dict[str, str], deadline: Deadline) -> list[dict[str, Any]]:
        deadline.check()
        where = f"POST {self.url}/api/v1/{what} {form['query']!r}"
        timeout = min(READ_SECONDS, deadline.left)
        form = form | self._extra | {"timeout": f"{max(1, int(timeout))}s"}
        try:
            with self._session.post(
                f"{self.url}/api/v1/{what}", data=form, stream=True,
                timeout=(min(CONNECT_SECONDS, timeout), timeout),
            ) as answer:  # fmt: skip
                body = _body(answer, where, deadline)
        except requests.RequestException as error:
            deadline.check()
            raise ServiceError(f"{where}: no answer ({error})") from error
        return _result(where, answer.status_code, body)


def _body(answer: requests.Response, where: str, deadline: Deadline) -> bytes:
    """Return what was answered; a server that answers by drops meets the deadline too."""
    parts, size = [], 0
    for part in answer.iter_content(BLOCK):
        deadline.check()
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise ServiceError(
                f"{where}: the answer is over {MAX_BODY >> 20} MiB; watch fewer series or a shorter time"
            )
    return b"".join(parts)


def _result(where: str, status: int, body: bytes) -> list[dict[str, Any]]:
    try:
        data = json.loads(body)
        if data["status"] != "success":
            raise ServiceError(
                f"{where}: {status} {data.get('errorType', '')}: {data.get('error', '')}", status
            )
        if data.get("isPartial") or data.get("warnings"):
            told = data.get("warnings") or "isPartial"
            raise ServiceError(f"{where}: the answer is not whole ({told}); nothing is judged on it", status)
        found: list[dict[str, Any]] = data["data"]["result"]
        for one in found:
            one["metric"].items()
            one["values"] if "values" in one else one["value"]
    except (ValueError, KeyError, TypeError, AttributeError):
        text = body[:200].decode(errors="replace")
        raise ServiceError(f"{where}: {status}, not an answer of Prometheus: {text!r}", status) from None
    return found


def _arrays(pairs: list[list[Any]]) -> tuple[Floats, Floats]:
    """Return times and values; Prometheus writes "NaN", "+Inf" and "-Inf"."""
    return np.array([pair[0] for pair in pairs], dtype=float), np.array([float(pair[1]) for pair in pairs])
