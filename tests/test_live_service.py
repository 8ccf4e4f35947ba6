"""A service of four gunicorn workers, a real exporter, and what goes wrong between them."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, select

from wolfpack.cli import flights_live
from wolfpack.client import Client
from wolfpack.rules.process import free_port, running
from wolfpack.spec import load_all
from wolfpack.stats import Profile, profile
from wolfpack.stats.live_slice import LiveSlice, merge_slices

HERE = Path(__file__).parent
SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
owner: flights
prediction: {column: score}
segments: {shop: {}}
"""
AHEAD = timedelta(minutes=10)
"""How far the exporter's clock is ahead where a test sets it: what comes meanwhile is never in its future."""
BATCH = 25
"""Rows of a request."""
WORKERS = 4


def table(rows: int, seed: int, shift: float = 0.0) -> pa.Table:
    random = np.random.default_rng(seed)
    delay = random.normal(100 + shift, 10, rows)
    return pa.table({"delay": delay, "shop": random.choice(["x", "y"], rows), "score": delay / 200})


def reference() -> Profile:
    return profile(table(2000, 1), by=["shop"])


class Stack:
    """An exporter at one address, which can be stopped and started again, and gunicorn in front of the model."""

    def __init__(self, folder: Path, live: str, *options: str) -> None:
        self.folder, self.options, self.port = folder, options, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.specs = folder / "specs"
        self.now = datetime.now(UTC) + AHEAD
        self.specs.mkdir()
        (self.specs / "m.yml").write_text(SPEC + live)

    @contextmanager
    def exporter(self):
        command = [
            sys.executable, "-m", "wolfpack.cli", "serve", "--spec", str(self.specs), "--listen",
            f"127.0.0.1:{self.port}", "--ledger", f"sqlite:///{self.folder / 'ledger.db'}", *self.options,
        ]  # fmt: skip
        with running(command, self.url, "/-/healthy", self.folder / "exporter.log"):
            if self.options:
                self.later(0)
            yield

    @contextmanager
    def service(self, **environment: str):
        """Run the service; yields its address and process."""
        url = f"http://127.0.0.1:{free_port()}"
        command = [
            sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--bind",
            url.removeprefix("http://"), "--chdir", str(HERE), "--graceful-timeout", "10", "live_app:app",
        ]  # fmt: skip
        before = dict(os.environ)
        os.environ |= {"WOLFPACK_URL": self.url, **environment}
        try:
            with running(command, url, "/", self.folder / "gunicorn.log") as process:
                yield url, process
        finally:
            os.environ.clear()
            os.environ |= before

    def later(self, seconds: float) -> None:
        """Set the exporter's clock forward."""
        self.now += timedelta(seconds=seconds)
        answer = requests.post(f"{self.url}/-/clock", json={"now": self.now.isoformat()}, timeout=10)
        assert answer.status_code == 200, answer.text

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of the series of all live versions together that have these labels."""
        page = requests.get(f"{self.url}/metrics", timeout=10).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == name and not sample.labels.get("version")
            and labels.items() <= sample.labels.items() and not sample.labels.get("segment")
        )  # fmt: skip

    def kept(self) -> LiveSlice:
        """Return all that the ledger has of the service's calls."""
        engine = create_engine(f"sqlite:///{self.folder / 'ledger.db'}")
        from wolfpack.exporter.schema import live_parts

        with engine.connect() as connection:
            data = connection.execute(select(live_parts.c.data)).scalars().all()
        engine.dispose()
        return merge_slices([LiveSlice.from_bytes(one) for one in data])


def send(url: str, rows: pa.Table) -> list[int]:
    """Ask for the rows, in requests of a few, four at a time; return the workers that answered."""
    listed = rows.drop_columns(["score"]).to_pylist()

    def ask(first: int) -> int:
        answer = requests.post(f"{url}/score", json=listed[first : first + BATCH], timeout=30)
        return answer.json()["pid"]

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(ask, range(0, len(listed), BATCH)))


def until(holds, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def stack(tmp_path):
    """An exporter on a clock that the test sets; not started yet."""
    return Stack(tmp_path, "live: {}\n", "--replay")


def test_four_workers_add_up_to_the_profile_of_all_rows(stack) -> None:
    """Counts and bins exactly, sketches within their error; each worker says that it ends."""
    rows = table(2000, 2)
    with stack.exporter():
        Client(stack.url, project="travel", model="arrival-delay").send_reference(reference())
        with stack.service() as (url, _):
            workers = set(send(url, rows))
        # gunicorn has ended: so have its workers, each with a closing part
        assert stack.value("ml_live_workers") == 0
        stack.later(120)
        assert stack.value("ml_live_workers_lost") == 0
        assert stack.value("ml_live_requests_total", endpoint="/score") == 2000 / BATCH
    found = stack.kept()
    expected = profile(rows, plan=reference().plan)

    assert len(workers) > 1
    assert found.counts.rows["/score", "", ""].rows == found.profile.rows == 2000
    assert found.profile.segment_rows == expected.segment_rows
    for column in ("delay", "shop", "score"):
        assert found.profile[column].bins.tolist() == expected[column].bins.tolist()
        assert found.profile[column, "shop", "x"].bins.tolist() == expected[column, "shop", "x"].bins.tolist()
    assert found.profile["delay"].mean == pytest.approx(expected["delay"].mean)
    ordered = np.sort(rows["delay"].to_numpy())
    ranks = np.searchsorted(ordered, [found.profile["delay"].quantile(q) for q in (0.05, 0.5, 0.95)]) / 2000
    assert np.abs(ranks - [0.05, 0.5, 0.95]).max() < 0.01


def test_a_killed_worker_loses_one_flush_interval_at_most_and_is_counted(stack) -> None:
    with stack.exporter(), stack.service() as (url, _):
        before = table(1000, 3)
        send(url, before)
        until(lambda: stack.value("ml_live_requests_total", endpoint="/score") == 1000 / BATCH)
        workers = send(url, table(500, 4))
        os.kill(workers[-1], signal.SIGKILL)
        time.sleep(2)  # four flush intervals
        counted = stack.value("ml_live_requests_total", endpoint="/score")
        lost = 1500 / BATCH - counted
        stack.later(65)
        # On this clock nobody has spoken for a minute now; those that live do so again.
        send(url, table(500, 5))
        until(lambda: stack.value("ml_live_workers_lost") == 1)

    assert 0 <= lost <= workers.count(workers[-1])


def test_an_exporter_that_is_away_for_a_minute_loses_nothing(stack) -> None:
    with stack.service() as (url, _):
        with stack.exporter():
            send(url, table(500, 6))
            until(lambda: stack.value("ml_live_requests_total", endpoint="/score") == 500 / BATCH)
        for number in range(4):
            send(url, table(250, 7 + number))
            time.sleep(15)
        assert all(one == 200 for one in [requests.post(f"{url}/score", json=[], timeout=5).status_code])
        with stack.exporter():
            until(lambda: stack.value("ml_live_requests_total", endpoint="/score") >= 1000 / BATCH)
            assert stack.value("ml_live_parts_missing") == 0
    assert stack.kept().counts.rows["/score", "", ""].rows == 1500


def test_the_prediction_log_of_all_workers_is_read_as_a_source(tmp_path) -> None:
    """One line a call, into one file; the exporter's log source counts every row."""
    log = tmp_path / "calls.ndjson"
    source = f"sources: {{calls: {{kind: log, path: {log}}}}}\nevery: 1m\nwindow: 1m\n"
    one = Stack(tmp_path, source + "live: {}\n")
    with one.exporter():
        with one.service(WOLFPACK_LOG=str(log)) as (url, _):
            send(url, table(500, 8))
        until(lambda: one.value("wolfpack_source_rows_total") == 500)
        assert one.value("wolfpack_source_refused_total") == 0
    assert len([line for line in log.read_text().splitlines() if '"/score"' in line]) == 500 / BATCH


QUICK = replace(flights_live.QUICK, live_evaluation=1, live_for=2, live_lookback=20)


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_a_change_of_the_inputs_is_found_by_outlier_mean_and_drift_alerts(tmp_path, monkeypatch) -> None:
    """At the owner's webhook; panes are of ten seconds here, so that drift need not be waited for until midnight."""
    monkeypatch.setattr(flights_live, "QUICK", QUICK)
    live = "every: 10s\nwindow: 10s\ngrace: 1d\nlive: {every: 10s, window: 20s, traffic: null}\n"
    one = Stack(tmp_path, live)
    with one.exporter():
        Client(one.url, project="travel", model="arrival-delay").send_reference(reference())
        stack = flights_live.stack(tmp_path, one.url, load_all([one.specs]))
        with stack as hook, one.service() as (url, _):
            until(lambda: send(url, table(200, 9)) and one.value("ml_live_rows") >= 200)
            calm = {alert.labels["alertname"] for alert in hook.received}
            changed = time.time()
            wanted = {"ModelLiveOutliers", "ModelLiveMeanOff", "ModelColumnDrift"}
            number = 10
            while time.time() < changed + 120 and not wanted <= {
                alert.labels["alertname"] for alert in hook.received
            }:
                number += 1
                send(url, table(200, number, shift=60))
                time.sleep(0.5)
            found = {alert.labels["alertname"]: alert for alert in reversed(hook.received)}

    assert not wanted & calm
    assert wanted <= set(found)
    assert all(found[name].at - changed < 180 for name in wanted)
    assert found["ModelLiveMeanOff"].labels["column"] == found["ModelColumnDrift"].labels["column"] == "delay"
    assert found["ModelLiveOutliers"].labels["endpoint"] == "/score"
    assert found["ModelLiveOutliers"].path == "/flights"
