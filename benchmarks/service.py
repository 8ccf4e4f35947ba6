"""What the service takes a second: `python -m benchmarks.service`; one table in markdown.

A real `wolfpack serve` with a durable SQLite ledger; clients and exporter share the machine's cores. Rows and events
are sent by one client, one request after the other; profiles by fifty that each send the next when they have their
answer. An answer that is not 200 is an error.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import click
import numpy as np
import pyarrow as pa

from benchmarks.machine import describe
from benchmarks.report import HEADER, Row, markdown, reached
from wolfpack.cli import servers
from wolfpack.client.job import to_arrow_bytes
from wolfpack.stats import Profile, profile

ARROW, LINES = "application/vnd.apache.arrow.stream", "application/x-ndjson"
MODELS = 10
SPEC = """\
version: wolfpack/v1
project: bench
model: model-{number}
prediction: {{column: score, task: binary}}
label: {{column: late, key: id, matures_after: 1d}}
"""
YESTERDAY = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


class Sender:
    """One client on one connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)

    def send(self, method: str, path: str, body: bytes, kind: str = "", **params: str) -> int:
        """Return the status of the answer."""
        self._connection.request(method, f"{path}?{urlencode(params)}", body, {"Content-Type": kind})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def table(columns: int, rows: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table({f"c{place:03}": random.normal(size=rows) for place in range(columns)})


def post(sender: Sender, kind: str, body: bytes, content: str, part: str, model: int = 0) -> int:
    return sender.send(
        "POST", f"/api/v1/{kind}", body, content,
        project="bench", model=f"model-{model}", at=YESTERDAY, part=part,
    )  # fmt: skip


def register(url: str, found: Profile) -> None:
    for number in range(MODELS):
        path = f"/api/v1/projects/bench/models/model-{number}/reference"
        assert Sender(url).send("PUT", path, found.to_bytes()) == 200


def one_after_another(seconds: float, send: Callable[[int], int], each: int) -> float:
    """Return how many rows a second were taken, of so many in each request."""
    assert send(-1) == 200
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        assert send(count) == 200
        count += 1
    return count * each / (time.perf_counter() - begun)


def closed_loop(url: str, bodies: list[bytes], clients: int, seconds: float) -> tuple[float, float, int]:
    """Return profiles taken a second, the 99th percentile of the answers' times, and how many were errors."""
    times: list[float] = []
    errors = [0] * clients
    until = time.perf_counter() + seconds

    def work(place: int) -> None:
        sender, number = Sender(url), 0
        while time.perf_counter() < until:
            begun = time.perf_counter()
            body = bodies[(place + number) % len(bodies)]
            status = post(sender, "profiles", body, "", f"{place}-{number % 20}", place % MODELS)
            times.append(time.perf_counter() - begun)
            errors[place] += status != 200
            number += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = (len(times) - sum(errors)) / (time.perf_counter() - begun)
    return taken, float(np.quantile(times, 0.99)), sum(errors)


def events(number: int) -> bytes:
    random = np.random.default_rng(number)
    lines = [
        json.dumps({"id": f"{number}-{place}", "score": round(score, 6), "carrier": "UA"})
        for place, score in enumerate(random.random(20_000).tolist())
    ]
    return "\n".join(lines).encode()


def rows(url: str, seconds: float) -> Iterator[Row]:
    sender = Sender(url)
    register(url, profile(table(20, 20_000)))
    batch = to_arrow_bytes(table(20, 100_000, 1))
    speed = one_after_another(seconds, lambda n: post(sender, "batches", batch, ARROW, str(n % 5)), 100_000)
    yield _more("`/batches`, Arrow, 20 columns, 100,000 rows each: rows a second", speed, 250_000, 600_000)
    bodies = [events(number) for number in range(5)]
    speed = one_after_another(
        seconds, lambda n: post(sender, "predictions", bodies[n % 5], LINES, str(n % 5)), 20_000
    )
    yield _more("`/predictions`, NDJSON, 20,000 events each: events a second", speed, 30_000, 100_000)
    register(url, profile(table(100, 5000)))
    plan = profile(table(100, 5000)).plan
    profiles = [profile(table(100, 1000, seed), plan=plan).to_bytes() for seed in range(10)]
    taken, slowest, errors = closed_loop(url, profiles, 50, 2 * seconds)
    name = f"50 clients, profiles of 100 columns, {len(profiles[0]) / 1000:,.0f} kB"
    yield _more(f"{name}: taken a second", taken, 100, 100)
    verdict = reached(slowest, 0.5, 0.2) if not errors else "no"
    yield (f"{name}: 99th percentile", f"{slowest * 1000:.0f} ms", "-", "-", "500 ms", "200 ms", verdict)
    yield (f"{name}: errors", str(errors), "-", "-", "0", "0", "aim" if not errors else "no")


def _more(what: str, value: float, least: float, aim: float) -> Row:
    return (what, f"{value:,.0f}", "-", "-", f"{least:,}", f"{aim:,}", reached(value, least, aim, True))


@click.command()
@click.option("--quick", is_flag=True, help="A second for each line: shows that it runs, measures nothing.")
def main(quick: bool) -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory(dir=".") as place:  # where a disk is; /tmp may be memory
        folder = Path(place).resolve()
        specs = folder / "specs"
        specs.mkdir()
        for number in range(MODELS):
            (specs / f"{number}.yml").write_text(SPEC.format(number=number))
        with servers.exporter(folder, specs) as url:
            print(markdown(HEADER, list(rows(url, 1 if quick else 10))))
    print("\n" + "\n".join(f"- {line}" for line in describe({})))


if __name__ == "__main__":
    main()
