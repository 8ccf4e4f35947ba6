"""While the exporter is away writes are kept in order within a bound; nothing is lost or dropped in silence."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import LOST, Answer, problem, scripted
from sqlalchemy import create_engine, select
from tables import day, inputs, reference

from wolfpack.cli import servers
from wolfpack.cli.main import main
from wolfpack.client import Client, HttpTransport, Outbox, ServiceError, Spool
from wolfpack.client.spool import Request
from wolfpack.exporter.schema import parts
from wolfpack.rules.process import free_port
from wolfpack.stats import profile

NOWHERE = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""
MODEL = {"project": "travel", "model": "arrival-delay"}
ROUNDS = int(os.environ.get("WOLFPACK_ROUNDS", "3"))


def outbox(url: str, folder: Path, limit: int = 10**6) -> Outbox:
    return Outbox(HttpTransport(url, retry_for=0), Spool(folder, limit), patience=5)


def send(box: Outbox, number: int, body: bytes = b"x") -> object:
    return box.send("POST", "/api/v1/profiles", {"number": str(number)}, body, "text/plain")


def numbers(server) -> list[int]:
    return [int(path.split("number=")[1]) for _, path, _, _ in server.requests]


@pytest.fixture
def three(tmp_path) -> Path:
    """A spool in which requests 1, 2 and 3 wait."""
    folder = tmp_path / "spool"
    for number in (1, 2, 3):
        send(outbox(NOWHERE, folder), number)
    return folder


def test_what_was_spooled_is_sent_in_order_before_what_is_new(three) -> None:
    with scripted(200) as server:
        answer = send(outbox(server.url, three), 4)

    assert numbers(server) == [1, 2, 3, 4]
    assert answer == {"rows": 1}
    assert Spool(three).look().waiting == 0


def test_a_spooled_write_says_so(tmp_path, caplog) -> None:
    with caplog.at_level(logging.WARNING, "wolfpack.client"):
        first = send(outbox(NOWHERE, tmp_path), 1)
        second = send(outbox(NOWHERE, tmp_path), 2)

    assert first == {"spooled": True, "waiting": 1, "dropped": 0}
    assert second == {"spooled": True, "waiting": 2, "dropped": 0}
    assert "where 2 requests wait" in caplog.text


def test_an_outage_that_ends_half_way_keeps_the_order(three) -> None:
    with scripted(200, 503, 200) as server:
        answer = send(outbox(server.url, three), 4)
        outbox(server.url, three).flush()

    assert answer["spooled"]
    assert numbers(server) == [1, 2, 2, 3, 4]


def test_a_lost_answer_and_the_spool_share_one_key(tmp_path) -> None:
    """What the exporter did commit is not done again."""
    with scripted(LOST, 200) as server:
        send(outbox(server.url, tmp_path), 1)
        outbox(server.url, tmp_path).flush()

    assert numbers(server) == [1, 1]
    assert len(set(server.header("Idempotency-Key"))) == 1


def test_a_refused_write_is_told_at_once_and_not_spooled(tmp_path) -> None:
    with scripted(problem(422, "Bad time")) as server, pytest.raises(ServiceError, match="Bad time"):
        send(outbox(server.url, tmp_path), 1)

    assert Spool(tmp_path).look().waiting == 0


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "other"])
def test_a_torn_file_is_reported_and_kept_aside_and_the_rest_is_sent(three, harm, caplog) -> None:
    file = three / "000000000002.request"
    data = file.read_bytes()
    changed = {"cut": data[:-1], "flipped": data[:-1] + b"y", "empty": b"", "other": b"hello\n" + data}[harm]
    file.write_bytes(changed)
    with scripted(200) as server, caplog.at_level(logging.WARNING, "wolfpack.client"):
        outbox(server.url, three).flush()
    kept = list((three / "torn").iterdir())

    assert numbers(server) == [1, 3]
    assert [one.read_bytes() for one in kept] == [changed]
    assert f"000000000002.request is torn and kept aside as {kept[0]}" in caplog.text
    assert Spool(three).look().aside == 1


def test_a_spooled_write_that_is_refused_is_kept_aside_and_the_rest_is_sent(three, caplog) -> None:
    with scripted(200, problem(413, "Too large"), 200) as server:
        outbox(server.url, three).flush()

    assert numbers(server) == [1, 2, 3]
    assert len(list((three / "refused").iterdir())) == 1
    assert "Too large" in caplog.text


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_token_or_address_loses_nothing(three, status) -> None:
    """That is not the requests' fault: all of them wait for a client that gets through."""
    with scripted(problem(status, "Not you")) as server, pytest.raises(ServiceError, match="Not you"):
        outbox(server.url, three).flush()

    assert Spool(three).look().waiting == 3


def test_the_oldest_are_dropped_at_the_bound_and_counted_for_good(tmp_path, caplog) -> None:
    with caplog.at_level(logging.WARNING, "wolfpack.client"):
        answers = [send(outbox(NOWHERE, tmp_path, 5000), number, b"x" * 1000) for number in range(10)]
    with scripted(200) as server:
        outbox(server.url, tmp_path, 5000).flush()

    assert numbers(server) == [6, 7, 8, 9]
    assert [one["dropped"] for one in answers] == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]
    assert "1 oldest requests are dropped, 6 since it was made" in caplog.text
    assert Spool(tmp_path).look().dropped == 6


def test_what_is_kept_aside_is_dropped_before_what_waits(three) -> None:
    (three / "000000000001.request").write_bytes(b"x" * 3000)
    with scripted(503) as server, pytest.raises(ServiceError):
        outbox(server.url, three).flush()
    send(outbox(NOWHERE, three, 5000), 4, b"x" * 4000)
    there = Spool(three).look()

    assert (there.waiting, there.aside, there.dropped) == (3, 0, 0)


def test_a_write_larger_than_the_bound_is_an_error_that_names_both(tmp_path) -> None:
    with pytest.raises(
        ServiceError, match=r"no answer.*nor could it be spooled.*larger than its limit of 100"
    ):
        send(outbox(NOWHERE, tmp_path, 100), 1, b"x" * 101)


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 3000), max_size=12), limit=st.integers(400, 6000))
def test_the_bound_holds_and_the_newest_are_those_kept(sizes, limit, tmp_path_factory) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"), limit)
    put = []
    for place, size in enumerate(sizes):
        try:
            spool.put(Request("POST", "/p", {"number": str(place)}, b"x" * size, "t", "k"))
        except ValueError:
            continue
        put.append(place)
        assert sum(file.stat().st_size for file in spool.folder.rglob("*.request")) <= limit
    sent: list[int] = []
    spool.drain(lambda request: sent.append(int(request.params["number"])))

    assert sent == put[len(put) - len(sent) :]
    assert spool.look().dropped == len(put) - len(sent)


def test_a_request_comes_out_as_it_was_put_in(tmp_path) -> None:
    request = Request("PUT", "/a?b", {"at": "1\n2", "ü": "✓"}, bytes(range(256)) * 3, "a/b", "k\n")
    Spool(tmp_path).put(request)
    found: list[Request] = []
    Spool(tmp_path).drain(found.append)

    assert found == [request]


PUTTING = """
import sys
from pathlib import Path
from wolfpack.client.spool import Request, Spool
spool = Spool(Path(sys.argv[1]))
for number in range(100_000):
    spool.put(Request("POST", "/p", {"number": str(number)}, bytes([number % 256]) * 300_000, "t", str(number)))
    print(number, flush=True)
"""


@pytest.mark.soak
@pytest.mark.parametrize("number", range(ROUNDS))
def test_what_a_killed_process_spooled_is_whole_and_in_order(tmp_path, number) -> None:
    command = [sys.executable, "-c", PUTTING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = [int(process.stdout.readline()) for _ in range(3 + number % 5)]
        time.sleep(0.002 * (number % 7))
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().splitlines() if line]
    sent: list[int] = []
    spool = Spool(tmp_path)
    spool.drain(lambda request: sent.append(int(request.params["number"])))

    assert sent in (told, [*told, len(told)])  # the last one may be there and not have been told
    assert not list(tmp_path.glob("torn/*"))


def test_a_full_disk_is_told_and_leaves_nothing_that_is_half(three) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ServiceError, match=r"nor could it be spooled.*File too large"):
            send(outbox(NOWHERE, three), 4, b"x" * 300_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with scripted(200) as server:
        outbox(server.url, three).flush()

    assert numbers(server) == [1, 2, 3]
    assert Spool(three).look().aside == 0


def test_a_file_that_a_killed_process_left_is_kept_aside(tmp_path, caplog) -> None:
    (tmp_path / "000000000007.part").write_bytes(b"half")
    Spool(tmp_path).put(Request("POST", "/p", {}, b"", "t", "k"))

    assert [one.read_bytes() for one in tmp_path.glob("torn/*")] == [b"half"]
    assert "the process that wrote it was stopped" in caplog.text


def test_many_at_once_send_each_request_once(three) -> None:
    """Jobs that share a folder send one after the other."""
    with scripted(200) as server:
        threads = [
            threading.Thread(target=send, args=(outbox(server.url, three), number)) for number in range(4, 10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert numbers(server)[:3] == [1, 2, 3]
    assert sorted(numbers(server)) == list(range(1, 10))


def test_a_write_waits_for_whoever_sends_and_is_spooled_if_that_takes_too_long(three) -> None:
    box = Outbox(HttpTransport(NOWHERE, retry_for=0), Spool(three), patience=0.1)
    with Spool(three).sending(1):
        answer = send(box, 4)
        with pytest.raises(TimeoutError, match="another process is sending it"):
            box.flush()

    assert answer == {"spooled": True, "waiting": 4, "dropped": 0}


@pytest.fixture
def specs(tmp_path) -> Path:
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "m.yml").write_text(
        "version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\ntimezone: America/New_York\n"
    )
    return folder


def kept(folder: Path) -> list[tuple[str, int]]:
    engine = create_engine(f"sqlite:///{folder / 'ledger.db'}")
    with engine.connect() as connection:
        rows = connection.execute(select(parts.c.part, parts.c.rows).order_by(parts.c.id)).all()
    engine.dispose()
    return [(row.part, row.rows) for row in rows]


def test_jobs_go_on_while_the_exporter_is_away(tmp_path, specs) -> None:
    """The plan that was fetched last is profiled with, and the ledger has every part once, in order."""
    spool, at = tmp_path / "spool", time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    with servers.exporter(tmp_path, specs) as url:
        client = Client(url, **MODEL, spool=spool)
        client.send_reference(reference(3))
        plan = client.plan()
        client.close()
    away = Client(f"http://127.0.0.1:{free_port()}", **MODEL, spool=spool, retry_for=0)
    for number in range(3):
        found = away.profile(inputs(day(number, rows=10 + number)))
        assert found.plan == plan
        assert away.send_profile(found, at=at, part=str(number))["spooled"]
    away.close()
    with servers.exporter(tmp_path, specs) as url:
        client = Client(url, **MODEL, spool=spool)
        client.send_profile(profile(inputs(day(9, rows=19))), at=at, part="new")
        left = client.flush()
        client.close()

    assert kept(tmp_path) == [("0", 10), ("1", 11), ("2", 12), ("new", 19)]
    assert (left.waiting, left.aside, left.dropped) == (0, 0, 0)


def test_that_there_is_no_reference_is_kept_too(tmp_path, specs) -> None:
    with servers.exporter(tmp_path, specs) as url:
        client = Client(url, **MODEL, spool=tmp_path)
        assert client.plan() is None
        client.close()
    away = Client(NOWHERE, **MODEL, spool=tmp_path, retry_for=0)

    assert away.plan() is None
    away.close()


@pytest.mark.parametrize("there", [None, b"{", b"[1]"], ids=["none", "torn", "other"])
def test_without_a_kept_plan_the_outage_is_told(tmp_path, there) -> None:
    if there is not None:
        (tmp_path / "travel" / "arrival-delay").mkdir(parents=True)
        (tmp_path / "travel" / "arrival-delay" / "plan.json").write_bytes(there)
    away = Client(NOWHERE, **MODEL, spool=tmp_path, retry_for=0)
    with pytest.raises(ServiceError, match="is the exporter running"):
        away.plan()
    away.close()


def test_a_token_is_never_written_to_the_spool(tmp_path) -> None:
    away = Client(NOWHERE, **MODEL, token="wp_secret", spool=tmp_path, retry_for=0)
    away.send_profile(profile(inputs(day(1))), at="2024-05-01")
    away.close()
    data = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())

    assert b"2024-05-01" in data
    assert b"wp_secret" not in data


def test_flush_without_a_spool_says_how_to_get_one() -> None:
    with pytest.raises(ValueError, match="has no spool; give it a folder"):
        Client(NOWHERE, **MODEL).flush()


def test_the_shell_spools_and_sends_later(tmp_path) -> None:
    file, spool = tmp_path / "day.profile", tmp_path / "spool"
    file.write_bytes(profile(inputs(day(1))).to_bytes())
    its = ["--project", "travel", "--model", "arrival-delay", "--retry-for", "0"]
    run = CliRunner().invoke
    sent = run(
        main,
        ["send", "profile", str(file), "--at", "2024-05-01", "--url", NOWHERE, "--spool", str(spool), *its],
    )
    away = run(main, ["send", "spool", str(spool), "--url", NOWHERE, *its])
    with scripted(Answer()) as server:
        later = run(main, ["send", "spool", str(spool), "--url", server.url, *its])

    assert json.loads(sent.stdout) == {"spooled": True, "waiting": 1, "dropped": 0}
    assert sent.exit_code == 0
    assert (away.exit_code, "is the exporter running?" in away.stderr) == (2, True)
    assert json.loads(later.stdout) == {"waiting": 0, "aside": 0, "dropped": 0}
    assert len(server.requests) == 1
