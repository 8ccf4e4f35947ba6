"""How long profiles and scores take, beside the peers and the floor: `python -m benchmarks.profile`.

One table in markdown, of 1,000,000 rows and 20 columns; on one core unless said. A cell has the median of several
runs and the fastest; a ratio is one of medians.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.machine import all_cores, describe, keep_one_core

CORE = keep_one_core() if __name__ == "__main__" else None

from benchmarks import peers  # noqa: E402 - numpy and pyarrow count the cores when they are imported
from benchmarks.floor import measure_floor  # noqa: E402
from benchmarks.report import (  # noqa: E402
    CLOCK,
    HEADER,
    Row,
    Times,
    faster_row,
    limit_row,
    markdown,
    measure,
    reached,
)
from benchmarks.tables import SEGMENT, dictionaries, make_table, write_table  # noqa: E402
from wolfpack import client, stats  # noqa: E402
from wolfpack.stats import Profile  # noqa: E402

SEED = 1


@dataclass(frozen=True)
class Sizes:
    """How much of everything there is."""

    rows: int
    repeats: int
    peer_repeats: int
    streamed: int
    parts: int
    part_rows: int
    spark_rows: int


FULL = Sizes(1_000_000, 9, 3, 20, 1000, 1000, 2_000_000)
QUICK = Sizes(20_000, 1, 1, 4, 20, 100, 20_000)


class Bench:
    """The tables of one run in a temporary folder, and what of them several rows need."""

    def __init__(self, folder: Path, sizes: Sizes, with_peers: bool) -> None:
        self.folder, self.sizes, self.with_peers = folder, sizes, with_peers
        self.notes: dict[str, str] = {}
        self.table = make_table(sizes.rows, SEED)
        self.coded = dictionaries(self.table)
        self.first = write_table(folder / "first.parquet", self.table)
        self.second = write_table(folder / "second.parquet", make_table(sizes.rows, SEED + 1, shift=0.1))
        self.known = stats.profile(self.table)
        self.known_file = folder / "known.profile"
        self.known_file.write_bytes(self.known.to_bytes())

    def time(self, run: Callable[[], object]) -> Times:
        return measure(run, self.sizes.repeats)

    def peer(self, name: str, *files: Path) -> Times | None:
        """Return the times of a peer on these files; None, with a note why, if it cannot be run."""
        if not self.with_peers:
            return None
        arguments = [str(self.sizes.peer_repeats), *map(str, files)]
        try:
            found = peers.finish(name, peers.start(name, "peer_speed", name, *arguments))
        except peers.PeerFailed as error:
            self.notes[name] = str(error)
            return None
        self.notes[name] = found["versions"]
        return Times(tuple(found["seconds"]))

    def child(self, module: str, *arguments: object) -> Any:
        """Return what a module of this folder prints as JSON on its last line, run by itself."""
        command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=peers.ROOT, check=True)
        return json.loads(done.stdout.splitlines()[-1])


def profile_rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows against whylogs: on a plan, as a daily job counts, and the first time, freezing one."""
    whylogs = bench.peer("whylogs", bench.first)
    inputs: list[tuple[str, Any, float, float]] = [
        ("Parquet to profile", bench.first, 55, 130),
        ("Arrow in memory to profile", bench.table, 75, 155),
        ("Arrow in memory, words as dictionaries, to profile", bench.coded, 75, 155),
    ]
    for what, source, least, aim in inputs:
        ours = bench.time(partial(client.profile, source, baseline=bench.known))
        yield faster_row(f"{what}; whylogs: `log` of a loaded frame", ours, whylogs, least, aim)
    frozen = bench.time(partial(client.profile, bench.first))
    what = "Parquet to profile without a plan, frozen by a first pass; the same"
    yield faster_row(what, frozen, whylogs, 55, 130)


def drift_row(bench: Bench) -> Row:
    def both() -> None:
        reference = client.profile(bench.first)
        stats.compare(reference, client.profile(bench.second, baseline=reference))

    what = "two Parquet files to two profiles to all scores; Evidently: DataDriftPreset on loaded frames"
    return faster_row(what, bench.time(both), bench.peer("evidently", bench.first, bench.second), 110, 200)


def floor_row(bench: Bench) -> Row:
    ours = bench.time(partial(client.profile, bench.coded, baseline=bench.known))
    floor = measure_floor(bench.coded, bench.sizes.repeats)
    ratio = ours.middle / floor.middle
    what = (
        "time over the floor: Arrow, words as dictionaries; numpy sort of the numbers and one pass over all"
    )
    return (what, str(ours), str(floor), f"{ratio:.2f}", "2.2", "1.4", reached(ratio, 2.2, 1.4))


def memory_row(bench: Bench) -> Row:
    """Return the row on peaks of processes that only read, and that profile, at a tenth of the rows and at all."""
    extra: list[float] = []
    rows = 0
    for times in (bench.sizes.streamed // 10 or 1, bench.sizes.streamed):
        path = write_table(bench.folder / "long.parquet", bench.table, times)
        peaks = {"read": [0.0], "profile": [0.0]}
        for what, found in peaks.items():
            runs = [
                bench.child("memory", what, path, bench.known_file) for _ in range(bench.sizes.peer_repeats)
            ]
            found[0], rows = median(run[0] for run in runs), runs[0][1]
        extra.append(peaks["profile"][0] - peaks["read"][0])
        path.unlink()
    what = f"{rows:,} rows streamed from Parquet: memory above what reading alone takes"
    ours = f"{extra[1]:.0f} MB ({extra[0]:.0f} MB at a tenth of the rows); reading {peaks['read'][0]:.0f} MB"
    return (what, ours, "-", "-", "75 MB, flat in rows", "16 MB", reached(extra[1], 75, 16))


def segments_row(bench: Bench) -> Row:
    plan = stats.freeze(bench.table, by=[SEGMENT])
    ours = bench.time(lambda: stats.profile(bench.table, plan=plan))
    return limit_row(f"{len(plan.segments[SEGMENT])} segments on {bench.sizes.rows:,} rows", ours, 0.45, 0.27)


def merge_row(bench: Bench) -> Row:
    whole = make_table(bench.sizes.parts * bench.sizes.part_rows, SEED + 2, copies=5)
    plan, size = stats.freeze(whole.slice(0, 100_000)), bench.sizes.part_rows
    parts = [stats.profile(whole.slice(n * size, size), plan=plan) for n in range(bench.sizes.parts)]
    what = f"{len(parts):,} profiles of {whole.num_columns} columns merged"
    return limit_row(what, bench.time(lambda: stats.merge_all(parts)), 2.0, 0.5)


def bytes_rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows on a profile's bytes: their number, the time to write them and to read them."""
    table = make_table(bench.sizes.rows // 5, SEED + 3, copies=5)
    found = stats.profile(table, by=[f"{SEGMENT}_0"])
    data = found.to_bytes()
    what = f"{len(found.columns)} columns and {len(found.segments) - 1} segments as bytes"
    size = len(data) / 1e6
    yield (f"{what}: size", f"{size:.2f} MB", "-", "-", "2 MB", "-", "least" if size <= 2 else "no")
    yield limit_row(f"{what}: write", bench.time(found.to_bytes), 0.03, None)
    yield limit_row(f"{what}: read", bench.time(lambda: Profile.from_bytes(data)), 0.03, None)


def spark_row(bench: Bench) -> Row:
    """Return the row on Spark, which runs on both cores; where it cannot run a note says why."""
    rows = bench.sizes.spark_rows
    what = f"PySpark {rows:,} rows warm, local[2], not pinned"
    if not bench.with_peers:
        return (what, "not measured: no other environments", "-", "-", "5 s", "2 s", "-")
    path = write_table(bench.folder / "spark.parquet", bench.table, max(1, rows // bench.sizes.rows))
    arguments = [str(path), str(bench.known_file), str(bench.sizes.peer_repeats)]
    try:
        with all_cores():
            found = peers.finish("spark", peers.start("spark", "spark_speed", *arguments))
    except peers.PeerFailed as error:
        bench.notes["spark"] = str(error)
        return (what, "not measured: see below", "-", "-", "5 s", "2 s", "-")
    bench.notes["spark"] = found["versions"]
    return limit_row(what, Times(tuple(found["seconds"])), 5.0, 2.0)


@click.command()
@click.option("--quick", is_flag=True, help="20,000 rows and one run: shows that it runs, measures nothing.")
@click.option("--no-peers", is_flag=True, help="Ours alone.")
@click.option("--clock", type=click.Choice(["wall", "cpu"]), default="wall", help="cpu: for a busy machine.")
def main(quick: bool, no_peers: bool, clock: str) -> None:
    """Print one table of times, memory and sizes."""
    os.environ[CLOCK] = clock
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), QUICK if quick else FULL, not no_peers)
        rows = [
            *profile_rows(bench),
            drift_row(bench),
            floor_row(bench),
            memory_row(bench),
            segments_row(bench),
            merge_row(bench),
            *bytes_rows(bench),
            spark_row(bench),
        ]
    print(markdown(HEADER, rows))
    told = (
        f"{bench.sizes.rows:,} rows, {bench.sizes.repeats} runs of ours, {bench.sizes.peer_repeats} of a peer"
    )
    print(
        "\n"
        + "\n".join(
            f"- {line}"
            for line in (*describe(bench.notes), f"{told}, core {CORE}, {clock} clock (Spark: wall)")
        )
    )


if __name__ == "__main__":
    main()
