"""A weekday with a Saturday's volume, from the job's tables by the sidecar to the owner's webhook; all servers real.

Each value has been seen many times, so no threshold could tell: only the day of the week makes it wrong.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.cli import flights_live, servers
from wolfpack.cli.flights_replay import set_clock
from wolfpack.cli.webhook import Webhook
from wolfpack.client import Client
from wolfpack.spec import load_all

SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
owner: flights
timezone: UTC
grace: 1s
change: {rows: null}
detect: [{metric: ml_pane_rows, method: auto}]
"""
DAYS = 60
WEEKDAY, WEEKEND = 400, 120


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Webhook, Path]]:
    monkeypatch.setattr(flights_live, "QUICK", replace(flights_live.QUICK, evaluation=1, for_=2, lookback=10))
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "m.yml").write_text(SPEC)
    with (
        servers.exporter(tmp_path, specs, "--replay") as url,
        flights_live.stack(tmp_path, url, load_all([specs])) as hook,
    ):
        yield url, hook, specs


@pytest.mark.needs("prometheus", "promtool", "alertmanager")
def test_a_weekday_with_the_volume_of_a_saturday_reaches_its_owner_and_is_resolved(
    stack: tuple[str, Webhook, Path],
) -> None:
    url, hook, specs = stack
    client = Client(url, project="travel", model="arrival-delay")
    last = datetime.now(UTC).date() - timedelta(days=1)
    last -= timedelta(days=max(0, last.weekday() - 4))  # a Friday where yesterday was of a weekend
    for back in range(DAYS, 0, -1):
        set_clock(url, morning_of(last - timedelta(days=back)))
        deliver(client, last - timedelta(days=back))
    set_clock(url, morning_of(last))
    deliver(client, last, rows=WEEKEND)
    set_clock(url, after := morning_of(last + timedelta(days=1)))
    told = detect(url, specs)
    assert told == 1
    fired = hook.wait(lambda one: one.labels["alertname"] == "ModelAnomaly", 60)
    deliver(client, last, rows=WEEKDAY)
    set_clock(url, after + timedelta(minutes=1))
    well = detect(url, specs)
    resolved = hook.wait(lambda one: one.status == "resolved" and one.labels == (fired and fired.labels), 60)

    assert well == 0
    assert fired is not None
    assert fired.path == "/flights"
    assert fired.labels["metric"] == "ml_pane_rows"
    assert resolved is not None
    told_of = {one.labels["alertname"] for one in hook.received}
    assert told_of <= {"ModelAnomaly", "ModelDataLate"}  # a replay's days are over before their tables come


def morning_of(day: date) -> datetime:
    return datetime.combine(day, time(0, 10), UTC)


def deliver(client: Client, at: date, rows: int | None = None) -> None:
    """Send the table of a day, with the rows that its day of the week has, five percent more or less."""
    random = np.random.default_rng(at.toordinal())
    usual = WEEKDAY if at.weekday() < 5 else WEEKEND
    count = rows or int(usual * random.uniform(0.95, 1.05))
    table = pa.table({"delay": np.random.default_rng(1).normal(0, 1, count)})
    client.send_profile(client.profile(table), at=at.isoformat())


def detect(url: str, specs: Path) -> int:
    """Run the sidecar as the step of a workflow does; return its exit code."""
    command = [
        sys.executable, "-m", "wolfpack.cli", "detect", "--spec", str(specs), "--source", f"exporter={url}",
        "--once", "--wait", "--timeout", "30",
    ]  # fmt: skip
    return subprocess.run(command, timeout=90).returncode
