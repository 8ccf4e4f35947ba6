"""How long the evidence pages and the boards take: `python -m benchmarks.pages`.

One table in markdown, on one core. Times of pages are those of a whole request through the WSGI application, in a
service that holds its data in a real ledger. The fleet is asked for as it is found between two changes, and right
after one model changed; its size is what a browser gets, before compression. Boards are made by the command itself,
from its start to its end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from benchmarks.machine import describe, keep_one_core

CORE = keep_one_core() if __name__ == "__main__" else None

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402

from benchmarks.exposition import Bench  # noqa: E402
from benchmarks.exposition import Sizes as Fleet  # noqa: E402
from benchmarks.report import CLOCK, HEADER, Row, limit_row, markdown, measure  # noqa: E402
from wolfpack.exporter import create_app, open_service  # noqa: E402
from wolfpack.stats import profile  # noqa: E402

DAY = 86400
FIRST = 1_672_531_200
"""Midnight at the begin of 2023, UTC."""
SPEC = "version: wolfpack/v1\nproject: bench\nmodel: model\nsegments: {shop: {columns: [c0]}}\n"
BOARD = """\
version: wolfpack/v1
project: bench
model: model-{number:03}
columns: {{fare: {{range: [0, null]}}, seen: {{type: datetime}}}}
prediction: {{column: score}}
label: {{column: late, key: id}}
segments: {{origin: {{}}}}
fairness: [origin]
mean: {{within: 0.1}}
quality: {{roc_auc: {{warning: "< 0.75"}}, brier: {{critical: "> 0.25"}}}}
live: {{}}
jobs: {{nightly: {{schedule: "0 5 * * *"}}}}
scalars: {{rebookings: {{warning: "> 40"}}}}
detect: [{{metric: ml_pane_rows}}]
"""


@dataclass(frozen=True)
class Sizes:
    models: int
    series: int
    panes: int
    columns: int
    specs: int
    repeats: int


FULL = Sizes(models=1000, series=200, panes=400, columns=20, specs=100, repeats=15)
QUICK = Sizes(models=5, series=40, panes=3, columns=2, specs=2, repeats=1)


def fleet_rows(folder: Path, sizes: Sizes) -> Iterator[Row]:
    bench = Bench(folder, Fleet(sizes.models, sizes.series, sizes.repeats, 0))
    page = bench.app.test_client()

    def changed() -> bytes:
        model = bench.models[next(bench.changes) % len(bench.models)]
        bench.service.shelf.make(bench.service.shelf.draft(model, {"input": bench.service.shelf.shown(model)}))
        return page.get("/").data

    size = len(page.get("/").data) / 1000
    what = f"fleet page, {sizes.models:,} models"
    yield limit_row(what, measure(lambda: page.get("/"), sizes.repeats), 0.1, None)
    yield limit_row(f"{what}, one of them changed", measure(changed, sizes.repeats), 0.1, None)
    yield (f"{what}: size", f"{size:,.0f} kB", "-", "-", "300 kB", "-", "least" if size <= 300 else "no")
    bench.service.close()


def table(sizes: Sizes, number: int) -> pa.Table:
    random = np.random.default_rng(number)
    columns = {f"c{place}": random.normal(place, 1, 1000) for place in range(sizes.columns)}
    return pa.table({**columns, "shop": random.choice(["north", "south"], 1000)})


def column_rows(folder: Path, sizes: Sizes) -> Iterator[Row]:
    (folder / "model.yml").write_text(SPEC)
    service = open_service([folder], f"sqlite:///{folder / 'ledger.db'}", replay=True)
    page = create_app(service).test_client()
    service.set_clock(FIRST)
    where = {"project": "bench", "model": "model"}
    found = profile(table(sizes, 0), by=["shop"])
    assert page.put("/api/v1/projects/bench/models/model/reference", data=found.to_bytes()).status_code == 200
    for number in range(sizes.panes):
        service.set_clock(FIRST + (number + 1) * DAY)
        body = profile(table(sizes, number), plan=found.plan).to_bytes()
        at = {"at": str(np.datetime64(FIRST + number * DAY, "s")) + "Z"}
        assert page.post("/api/v1/profiles", query_string=where | at, data=body).status_code == 200
    service.set_clock(FIRST + (sizes.panes + 2) * DAY)
    address = "/models/bench/model"
    for what, path in (
        (f"column page, {sizes.panes} panes", f"{address}/columns/c0"),
        (f"column page, {sizes.panes} panes, one value of a segment", f"{address}/columns/c0?segment=shop&value=north"),
        (f"model page, {sizes.panes} panes, {sizes.columns} columns", address),
    ):
        answer = page.get(path)
        assert answer.status_code == 200, answer.text
        limit = 0.15 if "columns/" in path else None
        times = measure(partial(page.get, path), sizes.repeats)
        row = limit_row(what, times, limit or 0.15, None)
        yield row if limit else (*row[:4], "stated", "-", "-")
        yield (f"{what}: size", f"{len(answer.data) / 1000:,.0f} kB", "-", "-", "stated", "-", "-")
    service.close()


def board_rows(folder: Path, sizes: Sizes) -> Iterator[Row]:
    specs = folder / "specs"
    specs.mkdir()
    for number in range(sizes.specs):
        (specs / f"{number}.yml").write_text(BOARD.format(number=number))
    command = [sys.executable, "-m", "wolfpack.cli", "dashboards", str(specs), "-o", str(folder / "boards")]

    def make() -> None:
        subprocess.run(command, check=True, capture_output=True)

    os.environ[CLOCK] = "wall"  # processor time of a child is not its parent's
    yield limit_row(f"`wolfpack dashboards`, {sizes.specs} specs", measure(make, min(3, sizes.repeats)), 5, None)


@click.command()
@click.option("--quick", is_flag=True, help="A few models and panes: shows that it runs, measures nothing.")
@click.option("--clock", type=click.Choice(["wall", "cpu"]), default="wall", help="cpu: for a busy machine.")
def main(quick: bool, clock: str) -> None:
    """Print one table of times and sizes."""
    os.environ[CLOCK] = clock
    sizes = QUICK if quick else FULL
    rows: list[Row] = []
    for part in (fleet_rows, column_rows, board_rows):
        with tempfile.TemporaryDirectory() as folder:
            rows += part(Path(folder), sizes)
    print(markdown(HEADER, rows))
    told = f"{sizes.repeats} runs, core {CORE}, {clock} clock"
    print("\n" + "\n".join(f"- {line}" for line in (*describe({}), told)))


if __name__ == "__main__":
    main()
