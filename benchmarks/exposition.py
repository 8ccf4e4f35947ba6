"""How long a scrape of 200,000 series takes, beside prometheus_client: `python -m benchmarks.exposition`.

One table in markdown, on one core. Ours is a whole request through the WSGI application, over all that the exporter
shows; the peer's `generate_latest` is given metrics that are ready, and compresses as its own WSGI application does.
Before the times are taken the two pages are compared, byte for byte.
"""

from __future__ import annotations

import gzip
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import describe, keep_one_core

CORE = keep_one_core() if __name__ == "__main__" else None

from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402
from werkzeug.test import EnvironBuilder  # noqa: E402

from benchmarks.report import CLOCK, HEADER, Row, Times, faster_row, markdown, measure  # noqa: E402
from wolfpack.exporter import Service, create_app, open_service  # noqa: E402
from wolfpack.exporter.collectors import ModelCollector  # noqa: E402
from wolfpack.exporter.history import Shown  # noqa: E402
from wolfpack.exporter.sample import Key  # noqa: E402
from wolfpack.exporter.server import make_server, port_of  # noqa: E402
from wolfpack.spec import FAMILIES, Budget, names  # noqa: E402

FAMILIES_SHOWN = [one for one in FAMILIES.values() if one.labels in (names.COLUMN, names.DRIFT)]
SPEC = "version: wolfpack/v1\nproject: {project}\nmodel: {model}\n"
PROJECTS = 10


@dataclass(frozen=True)
class Sizes:
    models: int
    series: int
    repeats: int
    peer_repeats: int


FULL = Sizes(100, 2000, 25, 5)
QUICK = Sizes(10, 200, 2, 1)


class Ready(Collector):
    """Metrics that are there already: nothing of the peer's time is spent on making them."""

    def __init__(self, metrics: list[Any]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Any]:
        return self._metrics


class Bench:
    """An exporter that shows so many series, and the library's registry of the same ones."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.sizes = sizes
        for number in range(sizes.models):
            text = SPEC.format(project=f"project-{number % PROJECTS}", model=f"model-{number:03}")
            (folder / f"{number:03}.yml").write_text(text)
        self.service = open_service(
            [folder], f"sqlite:///{folder / 'ledger.db'}", replay=True, budget=Budget(1_000_000)
        )
        self.service.set_clock(1_700_000_000.0)
        self.models = [known.id for known in self.service.registry.all()]
        for place, known in enumerate(self.service.registry.all()):
            show(self.service, known.id, series(known.spec.project, known.spec.model, sizes.series, place))
        self.app = create_app(self.service)
        self.registry = CollectorRegistry()
        self.registry.register(Ready(list(ModelCollector(self.service.shelf).collect())))
        self.changes = count(1)

    @property
    def shown(self) -> int:
        return sum(one.shown for one in self.service.shelf.counts().values())

    def scrape(self, encoding: str) -> list[bytes]:
        """Return the pieces of the answer to one request, as a server gets them to write."""
        builder = EnvironBuilder(path="/metrics", headers={"Accept-Encoding": encoding})
        status: list[str] = []
        answer = self.app(builder.get_environ(), lambda code, *_: status.append(code))
        pieces = list(answer)
        assert status == ["200 OK"], status
        return pieces

    def changed(self, encoding: str) -> list[bytes]:
        """Give one model other values, all of them, and return what the next request gets."""
        number = next(self.changes)
        model = self.models[number % len(self.models)]
        before = self.service.shelf.shown(model)
        show(
            self.service,
            model,
            {key: Shown(one.value + number, one.window_end) for key, one in before.items()},
        )
        return self.scrape(encoding)

    def library(self, encoding: str) -> bytes:
        """Return what prometheus_client makes of the same series."""
        body = generate_latest(self.registry)
        return gzip.compress(body) if encoding == "gzip" else body

    def check(self) -> None:
        """Raise unless ours begins with exactly what the library makes; what follows is of the service itself."""
        expected = self.library("identity")
        for encoding, body in (("identity", bytes), ("gzip", gzip.decompress)):
            ours = body(b"".join(self.scrape(encoding)))
            assert ours.startswith(expected), f"{encoding}: the pages differ"
            assert b"\nwolfpack_build_info" in ours[len(expected) - 1 :]


def series(project: str, model: str, number: int, seed: int) -> dict[Key, Shown]:
    """Return so many series of a model, with values of full length as real ones have."""
    found: dict[Key, Shown] = {}
    for place in range(number):
        family = FAMILIES_SHOWN[place % len(FAMILIES_SHOWN)]
        labels = {"project": project, "model": model, "role": "input", "baseline": "reference"}
        labels["column"] = f"feature_{place // len(FAMILIES_SHOWN):03}"
        key = family.name, tuple(labels.get(name, "") for name in family.labels)
        found[key] = Shown(((place + 1) * 0.6180339887 + seed * 0.7548776662) % 1, 1_700_000_000)
    return found


def show(service: Service, model: int, shown: dict[Key, Shown]) -> None:
    """Show these series of a model, as the engine does once they are stored."""
    service.shelf.make(service.shelf.draft(model, {"input": shown}))


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Serve an application as `wolfpack serve` does, in a thread; yield the port."""
    server = make_server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield port_of(server, 0)
    server.close()


def fetch(port: int, encoding: str) -> int:
    """Return the length of the answer to one scrape over a connection of its own."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Accept-Encoding: " + encoding.encode() + b"\r\n\r\n"
        )
        length = 0
        while piece := connection.recv(1 << 20):
            length += len(piece)
        return length


def rows(bench: Bench, peers: bool) -> Iterator[Row]:
    sizes, size = bench.sizes, f"{bench.shown:,} series"
    their: dict[str, Times | None] = dict.fromkeys(("identity", "gzip"))
    for encoding in their if peers else ():
        their[encoding] = measure(partial(bench.library, encoding), sizes.peer_repeats)
    for encoding, peer in their.items():
        what = f"{size}, unchanged, {encoding}; `generate_latest`" + (
            " and gzip" if encoding == "gzip" else ""
        )
        ours = measure(partial(bench.scrape, encoding), sizes.repeats)
        body = bytearray(b"".join(bench.scrape(encoding)))
        copy = measure(lambda body=body: bytes(body), sizes.repeats)
        aim = peer.middle / copy.middle if peer else 1.0
        row = faster_row(what, ours, peer, 100, aim)
        yield (*row[:5], f"{copy}, a copy of the {len(body) / 1e6:.1f} MB", row[6])
    for encoding, peer in their.items():
        ours = measure(partial(bench.changed, encoding), sizes.repeats)
        yield faster_row(
            f"{size}, one model of {len(bench.models)} changed, {encoding}; the same", ours, peer, 20, 60
        )
    with serving(bench.app) as port:
        for encoding in their:
            ours = measure(partial(fetch, port, encoding), sizes.repeats)
            what = f"{size}, unchanged, {encoding}, over HTTP from `wolfpack serve`'s server on the same core"
            yield (what, str(ours), "-", "-", "stated", "-", "-")


@click.command()
@click.option(
    "--quick", is_flag=True, help="2,000 series and two runs: shows that it runs, measures nothing."
)
@click.option("--no-peers", is_flag=True, help="Ours alone.")
@click.option("--clock", type=click.Choice(["wall", "cpu"]), default="wall", help="cpu: for a busy machine.")
def main(quick: bool, no_peers: bool, clock: str) -> None:
    """Print one table of times."""
    os.environ[CLOCK] = clock
    sizes = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), sizes)
        bench.check()
        print(markdown(HEADER, list(rows(bench, not no_peers))))
        bench.service.close()
    told = f"{sizes.repeats} runs of ours, {sizes.peer_repeats} of the peer, core {CORE}, {clock} clock"
    library = {"prometheus-client": version("prometheus-client")}
    print("\n" + "\n".join(f"- {line}" for line in (*describe(library), told)))


if __name__ == "__main__":
    main()
