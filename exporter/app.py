"""The HTTP application: health and metrics; the API's endpoints come from their blueprints."""

from __future__ import annotations

import logging

import flask
from werkzeug.exceptions import HTTPException

from wolfpack.exporter import (
    admission,
    anomaly_pages,
    evidence,
    fleet_page,
    joins,
    listings,
    live_writes,
    notices,
    output_writes,
    reads,
    release_pages,
    writes,
)
from wolfpack.exporter.answers import Loaded, Now
from wolfpack.exporter.bodies import ClockTime, read_body
from wolfpack.exporter.collectors import own_collectors
from wolfpack.exporter.databases import LedgerUnavailable
from wolfpack.exporter.declaration import Endpoint, Group, Parameter, Raw
from wolfpack.exporter.encoded import MAX_BODY
from wolfpack.exporter.html import FILTERS
from wolfpack.exporter.openapi import describe
from wolfpack.exporter.page import Page
from wolfpack.exporter.pool import RETRY_AFTER as SOON
from wolfpack.exporter.pool import Busy
from wolfpack.exporter.problems import Problem, trace
from wolfpack.exporter.requests import authorize, check_parameters, service
from wolfpack.exporter.service import Service
from wolfpack.exporter.store import PaneMerged
from wolfpack.exporter.watching import watch
from wolfpack.spec import SpecError

log = logging.getLogger("wolfpack.exporter")
RETRY_AFTER = 10
"""Seconds after which a client should ask again when the ledger cannot be used."""


def create_app(its: Service) -> flask.Flask:
    """Return the WSGI application over a running service."""
    app = flask.Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.extensions["wolfpack"] = its
    app.extensions["wolfpack.page"] = Page(its.shelf, own_collectors(its), its.health)
    app.extensions["wolfpack.evidence"] = evidence.evidence_of(its)
    app.extensions["wolfpack.fleet"] = fleet_page.FleetPage(its)
    app.extensions["wolfpack.endpoints"] = {(one.path, one.method): one for one in endpoints()}
    app.jinja_env.filters.update(FILTERS)
    watch(app, its.health)
    for group in _groups():
        app.register_blueprint(group)
    app.before_request(_check)
    app.teardown_request(lambda _: admission.release())
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(LedgerUnavailable, _unavailable)
    app.register_error_handler(PaneMerged, _merged)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _surprise)
    return app


def endpoints() -> list[Endpoint]:
    """Return what every endpoint takes and answers."""
    return [one for group in _groups() for one in group.endpoints]


_own = Group("own")
TEXT = Raw("a line of text", ("text/plain",))
NAMES = Parameter("name[]", "only samples of this name; may be given again", needed=False)


@_own.declare(
    "GET",
    "/metrics",
    scope="read",
    parameters=(NAMES,),
    answer=Raw("metrics", ("text/plain", "application/openmetrics-text")),
)
def metrics() -> flask.Response:
    """Show the metrics, in the format that `Accept` asks for."""
    authorize("read", None)
    page: Page = flask.current_app.extensions["wolfpack.page"]
    headers = flask.request.headers
    body, answer = page.render(
        headers.get("Accept", ""), headers.get("Accept-Encoding", ""), flask.request.args.getlist("name[]")
    )
    return flask.Response(body, headers=answer)


@_own.declare("GET", "/-/healthy", scope=None, answer=TEXT)
def healthy() -> flask.Response:
    """Say that the exporter runs."""
    return flask.Response("Wolfpack exporter is healthy.\n", mimetype="text/plain")


@_own.declare("GET", "/-/ready", scope=None, answer=TEXT)
def ready() -> flask.Response:
    """Say that specs are loaded; 503 until then."""
    if not service().registry.ready:
        return flask.Response("No specs are loaded.\n", status=503, mimetype="text/plain")
    return flask.Response("Wolfpack exporter is ready.\n", mimetype="text/plain")


@_own.declare(
    "GET", "/api/v1/openapi.json", scope=None, answer=Raw("this description", ("application/json",))
)
def openapi() -> flask.Response:
    """Describe all of this as OpenAPI."""
    return flask.jsonify(describe(endpoints()))


@_own.declare("PUT", "/-/reload", scope="write", answer=Loaded)
@_own.declare("POST", "/-/reload", scope="write", answer=Loaded)
def reload() -> flask.Response:
    """Read the specs anew; on an error those from before stay in force."""
    authorize("write", None)
    try:
        service().reload()
    except SpecError as error:
        raise Problem(422, "Bad spec", str(error), "specs") from error
    return flask.jsonify({"models": len(service().registry.all())})


@_own.declare("POST", "/-/clock", scope="write", body=ClockTime, answer=Now)
def clock() -> flask.Response:
    """Set a replay's clock, after everything sent before is computed."""
    authorize("write", None)
    at = read_body(ClockTime).now
    try:
        service().set_clock(at.timestamp())
    except ValueError as error:
        raise Problem(409, "Clock not set", str(error), "now") from error
    return flask.jsonify({"now": at.isoformat()})


def _groups() -> tuple[Group, ...]:
    return (
        writes.group,
        joins.group,
        output_writes.group,
        live_writes.group,
        notices.group,
        reads.group,
        listings.group,
        release_pages.group,
        evidence.group,
        fleet_page.group,
        anomaly_pages.group,
        _own,
    )


def _check() -> None:
    """Refuse what the endpoint that is asked does not take, and what there is no room for."""
    rule = flask.request.url_rule
    found = flask.current_app.extensions["wolfpack.endpoints"].get((rule and rule.rule, flask.request.method))
    if found is not None:
        check_parameters(found)
        admission.admit(service().pool, found)


def _problem(problem: Problem) -> tuple[flask.Response, int]:
    answer = flask.jsonify(problem.to_dict())
    answer.mimetype = "application/problem+json"
    return answer, problem.status


def _busy(problem: Busy) -> tuple[flask.Response, int]:
    answer, status = _problem(problem)
    answer.headers["Retry-After"] = str(SOON)
    return answer, status


def _http_error(error: HTTPException) -> tuple[flask.Response, int]:
    return _problem(Problem(error.code or 500, error.name, error.description or "", flask.request.path))


def _unavailable(error: LedgerUnavailable) -> tuple[flask.Response, int]:
    log.error("%s %s: %s", flask.request.method, flask.request.path, error)
    detail = f"{error}. It is not known to be stored: send it again, as the same part or under the same key"
    answer, status = _problem(Problem(503, "Ledger unavailable", detail, "ledger"))
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer, status


def _merged(error: PaneMerged) -> tuple[flask.Response, int]:
    return _problem(Problem(422, "Time too long ago", str(error), "at"))


def _surprise(error: Exception) -> tuple[flask.Response, int]:
    log.error("%s %s failed\n%s", flask.request.method, flask.request.path, trace(error))
    return _problem(
        Problem(500, "Internal error", "the log of the exporter has the details", flask.request.path)
    )
