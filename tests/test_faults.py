"""Faults around a real exporter under load: an error that says what to do, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import postgres_server
import pytest
import requests
from conftest import THREE_LINES
from sqlalchemy import create_engine, func, select
from tables import day, inputs

from wolfpack.cli import servers
from wolfpack.client import Client, ServiceError
from wolfpack.exporter import server
from wolfpack.exporter.channel import CONNECTIONS
from wolfpack.exporter.databases import WAIT_SECONDS
from wolfpack.exporter.schema import parts
from wolfpack.stats import Profile, profile

ROUNDS = int(os.environ.get("WOLFPACK_ROUNDS", "10"))
STARTS = max(2, ROUNDS // 5)
"""Rounds of what starts a server anew, which takes seconds."""
MODEL = {"project": "travel", "model": "arrival-delay"}
FOUND = profile(inputs(day(61)))
BODY = FOUND.to_bytes()
soak = pytest.mark.soak


@pytest.fixture(scope="module")
def specs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("specs")
    (folder / "m.yml").write_text(THREE_LINES)
    return folder


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory, specs):
    """A real exporter on SQLite: its address, its process and its ledger."""
    folder = tmp_path_factory.mktemp("faults")
    with servers.exporter_process(folder, specs) as (url, process):
        yield url, process, folder / "ledger.db"


def yesterday() -> str:
    return (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


def post(url: str, part: str) -> requests.Response:
    params = MODEL | {"at": yesterday(), "part": part}
    return requests.post(f"{url}/api/v1/profiles", data=BODY, params=params, timeout=60)


def kept(url: str) -> dict[str, int]:
    """Return how often each part is in the ledger, each of them whole."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.execute(select(parts.c.part, func.count()).group_by(parts.c.part)).all()
        bodies = set(connection.execute(select(parts.c.data)).scalars())
    engine.dispose()
    assert all(Profile.from_bytes(body) == FOUND for body in bodies)
    return {part: int(count) for part, count in found}


class Load:
    """Clients that send part after part until they are stopped, or until the exporter is away for too long."""

    def __init__(self, url: str, name: str, clients: int = 4, retry_for: float = 0) -> None:
        self.acknowledged: list[str] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(url, f"{name}-{number}", retry_for))
            for number in range(clients)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=90)

    def until(self, count: int) -> None:
        """Wait until so many parts are acknowledged."""
        end = time.monotonic() + 60
        while len(self.acknowledged) < count:
            assert time.monotonic() < end, f"only {len(self.acknowledged)} of {count} were taken"
            time.sleep(0.005)

    def _send(self, url: str, name: str, retry_for: float) -> None:
        client = Client(url, retry_for=retry_for, **MODEL)
        number = 0
        while not self._stop.is_set():
            part, number = f"{name}-{number}", number + 1
            try:
                client.send_profile(FOUND, at=yesterday(), part=part)
            except ServiceError:
                return
            self.acknowledged.append(part)


def there_once(found: dict[str, int], acknowledged: list[str]) -> bool:
    return set(acknowledged) <= set(found) and set(found.values()) <= {1}


# --- the ledger's place


@contextmanager
def limited(pid: int, size: int) -> Iterator[None]:
    """Let a process write no file beyond a size, as if the disk ended there."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@soak
def test_a_full_disk_is_told_and_nothing_acknowledged_is_lost(sqlite) -> None:
    url, process, ledger = sqlite
    taken: list[str] = []
    for number in range(ROUNDS):
        wal = ledger.with_name("ledger.db-wal")
        with limited(process.pid, max(wal.stat().st_size, ledger.stat().st_size) + 50_000 * (number % 3)):
            for count in range(1000):
                answer = post(url, f"full-{number}-{count}")
                if answer.status_code != 200:
                    break
                taken.append(f"full-{number}-{count}")
        after = post(url, f"after-{number}")

        assert answer.status_code == 503
        assert "there is no room where the ledger is; free some or raise the limit" in answer.json()["detail"]
        assert answer.headers["Retry-After"]
        assert after.status_code == 200, after.text
        taken.append(f"after-{number}")

    assert there_once(kept(f"sqlite:///{ledger}"), taken)


@soak
def test_a_ledger_that_another_process_holds_too_long_is_told(sqlite) -> None:
    url, _, ledger = sqlite
    with sqlite3.connect(ledger, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        answer = post(url, "locked")
        waited = time.monotonic() - begun
        page = requests.get(f"{url}/metrics", timeout=5)
        other.execute("ROLLBACK")

    assert answer.status_code == 503
    assert f"another process held it for over {WAIT_SECONDS} s; end that one" in answer.json()["detail"]
    assert waited >= WAIT_SECONDS - 1
    assert page.status_code == 200
    assert post(url, "unlocked").status_code == 200
    assert kept(f"sqlite:///{ledger}").keys() & {"locked", "unlocked"} == {"unlocked"}


@soak
@pytest.mark.needs("postgres")
def test_a_restart_of_postgresql_loses_nothing_and_needs_none_of_the_exporter(tmp_path, specs) -> None:
    with postgres_server.postgres_server() as database:
        ledger = database.database()
        with (
            servers.exporter(tmp_path, specs, "--ledger", ledger) as url,
            Load(url, "load", clients=2, retry_for=60) as load,
        ):
            for number in range(STARTS):
                load.until(len(load.acknowledged) + 5)
                database.stop(signal.SIGQUIT if number % 2 else signal.SIGINT)
                if number == 0:
                    told = post(url, "down")
                database.start()
            load.until(len(load.acknowledged) + 5)
        found = kept(ledger)

    assert told.status_code == 503
    assert "see whether it runs" in told.json()["detail"] or "refused" in told.json()["detail"]
    assert there_once(found, load.acknowledged)


# --- the end of the process


def rounds_of_ends(
    folder: Path, specs: Path, ledger: str, how: signal.Signals, rounds: int
) -> tuple[list[str], list[int | None]]:
    """End an exporter under load, again and again on the same ledger; return what was acknowledged, and exit codes."""
    acknowledged: list[str] = []
    codes: list[int | None] = []
    for number in range(rounds):
        with servers.exporter_process(folder, specs, "--ledger", ledger) as (url, process):
            with Load(url, f"round-{number}") as load:
                load.until(3 + 5 * (number % 4))
                process.send_signal(how)
                codes.append(process.wait(timeout=20))
            acknowledged += load.acknowledged
    return acknowledged, codes


@soak
def test_after_sigterm_under_load_what_was_acknowledged_is_there_once(tmp_path, specs) -> None:
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    acknowledged, codes = rounds_of_ends(tmp_path, specs, ledger, signal.SIGTERM, STARTS)

    assert set(codes) == {0}
    assert there_once(kept(ledger), acknowledged)


@soak
@pytest.mark.needs("postgres")
def test_after_kill_9_on_postgresql_what_was_acknowledged_is_there_once(tmp_path, specs, postgres) -> None:
    ledger = postgres.database()
    acknowledged, _ = rounds_of_ends(tmp_path, specs, ledger, signal.SIGKILL, STARTS)

    assert there_once(kept(ledger), acknowledged)


# --- clients


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


HEAD = b"POST /api/v1/profiles HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


@soak
def test_500_connections_that_say_little_or_vanish_keep_nobody_else_waiting(sqlite) -> None:
    url, _, ledger = sqlite
    slow = [connected(url) for _ in range(500)]
    try:
        for number, one in enumerate(slow):
            one.sendall(HEAD[: 1 + number % len(HEAD)])
        for number in range(ROUNDS):
            for one in slow[:100]:
                one.sendall(b"x" if number else b"")
            gone = connected(url)
            gone.sendall(HEAD + b"half a body")
            gone.close()
            begun = time.monotonic()
            answer = post(url, f"beside-{number}")
            page = requests.get(f"{url}/metrics", timeout=5)
            took = time.monotonic() - begun

            assert (answer.status_code, page.status_code) == (200, 200)
            assert took < 5
    finally:
        for one in slow:
            one.close()

    assert CONNECTIONS > 500
    assert all(kept(f"sqlite:///{ledger}")[f"beside-{number}"] == 1 for number in range(ROUNDS))


@soak
def test_a_client_that_vanishes_before_its_answer_has_sent_a_part_or_none(sqlite) -> None:
    url, _, ledger = sqlite
    for number in range(ROUNDS):
        target = f"/api/v1/profiles?project=travel&model=arrival-delay&at={yesterday()}&part=gone-{number}"
        head = f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
        with connected(url) as gone:
            gone.sendall(head + BODY)
    until = time.monotonic() + 30
    while post(url, "last").status_code != 200:
        assert time.monotonic() < until
    found = kept(f"sqlite:///{ledger}")

    assert {found.get(f"gone-{number}", 1) for number in range(ROUNDS)} == {1}


def test_a_request_that_does_not_come_whole_in_time_is_closed_though_it_sends_on(
    exporter, monkeypatch
) -> None:
    """A byte now and then is no sign of life; a connection that sends whole requests stays."""
    its = server.make_server(exporter.http.application, "127.0.0.1", 0, patience=1)
    thread = threading.Thread(target=its.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.port_of(its, 0)}"
    session = requests.Session()
    with connected(url) as slow:
        slow.sendall(HEAD)
        ended = _ended(slow, lambda: session.get(f"{url}/-/healthy", timeout=5).status_code)
    its.close()
    thread.join(timeout=10)

    assert 0.9 < ended < 8


def _ended(slow: socket.socket, meanwhile: Callable[[], int]) -> float:
    """Send a byte now and then until the other side ends the connection; return after how many seconds."""
    begun = time.monotonic()
    slow.settimeout(0.1)
    while time.monotonic() - begun < 20:
        assert meanwhile() == 200
        try:
            slow.sendall(b"x")
            if slow.recv(100) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begun
