"""What may pass is tried again under one idempotency key; what is refused is not."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scripted_server import LOST, SLOW, Answer, problem, scripted

from wolfpack.client import HttpTransport, ServiceError


class Sleeps(list):
    """Takes the waits instead of waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def post(url: str, retry_for: float = 60.0, key: str | None = None, **more: object) -> tuple[object, Sleeps]:
    sleeps = Sleeps()
    transport = HttpTransport(url, retry_for=retry_for, sleep=sleeps, **more)
    try:
        return transport.send("POST", "/api/v1/profiles", {"at": "x"}, b"body", "text/plain", key), sleeps
    finally:
        transport.close()


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 504, LOST], ids=str)
def test_what_may_pass_is_tried_again_under_one_key(fault) -> None:
    with scripted(fault, fault, 200) as server:
        answer, sleeps = post(server.url)

    assert answer == {"rows": 1}
    assert len(server.requests) == 3
    assert len(set(server.header("Idempotency-Key"))) == 1
    assert server.header("Idempotency-Key")[0]
    assert {body for _, _, _, body in server.requests} == {b"body"}
    assert len(sleeps) == 2


def test_a_given_key_is_kept_and_two_requests_never_share_one() -> None:
    with scripted(500, 200) as server:
        post(server.url, key="run-7")
        post(server.url)
        post(server.url)
    keys = server.header("Idempotency-Key")

    assert keys[:2] == ["run-7", "run-7"]
    assert len(set(keys[1:])) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
def test_what_is_refused_is_not_tried_again(status) -> None:
    said = pytest.raises(ServiceError, match="Bad thing: do this instead")
    with scripted(problem(status, "Bad thing", "do this instead")) as server, said as caught:
        post(server.url)

    assert len(server.requests) == 1
    assert (caught.value.status, caught.value.may_pass) == (status, False)


@pytest.mark.parametrize("kind", ["seconds", "date"])
def test_retry_after_is_waited_for(kind) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=7), usegmt=True)
    with scripted(problem(429, "Busy", **{"Retry-After": "7" if kind == "seconds" else at}), 200) as server:
        _, sleeps = post(server.url)

    assert 5 < sleeps[0] < 7 + 0.5 + 1


def test_a_wait_longer_than_is_left_is_given_up_at_once() -> None:
    """Rather than come before it is welcome."""
    busy = problem(429, "Busy", **{"Retry-After": "3600"})
    with scripted(busy, 200) as server, pytest.raises(ServiceError, match="Busy") as caught:
        post(server.url, retry_for=60)

    assert len(server.requests) == 1
    assert caught.value.retry_after == 3600


def test_a_retry_after_that_is_neither_is_passed_over() -> None:
    with scripted(problem(503, "Busy", **{"Retry-After": "soon"}), 200) as server:
        assert post(server.url)[0] == {"rows": 1}


def test_waits_grow_to_a_bound_and_differ() -> None:
    """Full jitter: between 0 and a bound that doubles from 0.5 s to 10 s."""
    with scripted(503) as server:
        sleeps = Sleeps()
        count = 0

        def sleep(seconds: float) -> None:
            nonlocal count
            sleeps(seconds)
            count += 1
            if count == 40:
                server.script[:] = [Answer()]

        transport = HttpTransport(server.url, retry_for=1e6, sleep=sleep)
        transport.get("/x")
        transport.close()
    bounds = [min(10.0, 0.5 * 2**place) for place in range(40)]

    assert all(0 <= wait <= bound for wait, bound in zip(sleeps, bounds, strict=True))
    assert max(sleeps) > 5
    assert len(set(sleeps)) == 40


def test_without_patience_there_is_one_attempt() -> None:
    with scripted(503) as server, pytest.raises(ServiceError):
        post(server.url, retry_for=0)

    assert len(server.requests) == 1


def test_a_slow_answer_is_given_up_and_asked_for_again() -> None:
    with scripted(SLOW, 200) as server:
        answer, _ = post(server.url, timeout=(1.0, 0.2))

    assert answer == {"rows": 1}
    assert len(server.requests) == 2


def test_nothing_listening_is_tried_again_and_told(caplog) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    transport = HttpTransport(url, retry_for=0.7)  # real waits
    with caplog.at_level(logging.WARNING, "wolfpack.client"), pytest.raises(ServiceError) as caught:
        transport.get("/x")
    transport.close()

    assert "is the exporter running?" in str(caught.value)
    assert caught.value.status == 0
    assert "trying again in" in caplog.text


@pytest.mark.parametrize("url", ["exporter:9906", "http://", "ftp://exporter", "http://[::1"])
def test_an_address_that_is_none_is_not_tried_again(url) -> None:
    with pytest.raises(ServiceError) as caught:
        post(url)

    assert not caught.value.may_pass


def test_a_certificate_that_is_none_is_not_tried_again() -> None:
    """An address that speaks no TLS will not learn it within a minute."""
    with scripted(200) as server, pytest.raises(ServiceError) as caught:
        post(server.url.replace("http", "https"))

    assert not caught.value.may_pass


def test_a_redirect_is_told_and_not_followed() -> None:
    """A redirected POST would arrive as a GET, and be answered with something else."""
    said = pytest.raises(ServiceError, match="leads to 'https://other/'; give that address")
    with scripted(Answer(301, {"Location": "https://other/"})) as server, said:
        post(server.url)

    assert len(server.requests) == 1


def test_an_answer_that_is_no_json_is_told() -> None:
    said = pytest.raises(ServiceError, match=r"Sign in.*is this the exporter")
    with scripted(Answer(200, {}, b"<html>Sign in</html>")) as server, said:
        post(server.url)
