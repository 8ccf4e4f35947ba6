"""What a job tells by the client and from the shell, to a real exporter."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from wolfpack.cli import servers
from wolfpack.client import Client, ServiceError

SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
"""
CLI = [sys.executable, "-m", "wolfpack.cli"]
MODEL = ["--project", "travel", "--model", "arrival-delay"]


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("telling")
    (folder / "specs").mkdir()
    (folder / "specs" / "m.yml").write_text(SPEC)
    with servers.exporter(folder, folder / "specs") as found:
        yield found


@pytest.fixture
def client(url) -> Client:
    return Client(url, project="travel", model="arrival-delay", version="3")


def shown(url: str, name: str, **labels: str) -> set[float]:
    """Return the values of a family's series with these labels, when there are any."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        page = requests.get(f"{url}/metrics", timeout=5).text
        found = {
            one.value
            for family in text_string_to_metric_families(page)
            for one in family.samples
            if one.name == name and labels.items() <= one.labels.items()
        }
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{name}{labels} is not on the page")


def runs(url: str, job: str) -> list[dict]:
    found = requests.get(
        f"{url}/api/v1/jobs", params={"project": "travel", "model": "arrival-delay", "job": job}, timeout=5
    )
    assert found.status_code == 200, found.text
    return found.json()["jobs"]


def test_scalars_by_name_and_as_entries(client, url) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    first = client.send_metrics({"ctr": 0.5, "cost": np.float32(2)}, time=hour_ago, step=3)
    second = client.send_metrics([{"name": "ctr", "value": 0.75, "step": None, "time": None}])
    until = time.monotonic() + 20
    while shown(url, "ml_scalar_value", scalar="ctr", version="") != {0.75} and time.monotonic() < until:
        time.sleep(0.1)

    assert (first, second) == ({"metrics": 2}, {"metrics": 1})
    assert shown(url, "ml_scalar_value", scalar="ctr", version="") == {0.75}
    assert shown(url, "ml_scalar_step", scalar="cost", version="") == {3}
    assert shown(url, "ml_scalar_timestamp_seconds", scalar="cost") == {int(hour_ago.timestamp())}


def test_a_number_that_is_none_is_refused_before_it_is_sent(client) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        client.send_metrics({"ctr": float("nan")})


def test_a_block_tells_of_its_run(client, url) -> None:
    with client.run("block") as report:
        report.rows = 5
    with pytest.raises(ZeroDivisionError), client.run("block", run="second"):
        _ = 1 / 0
    second, first = runs(url, "block")

    assert (first["succeeded"], first["rows"]) == (True, 5)
    assert 0 <= first["duration"] < 5
    assert (second["run"], second["succeeded"]) == ("second", False)
    assert "division by zero" in second["note"]


def test_a_block_whose_run_cannot_be_told_has_not_failed(caplog) -> None:
    client = Client("http://127.0.0.1:9", project="travel", model="arrival-delay")
    with client.run("block"):
        pass

    assert "run of block was not told" in caplog.text


def test_a_deployment_and_feedback(client, url) -> None:
    deployed = client.send_deployment("canary", note="10 % of requests")
    labels = {
        "__name__": "ml_anomaly_score",
        "role": "input",
        "metric": "ml_pane_rows",
        "detector": "d",
        "column": "",
    }
    judged = client.send_feedback(labels, "wrong", start="2024-05-01", end="2024-05-02")

    assert (deployed["version"], deployed["stage"], deployed["replaced"]) == ("3", "canary", False)
    assert judged == {"replaced": False}
    assert max(shown(url, "ml_deployment_timestamp_seconds", stage="canary")) == pytest.approx(
        time.time(), abs=60
    )
    assert shown(url, "ml_feedback_findings", verdict="wrong") == {1}
    with pytest.raises(ServiceError, match=r"'colour' is no label of a finding"):
        client.send_feedback({"colour": "red"}, "right", start="2024-05-01", end="2024-05-02")


def cli(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments, "--url", url], capture_output=True, text=True, timeout=60, check=False
    )


def test_scalars_of_a_file(url, tmp_path) -> None:
    """A row a value; the same by hand and from a job."""
    file = tmp_path / "scalars.csv"
    pa.csv.write_csv(pa.table({"name": ["a", "b"], "value": [1, 2.5], "step": [1, None]}), file)
    done = cli(url, "send", "metrics", str(file), *MODEL, "--at", "2024-05-01")

    assert (done.returncode, json.loads(done.stdout or "{}")) == (0, {"metrics": 2}), done.stderr


def test_deploy_tells_of_a_release(url) -> None:
    done = cli(url, "deploy", "9", "--stage", "shadow", *MODEL)

    assert json.loads(done.stdout)["stage"] == "shadow", done.stderr


@pytest.mark.parametrize(("code", "status"), [("", 0), ("raise SystemExit(3)", 3)])
def test_run_exits_as_its_command_and_tells_so(url, code, status) -> None:
    job = f"exits-{status}"
    command = [
        *CLI,
        "run",
        "--url",
        url,
        *MODEL,
        "--run",
        "r1",
        job,
        "--",
        sys.executable,
        "-c",
        code + "\nprint(7)",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    (found,) = runs(url, job)

    assert done.returncode == status, done.stderr
    assert done.stdout == ("7\n" if status == 0 else "")
    assert (found["run"], found["succeeded"]) == ("r1", status == 0)


def test_a_run_that_is_stopped_stops_its_command_and_has_failed(url, tmp_path) -> None:
    started = tmp_path / "started"
    code = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(60)"
    command = [*CLI, "run", "--url", url, *MODEL, "stopped", "--", sys.executable, "-c", code]
    process = subprocess.Popen(command)
    until = time.monotonic() + 30
    while not started.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    status = process.wait(timeout=20)
    (found,) = runs(url, "stopped")

    assert status == 128 + signal.SIGTERM
    assert found["succeeded"] is False
    assert found["duration"] < 50
