"""Every query of every panel returns data from the real stack: exporter, Prometheus, generated rules."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
import requests
from tables import day, inputs

from wolfpack import dashboards, detectors
from wolfpack.cli import flights_live, servers
from wolfpack.client import Client, HttpTransport
from wolfpack.spec import load_all, names
from wolfpack.stats import ScoreCounts, profile

SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
columns: {delay: {range: [0, 30]}, seen: {type: datetime}}
prediction: {column: score}
label: {column: late, key: id}
segments: {origin: {columns: [delay]}}
mean: {within: 0.1}
change: {rows: {against: previous}}
quality: {roc_auc: {warning: "< 0.75", drop: 0.05}, brier: {critical: "> 0.25"}}
jobs: {nightly: {schedule: "0 5 * * *"}}
scalars: {rebookings: {warning: "> 40", stale_after: 1d}}
detect: [{metric: ml_column_mean, role: input, columns: [delay], season: 7d}]
"""
DAYS = 8
CHOICES = {"project": "travel", "model": "arrival-delay", "role": ".+", "column": ".+", "owner": ".+"}
TOGETHER = {"version": "^$", "segment": "^$", "segment_value": ""}
"""What the board of a column begins with: all versions and rows together."""
ONE_OF_EACH = {"measure": "ml_model_roc_auc", "metric": "ml_column_mean", "watched": "delay", "shown": "delay"}


def fill(url: str) -> None:
    """Send a reference and eight days: two versions, labels, a column gone and a new one, at last an empty one."""
    today = datetime.now(UTC).date()
    client = Client(url, project="travel", model="arrival-delay", version="1")
    days = [day(number, time=_noon(today - timedelta(days=70 - number))) for number in range(60)]
    table = pa.concat_tables(days)
    kept = table.select(["time", "delay", "carrier", "origin", "score"])
    kept = kept.append_column("seen", table["time"]).append_column("gone", table["delay"])
    scores = ScoreCounts.from_arrays(table["score"].to_numpy(), table["late"].to_numpy())
    client.send_reference(profile(kept, by=["origin"], time="time", every="1d"), scores)
    for number in range(DAYS):
        at = (today - timedelta(days=DAYS - number)).isoformat()
        rows = day(100 + number, time=_noon(today - timedelta(days=DAYS - number)))
        client.version = "2" if number >= DAYS - 2 else "1"
        empty = {"carrier": pa.nulls(rows.num_rows, pa.string())} if number == DAYS - 1 else {}
        sent = inputs(day(100 + number, **empty))
        sent = sent.append_column("seen", rows["time"]).append_column("new", rows["delay"])
        client.send_profile(client.profile(sent), at=at)
        client.send_predictions(rows.select(["id", "score", "origin"]), at=at, profile=True)
        client.send_labels(rows.select(["id", "late"]))


def tell(url: str) -> None:
    """Tell of scalars of two versions, one of them too old, of a run, a deployment, and of a finding."""
    yesterday = datetime.now(UTC) - timedelta(days=2)
    for version in ("1", "2"):
        client = Client(url, project="travel", model="arrival-delay", version=version)
        client.send_metrics({"rebookings": 10}, time=yesterday, step=1)
    with client.run("nightly") as report:
        report.rows = 10
    client.send_deployment("canary")
    labels = {"role": "input", "column": "delay", "metric": "ml_column_mean", "detector": "seasonal_esd"}
    client.send_feedback(labels, "right", start=yesterday, end=yesterday)


def _noon(date) -> np.ndarray:
    return np.repeat((np.datetime64(date) + np.timedelta64(12, "h")).astype("datetime64[s]"), 200)


def filled_in(expr: str) -> str:
    chosen = CHOICES | ONE_OF_EACH | TOGETHER
    return re.sub(r"\$(\w+)", lambda match: chosen[match[1]], expr)


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_every_panel_shows_something(tmp_path) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "m.yml").write_text(SPEC)
    loaded = load_all([specs])
    boards = {name: json.loads(text) for name, text in dashboards.generate(loaded).items()}
    queries = sorted(
        {filled_in(t["expr"]) for b in boards.values() for p in b["panels"] for t in p.get("targets", [])}
    )
    with servers.exporter(tmp_path, specs) as url, flights_live.stack(tmp_path, url, loaded) as hook:
        fill(url)
        tell(url)
        wait_for(lambda: "ml_model_roc_auc{" in requests.get(f"{url}/metrics", timeout=5).text)
        transport = HttpTransport(url)
        report = detectors.run_once(
            [one.spec for one in loaded],
            detectors.ExporterSource(transport),
            detectors.ExporterSink(transport),
        )
        fired = hook.wait(lambda one: one.labels["alertname"] == "ModelColumnMissing", 60)
        empty = queries
        deadline = time.monotonic() + 20
        while empty and time.monotonic() < deadline:
            empty = [query for query in empty if not answer(hook, query)]
            time.sleep(0.5)

    assert (report.scored, report.errors) == (1, ())
    assert fired is not None
    assert len(queries) > 30
    # Not in this stack: the sidecar's own page (tests/test_sidecar.py), tables that the exporter fetches, and a live
    # service (tests/test_live_service.py).
    elsewhere = names.SIDECAR | {
        one.name for one in names.FAMILIES.values() if one.labels == names.SOURCE or one.cls == "live"
    }
    assert [query for query in empty if not any(name in query for name in elsewhere)] == []


def answer(hook, query: str) -> list:
    """Return what Prometheus answers."""
    found = requests.get(f"{hook.prometheus}/api/v1/query", params={"query": query}, timeout=10)
    assert found.status_code == 200, found.text
    return found.json()["data"]["result"]


def wait_for(condition, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)
