"""The sidecar's own port: metrics, health, reload, and a cycle on demand. Not imported by the door: it needs Flask."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import flask
from prometheus_client.exposition import choose_encoder
from waitress.server import create_server

from wolfpack.detectors.service import Service, UnknownModel
from wolfpack.spec import SpecError

log = logging.getLogger("wolfpack.detectors")
THREADS = 4


def create_app(service: Service, token: str | None = None) -> flask.Flask:
    """Return the WSGI application over a running service; with a token, writes need it as bearer."""
    app = flask.Flask(__name__, static_folder=None)

    def metrics() -> flask.Response:
        encoder, content_type = choose_encoder(flask.request.headers.get("Accept", ""))
        return flask.Response(encoder(service.health.registry), content_type=content_type)

    def detections() -> flask.Response:
        """Look at the models of `project` and `model`, all without them, and answer what was found."""
        given = flask.request.args
        try:
            report = service.detect(given.get("project"), given.get("model"))
        except UnknownModel as error:
            return _problem(404, "Unknown model", str(error), "model")
        return flask.jsonify(report.to_dict())

    def reload() -> flask.Response:
        try:
            return flask.jsonify({"models": service.reload()})
        except SpecError as error:
            return _problem(422, "Bad spec", str(error), "specs")

    def authorized() -> flask.Response | None:
        given = flask.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if (
            flask.request.method == "GET"
            or token is None
            or hmac.compare_digest(given.encode(), token.encode())
        ):
            return None
        return _problem(
            401, "No access", "send the sidecar's own token as Authorization: Bearer TOKEN", "Authorization"
        )

    app.before_request(authorized)
    app.add_url_rule("/metrics", view_func=metrics)
    app.add_url_rule("/-/healthy", "healthy", lambda: _text("Wolfpack detector is healthy.\n"))
    app.add_url_rule("/-/ready", "ready", lambda: _text("Wolfpack detector is ready.\n"))
    app.add_url_rule("/-/reload", view_func=reload, methods=["POST", "PUT"])
    app.add_url_rule("/api/v1/detections", view_func=detections, methods=["POST"])
    return app


@contextmanager
def serving(service: Service, host: str, port: int, token: str | None = None) -> Iterator[int]:
    """Serve in a thread until the block ends; yield the port.

    Raises
    ------
    OSError
        If the address cannot be listened on.
    """
    server = cast(
        Any,
        create_server(create_app(service, token), host=host, port=port, threads=THREADS, ident="wolfpack"),
    )
    thread = threading.Thread(target=server.run, name="detector-server", daemon=True)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.close()
        thread.join(5)


def _text(text: str) -> flask.Response:
    return flask.Response(text, mimetype="text/plain")


def _problem(status: int, title: str, detail: str, where: str) -> flask.Response:
    answer = flask.jsonify({"type": f"wolfpack:{title.lower().replace(' ', '-')}", "title": title,
                            "detail": detail, "where": where})  # fmt: skip
    answer.status_code, answer.mimetype = status, "application/problem+json"
    return answer
