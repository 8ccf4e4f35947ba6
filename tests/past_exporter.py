"""An exporter with a short past of known answers: two days with a few missing values, one with many, one late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from tables import day, inputs

from wolfpack.cli import servers
from wolfpack.cli.flights_replay import set_clock
from wolfpack.client import Client
from wolfpack.stats import Profile, profile

SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
owner: flights
timezone: America/New_York
schedule: "0 6 * * *"  # in the morning
drift: {novel: {}}
"""
MISSING = {"2024-05-03": 0.07, "2024-05-07": 0.09, "2024-05-12": 0.3}
"""Share of `delay` that is empty, by day; the last is an incident."""
LATE = "2024-05-09"
"""Its table comes a day late."""
DAYS, ROWS = 16, 1000
END = "2024-05-17T12:00"


@contextmanager
def past_exporter(folder: Path) -> Iterator[str]:
    """Run a real exporter on a replay clock, send it the days, and yield its address."""
    specs = folder / "specs"
    specs.mkdir()
    (specs / "arrival-delay.yml").write_text(SPEC)
    with servers.exporter(folder, specs, "--replay") as url:
        client = Client(url, project="travel", model="arrival-delay", version="1")
        set_clock(url, datetime.fromisoformat("2024-05-01T12:00:00-04:00"))
        client.send_reference(_reference())
        for number in range(DAYS):
            at = datetime.fromisoformat("2024-05-01T00:00:00-04:00") + number * timedelta(days=1)
            send(url, client, at, timedelta(days=1) if f"{at:%Y-%m-%d}" == LATE else timedelta(0))
        set_clock(url, datetime.fromisoformat(END + ":00-04:00"))
        yield url


def _reference() -> Profile:
    table = pa.concat_tables([day(number, rows=ROWS) for number in range(60)])
    kept = table.select(["time", "delay", "carrier", "origin"])
    return profile(kept, time="time", every="1d", timezone="America/New_York")


def send(url: str, client: Client, at: datetime, delay: timedelta) -> None:
    set_clock(url, at + timedelta(days=1, hours=6, minutes=5) + delay)
    table = inputs(day(61 + at.day, rows=ROWS))
    empty = np.arange(ROWS) < ROWS * MISSING.get(f"{at:%Y-%m-%d}", 0.0)
    table = table.set_column(0, "delay", pa.array(table["delay"].to_numpy(), mask=empty))
    client.send_profile(client.profile(table), at=f"{at:%Y-%m-%d}")
