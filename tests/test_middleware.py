"""Requests of real frameworks as calls: by route, with status and latency, and the rows that the view records."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
import time
from json import dumps
from types import SimpleNamespace

import flask
import pytest
from live_transport import Kept
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from wolfpack.client.middleware import UNMATCHED
from wolfpack.client.monitor import ENDPOINTS, OTHERS, Monitor


class AsgiClient:
    """Asks an ASGI application as a server does."""

    def __init__(self, app) -> None:
        self._app = app

    def get(self, path: str):
        return self._ask("GET", path, b"")

    def post(self, path: str, json: object):
        return self._ask("POST", path, dumps(json).encode())

    def _ask(self, method: str, path: str, body: bytes):
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "query_string": b"", "headers": [], "root_path": "", "scheme": "http",
            "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        sent: list[dict] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if waiting:
                return waiting.pop()
            await asyncio.sleep(3600)
            return {}

        async def send(message) -> None:
            sent.append(message)

        with contextlib.suppress(RuntimeError):  # Starlette answers 500 and raises what was not caught
            asyncio.run(self._app(scope, receive, send))
        text = b"".join(one.get("body", b"") for one in sent).decode()
        return SimpleNamespace(status_code=sent[0]["status"], text=text)


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def monitor(kept):
    one = Monitor(None, project="flowers", model="iris", transport=kept, flush=60)
    yield one
    one.close()


def flask_app(monitor: Monitor) -> flask.Flask:
    app = flask.Flask(__name__)

    @app.post("/flowers/<number>")
    def predict(number: str):
        inputs = flask.request.get_json()
        monitor.record(inputs, inputs["a"] * 2)
        return {"number": number}

    @app.get("/slow")
    def slow():
        def body():
            time.sleep(0.05)
            yield b"late"

        return flask.Response(body())

    @app.get("/broken")
    def broken():
        raise RuntimeError("broken")

    @app.get("/refused")
    def refused():
        flask.abort(422)

    app.wsgi_app = monitor.wsgi(app.wsgi_app)
    return app


def starlette_app(monitor: Monitor):
    @monitor.watch
    def score(inputs):
        return inputs["a"] * 2

    async def predict(request):
        inputs = await request.json()
        answer = await asyncio.get_running_loop().run_in_executor(None, copied(score), inputs)
        return JSONResponse({"score": answer})

    def copied(function):
        context = contextvars.copy_context()
        return lambda *args: context.run(function, *args)

    async def slow(request):
        async def body():
            await asyncio.sleep(0.05)
            yield b"late"

        return StreamingResponse(body())

    async def broken(request):
        raise RuntimeError("broken")

    async def refused(request):
        raise HTTPException(422)

    routes = [
        Route("/flowers/{number}", predict, methods=["POST"]), Route("/slow", slow), Route("/broken", broken),
        Route("/refused", refused),
    ]  # fmt: skip
    return monitor.asgi(Starlette(routes=routes))


@pytest.fixture(params=["flask", "starlette"])
def client(request, monitor):
    if request.param == "flask":
        return flask_app(monitor).test_client()
    return AsgiClient(starlette_app(monitor))


def test_requests_are_calls_with_their_rows_outcome_and_time(client, kept, monitor) -> None:
    for number in range(3):
        assert client.post(f"/flowers/{number}", json={"a": float(number)}).text
    for path, status in (("/broken", 500), ("/refused", 422), ("/nothing", 404), ("/nothing/else", 404)):
        answer = client.get(path)
        assert (answer.status_code, bool(answer.text)) == (status, True)
    assert client.get("/slow").text == "late"
    monitor.flush()

    calls = kept.whole.counts.calls
    named = {name.replace("{number}", "N").replace("<number>", "N"): one for name, one in calls.items()}
    assert {name: (one.requests, one.errors) for name, one in named.items()} == {
        "/flowers/N": (3, 0), "/broken": (1, 1), "/refused": (1, 0), UNMATCHED: (2, 0), "/slow": (1, 0),
    }  # fmt: skip
    assert named["/slow"].seconds >= 0.05
    assert kept.whole.profile["score"].mean == 2.0
    assert sum(one.rows for place, one in kept.whole.counts.rows.items() if not place[1]) == 3


def test_a_call_that_ends_after_the_next_one_began_takes_nothing_from_it(kept, monitor) -> None:
    """As answers do whose bodies nobody has read yet."""
    first, second = monitor.call("/first"), monitor.call("/second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    monitor.record({"a": 1.0}, 1.0)
    second.__exit__(None, None, None)
    monitor.flush()

    assert {place[0]: one.rows for place, one in kept.whole.counts.rows.items()} == {"/second": 1}


def test_only_the_paths_that_are_asked_for_are_calls(kept, monitor) -> None:
    app = flask.Flask(__name__)
    app.get("/health", endpoint="health")(lambda: "well")
    app.get("/predict")(lambda: "1")
    app.wsgi_app = monitor.wsgi(app.wsgi_app, paths=["/predict"])
    client = app.test_client()
    assert [client.get(path).text for path in ("/health", "/predict")] == ["well", "1"]
    monitor.flush()

    assert set(kept.whole.counts.calls) == {"/predict"}


def test_paths_that_nobody_names_are_bounded(kept, monitor) -> None:
    app = monitor.wsgi(lambda environ, start: start("200 OK", []) or [b""])
    for number in range(ENDPOINTS + 20):
        app({"PATH_INFO": f"/{number}"}, lambda status, headers: None).close()
    monitor.flush()

    calls = kept.whole.counts.calls
    assert len(calls) == ENDPOINTS + 1
    assert calls[OTHERS].requests == 20


def test_requests_in_several_threads_are_kept_apart(kept, monitor) -> None:
    client, errors = flask_app(monitor), []

    def ask(number: int) -> None:
        for _ in range(20):
            answer = client.test_client().post(f"/flowers/{number}", json={"a": float(number)})
            if not answer.text or answer.status_code != 200:
                errors.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monitor.flush()

    assert not errors
    assert kept.whole.counts.calls["/flowers/<number>"].requests == 80
    assert kept.whole.counts.rows["/flowers/<number>", "", ""].rows == 80
    assert kept.whole.profile["a"].mean == 1.5
