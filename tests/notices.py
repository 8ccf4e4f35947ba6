"""Telling the exporter of a test what teams and jobs tell, and reading what it makes of it."""

from __future__ import annotations

from datetime import datetime

from conftest import FULL

from wolfpack.rules import alerts_for, judge

MODEL = {"project": "travel", "model": "arrival-delay"}
WATCHED = (
    FULL
    + """\
jobs:
  nightly: {schedule: "0 5 * * *", grace: 2h, longest: 1h}
scalars:
  rebookings: {warning: "> 40", critical: "> 80", stale_after: 2d}
"""
)


def post(exporter, what: str, body: dict, status: int = 200, **query: str) -> dict:
    model = {} if what == "feedback" else MODEL
    answer = exporter.http.post(f"/api/v1/{what}", json=body, query_string=model | query)
    assert answer.status_code == status, answer.text
    return answer.json


def scalar(exporter, value: float, time: str | None = None, **more: object) -> dict:
    query = {"version": str(more.pop("version"))} if "version" in more else {}
    entry = {"name": "rebookings", "value": value, "time": time} | more
    return post(exporter, "metrics", {"metrics": [entry]}, **query)


def history(exporter, match: str, kind: str = "event") -> list[list[list[float]]]:
    answer = exporter.http.get("/api/v1/series", query_string={"match": match, "as": kind})
    assert answer.status_code == 200, answer.text
    return [[point[:2] for point in one["points"]] for one in answer.json["series"]]


def firing(exporter) -> set[tuple[str, str, str]]:
    """Return name, severity and subject of the alerts that the page fires by the table."""
    from prometheus_client.parser import text_string_to_metric_families

    instant: dict[str, list] = {}
    for family in text_string_to_metric_families(exporter.http.get("/metrics").text):
        for one in family.samples:
            labels = {name: value for name, value in one.labels.items() if value}
            instant.setdefault(one.name, []).append((labels, one.value))
    found = set()
    for alert in alerts_for(exporter.service.registry.all()[0].spec):
        if alert.check in ("job", "scalar"):
            for identity in judge.evaluate(alert, instant, exporter.service.clock.now()):
                labels = dict(identity)
                subject = labels.get("job_name", labels.get("scalar", ""))
                found.add((labels["alertname"], labels["severity"], subject))
    return found


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def run(exporter, ended: str, succeeded: bool = True, job: str = "nightly", **more: object) -> dict:
    return post(exporter, "jobs", {"job": job, "end": ended, "succeeded": succeeded} | more)


def judgement(**change: object) -> dict:
    labels = MODEL | {"role": "input", "metric": "ml_pane_rows", "detector": "seasonal_esd"}
    times = {"start": "2024-04-28", "end": "2024-04-29"}
    return MODEL | {"labels": labels, "verdict": "wrong", "note": "a holiday"} | times | change
