"""What a monitor costs a live service, beside whylogs: `python -m benchmarks.live [--quick] [--no-peers]`.

One table in markdown. The service is on one core with the monitor's thread; a real exporter, on the others, takes its
parts. A call is a function that returns at once, so that what is measured is what was added.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import all_cores, describe, keep_one_core

CORE = keep_one_core() if __name__ == "__main__" else None

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402

from benchmarks.peers import PeerFailed, finish, start  # noqa: E402
from benchmarks.report import HEADER, Row, markdown, reached  # noqa: E402
from benchmarks.tables import make_table, write_table  # noqa: E402
from wolfpack.cli import servers  # noqa: E402
from wolfpack.client import Client  # noqa: E402
from wolfpack.client.live_terms import LiveTerms  # noqa: E402
from wolfpack.client.live_worker import SLICE  # noqa: E402
from wolfpack.client.monitor import Monitor  # noqa: E402
from wolfpack.client.slicing import Slicer  # noqa: E402
from wolfpack.stats import profile  # noqa: E402

SPEC = "version: wolfpack/v1\nproject: p\nmodel: m\nprediction: {column: prediction}\nlive: {}\n"
RATE = 2_000
"""Calls a second."""
Call = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Sizes:
    calls: int
    seconds: int
    rows: int
    peer_rows: int
    memory_calls: int


FULL = Sizes(50_000, 20, 200_000, 2_000, 60_000)
QUICK = Sizes(2_000, 1, 10_000, 100, 2_000)


def bare(inputs: dict[str, Any]) -> float:
    return 0.5


def durations(call: Call, rows: list[dict[str, Any]], count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the seconds of so many calls, one after the other."""
    found = np.empty(count)
    for place in range(count):
        row = rows[place % len(rows)]
        began = time.perf_counter()
        call(row)
        found[place] = time.perf_counter() - began
    return found


def paced(call: Call, rows: list[dict[str, Any]], seconds: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the seconds of calls at `RATE`, each from when it was due; one that starts late waits for nothing."""
    count = RATE * seconds
    found = np.empty(count)
    origin = time.perf_counter()
    for place in range(count):
        due = origin + place / RATE
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        row = rows[place % len(rows)]
        began = time.perf_counter()
        call(row)
        found[place] = time.perf_counter() - began
    return found


@contextmanager
def watched(folder: Path, table: pa.Table) -> Iterator[Call]:
    """Run an exporter with the model's reference, and give a watched function whose parts it takes."""
    (folder / "specs").mkdir()
    (folder / "specs" / "m.yml").write_text(SPEC)
    with all_cores():
        stack = servers.exporter(folder, folder / "specs")
        url = stack.__enter__()
    try:
        Client(url, project="p", model="m").send_reference(profile(table))
        monitor = Monitor(url, project="p", model="m", flush=2.0)
        yield monitor.watch(bare)
        monitor.close()
        assert not monitor.dropped
    finally:
        stack.__exit__(None, None, None)


def rows_a_second(table: pa.Table, rows: list[dict[str, Any]], count: int) -> float:
    """Return how many rows a second of the thread's processor time become slices."""
    terms = LiveTerms(plan=profile(table).plan)
    slicer, now = Slicer(), time.time()
    calls: list[Any] = [
        (now, 0.001, "bare", False, rows[place % len(rows)], 0.5, "", None, None) for place in range(SLICE)
    ]
    slicer.take(calls, terms)
    began = time.thread_time()
    for _ in range(count // SLICE):
        slicer.take(calls, terms)
    return count // SLICE * SLICE / (time.thread_time() - began)


def memory(calls: int) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.live_memory", str(calls)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def limit(what: str, value: float, peer: float | None, least: float, aim: float, more: bool = False) -> Row:
    """Return a row of microseconds; of rows a second if more is better."""
    unit = "rows/s" if more else "µs"
    given = "-" if peer is None else f"{peer:.0f} {unit}"
    ratio = "-" if peer is None else f"{peer / value:.0f}"
    return (
        what, f"{value:,.0f} {unit}" if more else f"{value:.1f} {unit}", given, ratio, f"{least:,g} {unit}",
        f"{aim:,g} {unit}", reached(value, least, aim, more),
    )  # fmt: skip


def table_rows(sizes: Sizes, peer: dict[str, Any] | None) -> list[Row]:
    """Return the rows of the table."""
    table = make_table(20_000, 1)
    rows = table.slice(0, 2_000).to_pylist()
    micro = 1e6
    with tempfile.TemporaryDirectory() as name, watched(Path(name), table) as call:
        durations(call, rows, 200)
        plain, ours = (durations(one, rows, sizes.calls) for one in (bare, call))
        added = (np.median(ours) - np.median(plain)) * micro
        time.sleep(3 if sizes is FULL else 0)
        calm, busy = (paced(one, rows, sizes.seconds) for one in (bare, call))
        tails = [(np.quantile(busy, q) - np.quantile(calm, q)) * micro for q in (0.99, 0.999)]
    before, imported, most = memory(sizes.memory_calls)
    tracked = peer["track"] * micro if peer else None
    logged = peer["log"] * micro if peer else None
    return [
        limit("a call with 20 inputs, added: median; whylogs track", float(added), tracked, 15, 5),
        limit("a call with 20 inputs, added: median; whylogs log", float(added), logged, 15, 5),
        limit(f"p99 added at {RATE:,} calls/s on one core", float(tails[0]), None, 300, 100),
        limit(f"p99.9 added at {RATE:,} calls/s on one core", float(tails[1]), None, 2_000, 500),
        limit("rows profiled by the thread", rows_a_second(table, rows, sizes.rows), None, 150_000, 400_000, True),
        ("memory of monitor and full buffer", f"{most - imported:.0f} MB", "-", "-", "100 MB", "40 MB",
         reached(most - imported, 100, 40)),
        ("memory of what it imports", f"{imported - before:.0f} MB", "-", "-", "-", "-", "-"),
    ]  # fmt: skip


@click.command()
@click.option("--quick", is_flag=True, help="Small, to see that it runs.")
@click.option("--no-peers", is_flag=True, help="Without whylogs.")
def main(quick: bool, no_peers: bool) -> None:
    """Print the table."""
    sizes = QUICK if quick else FULL
    peer, said = None, {}
    if not no_peers:
        with tempfile.TemporaryDirectory() as name:
            path = write_table(Path(name) / "rows.parquet", make_table(sizes.peer_rows, 2))
            try:
                peer = finish("whylogs", start("whylogs", "live_peer", str(path), str(sizes.peer_rows)))
                said = {"whylogs": peer["versions"]}
            except PeerFailed as error:
                said = {"whylogs": str(error)}
    print(markdown(HEADER, table_rows(sizes, peer)))
    print()
    for line in describe(said):
        print(line)


if __name__ == "__main__":
    main()
