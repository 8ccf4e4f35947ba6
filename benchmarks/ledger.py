"""What a commit and a window cost: `python -m benchmarks.ledger`; one table in markdown.

Writes are durable parts, from so many threads at once, beside the same writes committed each by itself. A window
over a week of minutes is loaded when the next minute came, beside merging its minutes anew.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, insert

from benchmarks.machine import describe
from benchmarks.report import markdown
from wolfpack.exporter import commits, store
from wolfpack.exporter.hours import AT_ONCE, merge_hours
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.mixture import Mixture
from wolfpack.exporter.panes import Panes
from wolfpack.exporter.registry import Known
from wolfpack.exporter.schema import parts
from wolfpack.spec import Spec
from wolfpack.stats import Profile, profile

BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
HEADER = ("what", "grouped or partial", "each by itself", "times")


def table(columns: int, rows: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table({f"c{i}": random.normal(size=rows) for i in range(columns)})


def row(body: bytes, plan: str, number: int) -> dict[str, object]:
    return {
        "version": "1",
        "role": "input",
        "start": int((BEGIN + timedelta(minutes=number)).timestamp()),
        "part": "",
        "job": "",
        "received": float(number),
        "plan_id": plan,
        "rows": 1,
        "data": body,
    }


@contextmanager
def opened(folder: Path, url: str | None) -> Iterator[Ledger]:
    """Open a fresh SQLite ledger in the folder, or the one of a URL, with the model 1."""
    ledger = Ledger(url or f"sqlite:///{folder / f'{time.monotonic_ns()}.db'}")
    try:
        with ledger.write() as connection:
            store.model_id(connection, "bench", str(time.monotonic_ns()), 0.0)
        yield ledger
    finally:
        ledger.close()


def writes_a_second(ledger: Ledger, body: bytes, plan: str, threads: int, seconds: float) -> float:
    """Return how many durable writes a second so many threads have acknowledged."""
    numbers, done, until = count(), [0] * threads, time.perf_counter() + seconds

    def write(place: int) -> None:
        while time.perf_counter() < until:
            with ledger.write() as connection:
                store.add_part(connection, 1, row(body, plan, next(numbers)))
            done[place] += 1

    running = [threading.Thread(target=write, args=(place,)) for place in range(threads)]
    begun = time.perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)


def commit_rows(folder: Path, url: str | None, name: str, quick: bool) -> list[tuple[str, ...]]:
    """Return a line of the table for each size of a part and number of writers."""
    small, large = profile(table(5, 100)), profile(table(100, 1000))
    found_rows, most = [], commits.MOST
    for found, threads in ((small, 1), (small, 16), (small, 50), (large, 1), (large, 50)):
        body = found.to_bytes()
        speeds = []
        for limit in (most, 1):
            commits.MOST = limit
            with opened(folder, url) as ledger:
                speeds.append(writes_a_second(ledger, body, found.plan.id, threads, 0.3 if quick else 5.0))
        commits.MOST = most
        writers = f"{threads} writer{'s' * (threads > 1)}"
        what = f"{name}: durable writes of {len(body) / 1000:,.0f} kB a second, {writers}"
        found_rows.append((what, *(f"{speed:,.0f}" for speed in speeds), f"{speeds[0] / speeds[1]:.1f}"))
    return found_rows


def window_rows(folder: Path, quick: bool) -> list[tuple[str, ...]]:
    """Return lines for the next window over minutes: from partial merges, and from nothing."""
    window = timedelta(hours=6) if quick else timedelta(days=7)
    spec = Spec(version="wolfpack/v1", project="bench", model="m", every="1m", window=window)
    plan = profile(table(20, 5000)).plan
    bodies = [profile(table(20, 50, seed), plan=plan).to_bytes() for seed in range(20)]
    with opened(folder, None) as ledger:
        with ledger.write() as connection:
            found = [row(bodies[n % 20], plan.id, n) | {"model_id": 1} for n in range(spec.window_panes + 90)]
            connection.execute(insert(parts), found)
        known, now = Known(1, spec, 0.0), (BEGIN + window + timedelta(hours=2)).timestamp()
        while merge_hours(ledger, Panes(), known, now) == AT_ONCE:
            pass
        panes = Panes()
        with ledger.read() as connection:
            first = _seconds(connection, panes, spec, 60)
            warm = min(_seconds(connection, panes, spec, minute) for minute in range(61, 66))
            anew = _from_nothing(connection, bodies, spec.window_panes)
    name = f"window of {spec.window_panes:,} minutes, 20 columns"
    return [
        (f"{name}: the next one", f"{warm * 1000:.0f} ms", f"{anew:.2f} s", f"{anew / warm:,.0f}"),
        (f"{name}: the first after a start", f"{first * 1000:.0f} ms", f"{anew:.2f} s", f"{anew / first:,.0f}"),
    ]


def _seconds(connection: Connection, panes: Panes, spec: Spec, minute: int) -> float:
    calendar = spec.calendar
    last = BEGIN + spec.window + timedelta(minutes=minute)
    begun = time.process_time()
    first = calendar.back(last, spec.window_panes - 1)
    together = panes.load(connection, 1, "input", calendar, first, last).together
    assert together is not None
    rows = Mixture.of(together.runs, together.newest[-1].plan.id).main.rows
    assert rows == 50 * spec.window_panes, rows
    return time.process_time() - begun


def _from_nothing(connection: Connection, bodies: list[bytes], panes: int) -> float:
    begun = time.process_time()
    plan = Profile.from_bytes(bodies[0]).plan.id
    Mixture.of([(Profile.from_bytes(bodies[number % len(bodies)]),) for number in range(panes)], plan)
    return time.process_time() - begun


@click.command()
@click.option("--quick", is_flag=True, help="Small, to see that it runs.")
@click.option("--postgresql", metavar="URL", help="Measure commits there too; an empty database.")
def main(quick: bool, postgresql: str | None) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(dir=".") as folder:  # where a disk is; /tmp may be memory
        rows = commit_rows(Path(folder), None, "SQLite", quick)
        if postgresql:
            rows += commit_rows(Path(folder), postgresql, "PostgreSQL", quick)
        rows += window_rows(Path(folder), quick)
    print(markdown(HEADER, rows))
    print("", *describe({}), sep="\n")


if __name__ == "__main__":
    main()
