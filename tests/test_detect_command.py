"""`wolfpack detect` as a user runs it: beside a real exporter, as a step of a workflow and as a service."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import requests
from tables import day, inputs

from wolfpack.cli import servers
from wolfpack.cli.flights_replay import set_clock
from wolfpack.client import HttpTransport
from wolfpack.rules.process import free_port, running
from wolfpack.stats import Profile, profile

SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
timezone: America/New_York
schedule: "0 6 * * *"
detect:
  - {metric: ml_pane_rows, role: input, season: 7d}
"""
MODEL = {"project": "travel", "model": "arrival-delay"}


def rows_of(number: int) -> int:
    """Return rows of a day: fewer on two days of the week, and a little noise."""
    return (60 if number % 7 in (1, 2) else 200) + number % 3


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[str, Profile, Path]]:
    """A real exporter with 60 days of a reference, on 1 May 2024; its address, the reference, the spec."""
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "m.yml").write_text(SPEC)
    with servers.exporter(tmp_path, specs, "--replay") as url:
        set_clock(url, datetime.fromisoformat("2024-05-01T06:00:00-04:00"))
        yield url, register(url), specs


def register(url: str) -> Profile:
    """Send a reference of 60 days and return it."""
    table = pa.concat_tables([day(number, rows_of(number)) for number in range(60)])
    kept = table.select(["time", "delay", "carrier", "origin"])
    baseline = profile(kept, time="time", every="1d", timezone="America/New_York")
    transport = HttpTransport(url)
    path = "/api/v1/projects/travel/models/arrival-delay/reference"
    transport.send("PUT", path, {}, baseline.to_bytes(), "application/octet-stream")
    transport.close()
    return baseline


def send(url: str, baseline: Profile, number: int, rows: int) -> None:
    """Send a day after the reference, and let the exporter compute it."""
    body = profile(inputs(day(number, rows)), baseline=baseline).to_bytes()
    at = np.datetime64("2024-03-01") + number
    transport = HttpTransport(url)
    where = {**MODEL, "at": str(at), "role": "input"}
    transport.send("POST", "/api/v1/profiles", where, body, "application/octet-stream")
    transport.close()
    set_clock(url, datetime.fromisoformat(f"{at + 1}T06:10:00-04:00"))


def once(url: str, specs: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wolfpack.cli", "detect", "--spec", str(specs), "--source", f"exporter={url}"]
    return subprocess.run([*command, "--once", *more], capture_output=True, text=True, timeout=120, check=False)


def test_a_step_of_a_workflow_waits_for_its_day_and_stops_on_an_alarm(watched) -> None:
    url, baseline, specs = watched
    send(url, baseline, 60, rows_of(60))
    fine = once(url, specs, "--wait", "--at", "2024-04-30")
    send(url, baseline, 61, 900)
    alarm = once(url, specs, "--wait", "--at", "2024-05-01")
    late = once(url, specs, "--wait", "--at", "2024-05-02", "--timeout", "3")

    assert (fine.returncode, fine.stdout) == (0, "1 series scored, 0 skipped \n"), fine.stderr
    assert alarm.returncode == 1, alarm.stdout + alarm.stderr
    assert "alarm: score " in alarm.stdout
    assert late.returncode == 2
    assert "missing: ml_pane_rows{" in late.stderr


def test_a_service_scores_each_day_answers_on_its_port_and_stops_when_told(watched, tmp_path: Path) -> None:
    url, baseline, specs = watched
    own = f"http://127.0.0.1:{free_port()}"
    command = [
        sys.executable, "-m", "wolfpack.cli", "detect", "--spec", str(specs), "--source", f"exporter={url}",
        "--listen", own[7:], "--interval", "0.5",
    ]  # fmt: skip
    with running(command, own, "/-/healthy", tmp_path / "detect.log") as process:
        send(url, baseline, 60, rows_of(60))
        fine = requests.post(f"{own}/api/v1/detections", params=MODEL, timeout=30).json()
        send(url, baseline, 61, 900)
        alarm = requests.post(f"{own}/api/v1/detections", params=MODEL, timeout=30).json()
        page = requests.get(f"{own}/metrics", timeout=30).text
        shown = requests.get(f"{url}/metrics", params={"name[]": "ml_anomaly_score"}, timeout=30).text
        process.send_signal(signal.SIGTERM)
        status = process.wait(20)

    assert (fine["scored"], fine["alarms"], fine["errors"]) == (1, [], [])
    assert [one["labels"]["metric"] for one in alarm["alarms"]] == ["ml_pane_rows"]
    assert alarm["alarms"][0]["score"] > 1
    assert 'wolfpack_detector_errors_total{model="arrival-delay",project="travel",stage="read"} 0.0' in page
    assert float(shown.splitlines()[-1].rsplit(" ", 1)[1]) == pytest.approx(alarm["alarms"][0]["score"])
    assert status == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--listen", "0.0.0.0:0"], "needs --token-file"),
        (["--listen", "nowhere"], "write HOST:PORT"),
        (["--reach", "15"], "is not a duration"),
        (["--state", "nowhere/at/all"], "a file in a folder that is there"),
        (["--state", "here", "--once"], "for a sidecar that runs on"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, more: list[str], says: str) -> None:
    (tmp_path / "m.yml").write_text(SPEC)
    command = [
        sys.executable, "-m", "wolfpack.cli", "detect", "--spec", str(tmp_path), "--source", "prometheus=http://127.0.0.1:1",
        "--exporter", "http://127.0.0.1:1", *more,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2, done.stdout
    assert says in done.stderr
