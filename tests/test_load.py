"""More than the exporter can take at once: some is turned away, what was let in is done, and scrapes are answered."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from conftest import THREE_LINES
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, func, select
from tables import day, inputs

from wolfpack.cli import servers
from wolfpack.client import Client
from wolfpack.exporter.pool import BYTES, WRITES, Busy, Places, Turns
from wolfpack.exporter.schema import parts
from wolfpack.stats import profile

BODY = profile(inputs(day(61))).to_bytes()
MODEL = {"project": "travel", "model": "arrival-delay"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("load")
    (folder / "specs").mkdir()
    (folder / "specs" / "m.yml").write_text(THREE_LINES)
    with servers.exporter(folder, folder / "specs") as url:
        yield url, folder / "ledger.db"


def yesterday() -> str:
    return (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


def post(url: str, part: str) -> requests.Response:
    params = MODEL | {"at": yesterday(), "part": part}
    return requests.post(f"{url}/api/v1/profiles", data=BODY, params=params, timeout=30)


def scraped(url: str, name: str, **labels: str) -> float:
    page = requests.get(f"{url}/metrics", timeout=5).text
    found = (one for family in text_string_to_metric_families(page) for one in family.samples)
    return sum(one.value for one in found if one.name == name and labels.items() <= one.labels.items())


def kept(ledger) -> dict[str, int]:
    """Return how often each part is in the ledger."""
    engine = create_engine(f"sqlite:///{ledger}")
    with engine.connect() as connection:
        found = dict(connection.execute(select(parts.c.part, func.count()).group_by(parts.c.part)).all())
    engine.dispose()
    return found


def test_while_writes_wait_others_are_turned_away_and_the_page_is_served(served) -> None:
    """Another process holds the ledger, so that nothing that was let in can end."""
    url, ledger = served
    with sqlite3.connect(ledger, isolation_level=None) as other, ThreadPoolExecutor(WRITES + 40) as clients:
        other.execute("BEGIN IMMEDIATE")
        answers = [clients.submit(post, url, str(number)) for number in range(WRITES + 40)]
        until = time.monotonic() + 20
        while sum(answer.done() for answer in answers) < 40:
            assert time.monotonic() < until, "nothing is turned away"
            time.sleep(0.02)
        begun = time.monotonic()
        waiting = scraped(url, "wolfpack_ingest_queue_length")
        healthy = requests.get(f"{url}/-/healthy", timeout=5).status_code
        took = time.monotonic() - begun
        other.execute("ROLLBACK")
        found = [answer.result() for answer in answers]
    refused = [answer for answer in found if answer.status_code == 429]
    taken = {str(number) for number, answer in enumerate(found) if answer.status_code == 200}

    assert (waiting, healthy, took < 3) == (WRITES, 200, True)
    assert len(refused) == 40
    assert all(
        answer.headers["Retry-After"] == "1" and answer.json()["where"] == "pool" for answer in refused
    )
    assert kept(ledger) == dict.fromkeys(taken, 1)
    assert len(taken) == WRITES
    assert scraped(url, "wolfpack_ingest_duration_seconds_count", outcome="busy") == 40
    assert scraped(url, "wolfpack_ingest_queue_length") == 0


def test_the_client_gets_through_though_it_is_turned_away(served) -> None:
    """Twice as many clients as there are places: every part is there once, and none of them sees an error."""
    url, ledger = served
    found = profile(inputs(day(61)))

    def send(number: int) -> None:
        client = Client(url, retry_for=60, **MODEL)
        client.send_profile(found, at=yesterday(), part=f"client-{number}")

    with ThreadPoolExecutor(2 * WRITES) as clients:
        list(clients.map(send, range(2 * WRITES)))

    assert {part: times for part, times in kept(ledger).items() if part.startswith("client")} == {
        f"client-{number}": 1 for number in range(2 * WRITES)
    }
    assert scraped(url, "wolfpack_ingest_duration_seconds_count", outcome="failed") == 0


def test_places_are_bounded_by_number_and_bytes_and_come_back() -> None:
    places = Places(2, 100, "writes")
    places.enter(90)
    with pytest.raises(Busy, match="writes of 100 bytes"):
        places.enter(20)
    places.enter(10)
    with pytest.raises(Busy, match="2 writes"):
        places.enter(0)
    places.leave(90)
    places.leave(10)
    places.enter(BYTES)  # alone, anything that a body may be

    assert places.taken == 1


def test_turns_are_given_in_the_order_of_asking() -> None:
    turns, order = Turns(1), []
    turns.take()

    def work(number: int) -> None:
        turns.take()
        order.append(number)
        turns.give()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(turns._waiting) <= number:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join(timeout=10)

    assert order == list(range(20))
