"""The HTTP application: health, metrics and status page; the API's endpoints come from their blueprints."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from wolfpack.exporter import evidence, listings, notices, reads, writes
from wolfpack.exporter.collectors import own_collectors
from wolfpack.exporter.page import Page
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.requests import MAX_BODY, authorize, service
from wolfpack.exporter.service import Service
from wolfpack.spec import SpecError

log = logging.getLogger("wolfpack.exporter")


def create_app(its: Service) -> flask.Flask:
    """Return the WSGI application over a running service."""
    app = flask.Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.extensions["wolfpack"] = its
    app.extensions["wolfpack.page"] = Page(its.shelf, own_collectors(its))
    app.extensions["wolfpack.evidence"] = evidence.evidence_of(its)
    app.register_blueprint(writes.blueprint)
    app.register_blueprint(notices.blueprint)
    app.register_blueprint(listings.blueprint)
    app.register_blueprint(reads.blueprint)
    app.register_blueprint(evidence.blueprint)
    app.register_blueprint(_own)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _surprise)
    return app


_own = flask.Blueprint("own", __name__)


@_own.get("/metrics")
def metrics() -> flask.Response:
    authorize("read", None)
    page: Page = flask.current_app.extensions["wolfpack.page"]
    headers = flask.request.headers
    body, answer = page.render(
        headers.get("Accept", ""), headers.get("Accept-Encoding", ""), flask.request.args.getlist("name[]")
    )
    return flask.Response(body, headers=answer)


@_own.get("/-/healthy")
def healthy() -> flask.Response:
    return flask.Response("Wolfpack exporter is healthy.\n", mimetype="text/plain")


@_own.get("/-/ready")
def ready() -> flask.Response:
    if not service().registry.ready:
        return flask.Response("No specs are loaded.\n", status=503, mimetype="text/plain")
    return flask.Response("Wolfpack exporter is ready.\n", mimetype="text/plain")


@_own.route("/-/reload", methods=["POST", "PUT"])
def reload() -> flask.Response:
    """Read the specs anew; on an error the old ones stay in force."""
    authorize("write", None)
    try:
        service().reload()
    except SpecError as error:
        raise Problem(422, "Bad spec", str(error), "specs") from error
    return flask.jsonify({"models": len(service().registry.all())})


@_own.post("/-/clock")
def clock() -> flask.Response:
    """Set a replay's clock, after everything sent before is computed."""
    authorize("write", None)
    data: Any = flask.request.get_json(silent=True)
    try:
        at = datetime.fromisoformat(data["now"])
        if at.tzinfo is None:
            raise ValueError("the time has no zone")
    except (TypeError, KeyError, ValueError) as error:
        raise Problem(
            422, "Bad time", f'{error!r}; send {{"now": "2013-05-01T06:00:00-04:00"}}', "now"
        ) from error
    try:
        service().set_clock(at.timestamp())
    except ValueError as error:
        raise Problem(409, "Clock not set", str(error), "now") from error
    return flask.jsonify({"now": at.isoformat()})


def _problem(problem: Problem) -> tuple[flask.Response, int]:
    answer = flask.jsonify(problem.to_dict())
    answer.mimetype = "application/problem+json"
    return answer, problem.status


def _http_error(error: HTTPException) -> tuple[flask.Response, int]:
    return _problem(Problem(error.code or 500, error.name, error.description or "", flask.request.path))


def _surprise(error: Exception) -> tuple[flask.Response, int]:
    log.exception("%s %s failed", flask.request.method, flask.request.path, exc_info=error)
    return _problem(
        Problem(500, "Internal error", "the log of the exporter has the details", flask.request.path)
    )
