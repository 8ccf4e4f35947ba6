"""What the endpoints have in common: who asks, about which model and pane, and whether it was asked before."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from math import inf, nan
from typing import Any

import flask
from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.admission import end_turn
from wolfpack.exporter.clock import utc
from wolfpack.exporter.declaration import Endpoint, Parameter, Scope
from wolfpack.exporter.parameters import JOB, MODEL, PART, PROJECT, VERSION
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.service import Service
from wolfpack.spec import Calendar, format_duration
from wolfpack.spec.vocabulary import NAME, check_label


def service() -> Service:
    found: Service = flask.current_app.extensions["wolfpack"]
    return found


def authorize(scope: str, project: str | None) -> None:
    """Raise a Problem unless the request may do this."""
    headers = flask.request.headers
    # Behind a reverse proxy on this machine everyone comes from loopback; the proxy says so in these headers.
    forwarded = "X-Forwarded-For" in headers or "Forwarded" in headers
    loopback = flask.request.remote_addr in ("127.0.0.1", "::1") and not forwarded
    service().guard.check(headers.get("Authorization"), scope, project, loopback)


def argument(parameter: Parameter) -> str:
    """Return a parameter of the query or its default, or raise a Problem (422)."""
    name, found = parameter.name, flask.request.args.get(parameter.name, parameter.default)
    if found is None:
        raise Problem(422, "Missing parameter", f"the query parameter {name!r} is required", name)
    if parameter.allowed and found not in parameter.allowed:
        instead = f"; {parameter.instead}" * bool(parameter.instead)
        detail = f"{name}={found!r}; allowed are {', '.join(parameter.allowed)}{instead}"
        raise Problem(422, f"Unknown {name}", detail, name)
    return found


def optional(parameter: Parameter) -> str | None:
    """Return a parameter of the query if it is given."""
    return flask.request.args.get(parameter.name)


def number(parameter: Parameter) -> float:
    """Return a parameter of the query that is a number, or raise a Problem (422) that says which it may be."""
    text, (least, most) = argument(parameter), parameter.numbers or (-inf, inf)
    try:
        found = float(text)
    except ValueError:
        found = nan
    whole = isinstance(least, int)
    if not least <= found <= most or (whole and not re.fullmatch(r"[0-9]{1,19}", text)):
        detail = (
            f"{parameter.name}={text!r}; allowed are {'whole ' * whole}numbers from {least:g} to {most:g}"
        )
        raise Problem(422, "Bad number", detail, parameter.name)
    return found


def check_parameters(endpoint: Endpoint) -> None:
    """Refuse parameters of the query that an endpoint does not have: a misspelt one must not be left out in silence."""
    known = [one.name for one in endpoint.parameters]
    for name in flask.request.args:
        if name not in known:
            near = get_close_matches(name, known, 1)
            detail = f"{name!r} is no parameter of {endpoint.name}; it has {', '.join(known) or 'none'}"
            raise Problem(
                422, "Unknown parameter", detail + (f"; did you mean {near[0]}?" if near else ""), name
            )


@dataclass(frozen=True)
class Target:
    """What a write is about."""

    known: Known
    version: str
    part: str
    job: str


def asked(scope: Scope = "write") -> Known:
    """Return the model that a request names; the token is checked before the names."""
    project, model = argument(PROJECT), argument(MODEL)
    authorize(scope, project)
    return service().registry.get(project, model)


def version_asked() -> str:
    version = argument(VERSION)
    if not NAME.fullmatch(version):
        raise Problem(
            422,
            "Bad version",
            f"{version!r}: letters, digits, '.', '_', '-' are allowed, 64 at most",
            "version",
        )
    return version


def label_asked(parameter: Parameter) -> str:
    """Return a parameter that becomes a label's value or a name, or raise a Problem (422)."""
    value = argument(parameter)
    try:
        check_label(value)
    except ValueError as error:
        raise Problem(422, "Bad name", f"{parameter.name}: {error}", parameter.name) from None
    return value


def target() -> Target:
    """Return what a write is about: model, version, part and job."""
    known, version = asked(), version_asked()
    return Target(known, version, label_asked(PART), label_asked(JOB))


def pane(known: Known, text: str) -> datetime:
    """Return the start of the pane that contains the time given; one that begins after now is refused."""
    calendar = known.spec.calendar
    return calendar.start(moment(text, calendar, service().keeping.taken(known.spec)))


def moment(text: str, calendar: Calendar, taken: timedelta) -> datetime:
    """Return the time given; its pane must have begun, and have ended no longer ago than panes are taken."""
    try:
        at = calendar.day(text)
        start = calendar.start(at)
    except (ValueError, OverflowError) as error:
        raise Problem(422, "Bad time", str(error), "at") from None
    now = utc(service().clock.now())
    if now - calendar.end(start) > taken:
        raise Problem(
            422,
            "Time too long ago",
            f"at={text!r} names a pane that ended over {format_duration(taken)} ago; panes are kept no longer",
            "at",
        )
    if start > now:
        raise Problem(
            422,
            "Time in the future",
            f"at={text!r} names the pane that begins at {start.isoformat()}, and it is {now.isoformat()} now; "
            "send a pane when it has begun",
            "at",
        )
    return at


def once(
    known: Known, write: Callable[[Connection], Mapping[str, Any]], then: Callable[[], None] | None = None
) -> flask.Response:
    """Do a write in one transaction; under an idempotency key that was seen, answer as then and do nothing.

    `then` is called after the commit, before the engine is woken.
    """
    its = service()
    key = flask.request.headers.get("Idempotency-Key")
    if key is not None:
        key = f"{known.id} {flask.request.method} {flask.request.path} {key}"
    asked_for = _fingerprint() if key else ""
    end_turn()
    with its.ledger.write() as connection:
        seen = store.recall(connection, key) if key else None
        if seen is None:
            answer = json.dumps(write(connection))
            if key:
                store.remember(connection, key, its.clock.now(), asked_for, answer)
        elif seen[0] != asked_for:
            raise Problem(
                422,
                "Key used twice",
                "this idempotency key came with another request before; a key names one request and its retries",
                "Idempotency-Key",
            )
        else:
            answer = seen[1]
    if then is not None:
        then()
    its.engine.wake()
    return flask.Response(answer, mimetype="application/json")


def _fingerprint() -> str:
    """Return a hash of what the request asks and brings."""
    query = json.dumps(sorted(flask.request.args.items(multi=True)))
    return hashlib.sha256(query.encode() + b"\0" + flask.request.get_data()).hexdigest()
