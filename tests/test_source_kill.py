"""Sources of a real exporter that is killed while it reads: every line and every file is there once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, func, select
from tables import day

from wolfpack.cli import servers
from wolfpack.client.prediction_log import Call
from wolfpack.exporter.schema import parts
from wolfpack.stats import Profile

ROUNDS = int(os.environ.get("WOLFPACK_ROUNDS", "2"))
SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
every: 1m
window: 2m
sources:
  calls: {{kind: log, path: {folder}/calls.ndjson}}
  tables: {{kind: folder, path: "{folder}/%Y-%m-%d/*.parquet", roles: [input]}}
"""


class Writer(threading.Thread):
    """Writes calls, each with a number of its own as its input, and rotates its log now and then."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__()
        self.path, self.random = path, random.Random(seed)
        self.stop = threading.Event()
        self.written = 0
        self.rotations = 0

    def run(self) -> None:
        out = self.path.open("ab")
        while not self.stop.wait(0.002):
            for _ in range(self.random.randint(1, 20)):
                self.written += 1
                inputs = {"delay": float(self.written)}
                call = Call(datetime.now(UTC), str(self.written), "arrival-delay", "1", inputs, None)
                data = call.line()
                at = self.random.randint(0, len(data))
                out.write(data[:at])
                out.flush()
                out.write(data[at:])
            out.flush()
            if self.random.random() < 0.02:
                out.close()
                self.rotations += 1
                self.path.rename(self.path.with_name(f"calls.ndjson.{self.rotations}"))
                out = self.path.open("ab")
        out.close()


@pytest.fixture
def specs(tmp_path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "m.yml").write_text(SPEC.format(folder=tmp_path))
    return tmp_path / "specs"


def scraped(url: str, name: str, source: str) -> float:
    page = requests.get(f"{url}/metrics", timeout=5).text
    samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
    return next(one.value for one in samples if one.name == name and one.labels.get("source") == source)


def caught_up(url: str, source: str, since: float) -> None:
    """Wait until all that was there at a time has been taken."""
    until = time.monotonic() + 60
    while time.time() - scraped(url, "wolfpack_source_lag_seconds", source) <= since:
        assert time.monotonic() < until, "the source does not catch up"
        time.sleep(0.05)


def taken(folder: Path, source: str) -> tuple[int, float]:
    """Return rows and the sum of delay over the parts that count."""
    engine = create_engine(f"sqlite:///{folder / 'ledger.db'}")
    newest = select(func.max(parts.c.id)).where(parts.c.job == source).group_by(
        parts.c.version, parts.c.role, parts.c.start, parts.c.part
    )  # fmt: skip
    with engine.connect() as connection:
        bodies = connection.execute(select(parts.c.data).where(parts.c.id.in_(newest))).scalars().all()
    engine.dispose()
    found = [Profile.from_bytes(data) for data in bodies]
    total = sum(one["delay"].count * one["delay"].mean for one in found if one.rows)
    return sum(one.rows for one in found), total


@pytest.mark.soak
@pytest.mark.parametrize("number", range(ROUNDS))
def test_every_line_is_there_once_after_kills_under_rotation(tmp_path, specs, number) -> None:
    writer = Writer(tmp_path / "calls.ndjson", number)
    writer.start()
    chance = random.Random(number)
    for _ in range(2):
        with servers.exporter_process(tmp_path, specs) as (_, process):
            time.sleep(chance.uniform(0.2, 2.0))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
    writer.stop.set()
    writer.join()
    with servers.exporter(tmp_path, specs) as url:
        caught_up(url, "calls", time.time())
        refused = scraped(url, "wolfpack_source_refused_total", "calls")
    numbers = writer.written * (writer.written + 1) / 2

    assert taken(tmp_path, "calls") == (writer.written, pytest.approx(numbers, rel=1e-12))
    assert refused == 0
    assert writer.rotations


def test_a_log_replaced_under_a_running_exporter_loses_no_line(tmp_path, specs) -> None:
    log = tmp_path / "calls.ndjson"

    def lines(*numbers: int) -> bytes:
        now = datetime.now(UTC)
        return b"".join(
            Call(now, str(n), "arrival-delay", "1", {"delay": float(n)}, None).line() for n in numbers
        )

    log.write_bytes(lines(1, 2))
    with servers.exporter(tmp_path, specs) as url:
        caught_up(url, "calls", time.time())
        with log.open("ab") as old:
            (tmp_path / "next").write_bytes(lines(10))
            (tmp_path / "next").rename(log)
            old.write(lines(3))
        caught_up(url, "calls", time.time())

    assert taken(tmp_path, "calls") == (4, 16)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(ROUNDS))
def test_every_file_is_there_once_after_kills(tmp_path, specs, number) -> None:
    chance = random.Random(number)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    folder = tmp_path / yesterday.isoformat()
    folder.mkdir()
    expected = 0.0
    for place in range(30):
        table = day(place)
        expected += sum(table["delay"].to_pylist())
        parquet.write_table(table, folder / f"{place}.parquet")
        os.utime(folder / f"{place}.parquet", (time.time() - 60, time.time() - 60))
    for _ in range(2):
        with servers.exporter_process(tmp_path, specs) as (_, process):
            time.sleep(chance.uniform(0.05, 0.4))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
    with servers.exporter(tmp_path, specs) as url:
        caught_up(url, "tables", time.time())

    assert taken(tmp_path, "tables") == (30 * 200, pytest.approx(expected, rel=1e-9))
