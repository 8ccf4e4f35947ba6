"""Memory and start of an exporter with many models: `python -m benchmarks.large`; one table in markdown.

The ledger has 100 models of 100 columns with a reference of 30 days and 90 daily panes each, and a live model of 20
columns with a pane for every minute of 7 days. A real `wolfpack serve` computes the newest window of every model, which
is what a day brings, and is then started again on that ledger.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import requests
from sqlalchemy import Connection, insert

from benchmarks.machine import describe
from benchmarks.report import HEADER, Row, markdown, reached
from wolfpack.cli import servers
from wolfpack.exporter import store
from wolfpack.exporter.hours import AT_ONCE, merge_hours
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.panes import Panes
from wolfpack.exporter.registry import Known
from wolfpack.exporter.schema import parts
from wolfpack.spec import Spec
from wolfpack.stats import Profile, profile

ROWS = 200
"""Rows of a pane."""
REFERENCE = 30


@dataclass(frozen=True)
class Sizes:
    models: int
    columns: int
    days: int
    minutes: int


FULL, QUICK = Sizes(100, 100, 90, 7 * 1440), Sizes(3, 10, 10, 300)


def table(columns: int, rows: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table({f"c{place:03}": random.normal(size=rows) for place in range(columns)})


def reference(columns: int, today: datetime) -> Profile:
    rows = table(columns, REFERENCE * ROWS)
    first = np.datetime64((today - timedelta(days=200)).date())
    times = first + np.repeat(np.arange(REFERENCE), ROWS).astype("timedelta64[D]")
    return profile(rows.append_column("time", pa.array(times)), time="time", every="1d").select(
        rows.column_names
    )


def fill(folder: Path, sizes: Sizes) -> None:
    """Write specs and ledger; of each model the newest pane waits to be computed."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = reference(sizes.columns, today)
    data = found.to_bytes()
    bodies = [profile(table(sizes.columns, ROWS, seed), plan=found.plan).to_bytes() for seed in range(10)]
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    for number in range(sizes.models):
        name = f"model-{number:03}"
        (folder / "specs" / f"{name}.yml").write_text(
            f"version: wolfpack/v1\nproject: project-{number % 10}\nmodel: {name}\n"
        )
        with ledger.write() as connection:
            model = store.model_id(connection, f"project-{number % 10}", name, 0.0)
            store.add_reference(connection, model, 0.0, found.plan.id, data)
            starts = [int((today - timedelta(days=day)).timestamp()) for day in range(sizes.days, 0, -1)]
            _add(connection, model, starts, bodies, found.plan.id)
    _fill_live(folder, ledger, sizes.minutes)
    ledger.close()


def _fill_live(folder: Path, ledger: Ledger, minutes: int) -> None:
    text = "version: wolfpack/v1\nproject: live\nmodel: live\nevery: 1m\nwindow: 7d\n"
    (folder / "specs" / "live.yml").write_text(text)
    plan = profile(table(20, 5000)).plan
    bodies = [profile(table(20, 50, seed), plan=plan).to_bytes() for seed in range(20)]
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    starts = [int((now - timedelta(minutes=minute)).timestamp()) for minute in range(minutes, 0, -1)]
    with ledger.write() as connection:
        model = store.model_id(connection, "live", "live", 0.0)
        _add(connection, model, starts, bodies, plan.id)
    spec = Spec(version="wolfpack/v1", project="live", model="live", every="1m", window="7d")
    panes = Panes()
    while merge_hours(ledger, panes, Known(model, spec, 0.0), now.timestamp()) == AT_ONCE:
        pass


def _add(connection: Connection, model: int, starts: list[int], bodies: list[bytes], plan: str) -> None:
    row = {"model_id": model, "version": "0", "role": "input", "part": "", "job": "", "received": 0.0}
    row |= {"plan_id": plan, "rows": ROWS}
    many = [row | {"start": start, "data": bodies[n % len(bodies)]} for n, start in enumerate(starts)]
    connection.execute(insert(parts), many)
    store.mark_pending(connection, model, "input", {starts[-1]})


def resident(pid: int, what: str = "VmRSS") -> float:
    """Return the resident memory of a process in MB; `VmHWM` is the most so far. Linux only."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(what))) / 1024


def series(url: str) -> int:
    page = requests.get(f"{url}/metrics", timeout=60).text
    return sum(line.startswith("ml_") for line in page.splitlines())


def settle(url: str) -> None:
    """Wait until nothing waits to be computed and the page stays as it is."""
    before = -1
    while True:
        page = requests.get(f"{url}/metrics", timeout=60).text
        now = series(url)
        if "\nwolfpack_queue_length 0.0" in page and now == before:
            return
        before = now
        time.sleep(6)


def rows(folder: Path, sizes: Sizes) -> Iterator[Row]:
    options = ("--budget", "1000000")
    with servers.exporter_process(folder, folder / "specs", *options) as (url, process):
        settle(url)
        full = series(url)
        what = f"{sizes.models} models of {sizes.columns} columns and {sizes.days} days, and {sizes.minutes:,} minutes"
        yield _less(
            f"{what}: resident after a day's windows, {full:,} series", resident(process.pid), "MB", 600, 300
        )
        yield _stated("the most while they were computed", resident(process.pid, "VmHWM"), "MB")
    begun = time.perf_counter()
    with servers.exporter_process(folder, folder / "specs", *options) as (url, process):
        while series(url) < full:
            time.sleep(0.05)
        yield _less(
            "start with that ledger to the first full `/metrics`", time.perf_counter() - begun, "s", 10, 3
        )
        settle(url)
        yield _less("resident after that start", resident(process.pid), "MB", 600, 300)


def _less(what: str, value: float, unit: str, least: float, aim: float) -> Row:
    return (
        what,
        f"{value:,.3g} {unit}",
        "-",
        "-",
        f"{least:g} {unit}",
        f"{aim:g} {unit}",
        reached(value, least, aim),
    )


def _stated(what: str, value: float, unit: str) -> Row:
    return (what, f"{value:,.3g} {unit}", "-", "-", "stated", "-", "-")


@click.command()
@click.option("--quick", is_flag=True, help="3 models: shows that it runs, measures nothing.")
def main(quick: bool) -> None:
    """Print one table."""
    sizes = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(dir=".") as place:  # where a disk is; /tmp may be memory
        folder = Path(place).resolve()
        (folder / "specs").mkdir()
        fill(folder, sizes)
        print(markdown(HEADER, list(rows(folder, sizes))))
    print("\n" + "\n".join(f"- {line}" for line in describe({})))


if __name__ == "__main__":
    main()
