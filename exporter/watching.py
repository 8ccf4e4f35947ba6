"""Every write is counted when it is answered, by what it brought and what became of it."""

from __future__ import annotations

import time

import flask

from wolfpack.exporter.health import Health

_API = "/api/v1/"
_WRITES = ("POST", "PUT")


def watch(app: flask.Flask, health: Health) -> None:
    """Have the writes of an application counted and timed, from the whole body to the answer."""

    @app.before_request
    def _() -> None:
        flask.g.began = time.perf_counter()

    @app.after_request
    def _(answer: flask.Response) -> flask.Response:
        kind = kind_of(flask.request)
        if kind is not None:
            size = flask.request.content_length or 0
            health.ingested(kind, answer.status_code, size, time.perf_counter() - flask.g.began)
        return answer


def kind_of(request: flask.Request) -> str | None:
    """Return what a write brings: the last word of its endpoint's address; None if the request is no write.

    The words come from the application's own addresses, never from the request, so that they are few.
    """
    rule = "" if request.url_rule is None else request.url_rule.rule
    if request.method not in _WRITES or not rule.startswith(_API):
        return None
    return rule.rsplit("/", 1)[1]
