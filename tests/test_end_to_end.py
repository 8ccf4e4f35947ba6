"""From what a job sends to the owner's webhook and to resolved: every server is real."""

from __future__ import annotations

import signal
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
import requests
from tables import day, inputs

from wolfpack import rules
from wolfpack.cli import flights_live, servers
from wolfpack.client import Client
from wolfpack.spec import load_all
from wolfpack.stats import profile

SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
owner: flights
timezone: UTC
skip: [{skip}]
"""


@pytest.fixture
def stack(tmp_path):
    """Exporter, Prometheus, Alertmanager and the owner's webhook, on the files generated from one spec."""
    specs = tmp_path / "specs"
    specs.mkdir()
    today = datetime.now(UTC).date()
    later = ", ".join((today + timedelta(days=n)).isoformat() for n in range(3))
    (specs / "m.yml").write_text(SPEC.format(skip=later))
    loaded = load_all([specs])
    with servers.exporter(tmp_path, specs) as url, flights_live.stack(tmp_path, url, loaded) as hook:
        yield url, hook, today


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_an_empty_column_reaches_its_owner_and_is_resolved_by_the_corrected_table(stack) -> None:
    url, hook, today = stack
    yesterday = today - timedelta(days=1)
    client = Client(url, project="travel", model="arrival-delay")
    client.send_reference(_reference(today))
    table = inputs(day(61))
    empty = table.set_column(0, "delay", pa.nulls(table.num_rows, pa.float64()))
    client.send_profile(client.profile(empty), at=yesterday.isoformat())
    fired = hook.wait(lambda one: one.labels["alertname"] == "ModelColumnMissing", 60)
    client.send_profile(client.profile(table), at=yesterday.isoformat())
    resolved = hook.wait(lambda one: one.status == "resolved" and one.labels == fired.labels, 60)

    assert fired is not None
    assert fired.path == "/flights"
    assert fired.labels == {
        "alertname": "ModelColumnMissing",
        "severity": "critical",
        "owner": "flights",
        "project": "travel",
        "model": "arrival-delay",
        "check": "missing",
        "role": "input",
        "column": "delay",
    }
    assert "delay" in fired.annotations["description"]
    assert resolved is not None


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_the_exporter_going_down_is_told_to_the_services_owner_alone(tmp_path) -> None:
    """What else it silences is in test_rules_inhibition.py."""
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "m.yml").write_text(SPEC.format(skip=""))
    loaded = load_all([specs])
    receivers = {}
    with flights_live.webhook() as hook:
        for owner in ("flights", "wolfpack"):
            receivers[owner] = {"webhook_configs": [{"url": f"{hook.url}/{owner}"}]}
        rules.write(rules.generate(loaded, receivers, flights_live.QUICK), tmp_path / "generated")
        with servers.alertmanager(tmp_path, tmp_path / "generated" / "alertmanager.yml") as alertmanager:
            config = tmp_path / "prometheus.yml"
            nobody = f"http://127.0.0.1:{servers.free_port()}"
            folder = tmp_path / "generated" / "rules"
            config.write_text(flights_live.prometheus_config(nobody, alertmanager, folder))
            with servers.prometheus(tmp_path, config):
                down = hook.wait(lambda one: one.labels["alertname"] == "WolfpackExporterDown", 60)

    assert down is not None
    assert down.path == "/wolfpack"
    assert {one.path for one in hook.received} == {"/wolfpack"}


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_wrong_with_the_page(exporter) -> None:
    import subprocess

    from tables import reference

    body = reference(20).to_bytes()
    exporter.http.put("/api/v1/projects/travel/models/arrival-delay/reference", data=body)
    table = day(61)
    exporter.send("/api/v1/profiles", profile(inputs(table), by=["origin"]).to_bytes(), at="2024-05-01")
    exporter.at("2024-05-02T06:00:00-04:00")
    page = exporter.http.get("/metrics").data
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True)

    assert b"ml_column_missing_ratio" in page
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("signal_", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)], ids=["SIGTERM", "SIGKILL"]
)
def test_a_real_exporter_that_is_stopped_keeps_what_it_acknowledged(tmp_path, signal_, code) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "m.yml").write_text(SPEC.format(skip=""))
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    with servers.exporter_process(tmp_path, specs) as (url, process):
        client = Client(url, project="travel", model="arrival-delay")
        answer = client.send_profile(client.profile(inputs(day(61))), at=yesterday)
        health = {
            path: requests.get(url + path, timeout=5).status_code for path in ("/-/healthy", "/-/ready", "/")
        }
        process.send_signal(signal_)
        stopped = process.wait(timeout=10)
    with servers.exporter(tmp_path, specs) as url:
        query = {"project": "travel", "model": "arrival-delay"}
        windows = requests.get(f"{url}/api/v1/windows", params=query, timeout=5).json()["windows"]

    assert answer["rows"] == 200
    assert set(health.values()) == {200}
    assert stopped == code
    assert [(one["role"], one["deliveries"]) for one in windows] == [("input", 1)]


def _reference(today: date):
    """Return sixty days of made rows that end two days ago."""
    tables = []
    for number in range(60):
        at = np.datetime64(today - timedelta(days=62 - number)) + np.timedelta64(12, "h")
        tables.append(day(number).set_column(1, "time", pa.array(np.repeat(at.astype("datetime64[s]"), 200))))
    table = pa.concat_tables(tables).select(["time", "delay", "carrier", "origin"])
    return profile(table, by=["origin"], time="time", every="1d")
