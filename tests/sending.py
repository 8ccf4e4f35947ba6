"""Sending made rows to the exporter of a test, and reading its histories."""

from __future__ import annotations

import pyarrow as pa
from tables import inputs

from wolfpack.client.job import to_arrow_bytes
from wolfpack.stats import profile

REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"
ARROW = "application/vnd.apache.arrow.stream"
INPUT = {"role": "input"}
DELAY = {"role": "input", "column": "delay"}


def send_day(exporter, baseline, date: str, table: pa.Table, **params: str):
    body = profile(inputs(table), baseline=baseline).to_bytes()
    answer = exporter.send("/api/v1/profiles", body, at=date, role="input", **params)
    assert answer.status_code == 200, answer.text
    return answer.json


def points(exporter, match: str, kind: str) -> list[tuple[float, float | None, float]]:
    answer = exporter.http.get("/api/v1/series", query_string={"match": match, "as": kind})
    assert answer.status_code == 200, answer.text
    return [tuple(point) for series in answer.json["series"] for point in series["points"]]


def send_predictions(exporter, baseline, date: str, table: pa.Table, version: str = "1"):
    answer = exporter.send(
        "/api/v1/predictions",
        to_arrow_bytes(table.select(["id", "score", "origin"])),
        ARROW,
        at=date,
        version=version,
        profile="1",
    )
    assert answer.status_code == 200, answer.text


def send_labels(exporter, table: pa.Table):
    answer = exporter.send("/api/v1/labels", to_arrow_bytes(table.select(["id", "late"])), ARROW)
    assert answer.status_code == 200, answer.text
    return answer.json
