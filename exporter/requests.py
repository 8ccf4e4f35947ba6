"""What the endpoints have in common: who asks, about which model and pane, and whether it was asked before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import flask
from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.clock import utc
from wolfpack.exporter.ledger import IDEMPOTENCY_KEPT
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.service import Service
from wolfpack.spec.model import NAME

ROLES = ("input", "prediction")
"""Roles that profiles come in; labels are joined by key and are never profiled."""
KEPT = timedelta(days=400)
"""How long ago a pane may have ended that something is sent for (DESIGN: batch panes are kept 400 days)."""
MAX_BODY = 64 * 1024 * 1024
"""Largest body in bytes; larger rows belong into a profile made where they are."""


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


def argument(name: str, default: str | None = None) -> str:
    """Return a query parameter; without a default it is required."""
    found = flask.request.args.get(name, default)
    if found is None:
        raise Problem(422, "Missing parameter", f"the query parameter {name!r} is required", name)
    return found


@dataclass(frozen=True)
class Target:
    """What a write is about."""

    known: Known
    version: str
    part: str
    job: str


def target(scope: str = "write") -> Target:
    """Read project, model, version, part and job; check the token first, then the names."""
    project, model = argument("project"), argument("model")
    authorize(scope, project)
    version = argument("version", "0")
    if not NAME.fullmatch(version):
        raise Problem(
            422,
            "Bad version",
            f"{version!r}: letters, digits, '.', '_', '-' are allowed, 64 at most",
            "version",
        )
    part, job = argument("part", ""), argument("job", "")
    if len(part) > 128 or len(job) > 128:
        raise Problem(422, "Name too long", "part and job have at most 128 characters", "part, job")
    return Target(service().registry.get(project, model), version, part, job)


def role() -> str:
    found = argument("role", "input")
    if found not in ROLES:
        raise Problem(
            422,
            "Unknown role",
            f"{found!r}; allowed are {', '.join(ROLES)}; labels go to /api/v1/labels",
            "role",
        )
    return found


def pane(known: Known, text: str) -> datetime:
    """Return the start of the pane that contains the time given; one that begins after now is refused."""
    calendar = known.spec.calendar
    try:
        start = calendar.start(calendar.day(text))
    except (ValueError, OverflowError) as error:
        raise Problem(422, "Bad time", str(error), "at") from None
    now = utc(service().clock.now())
    if now - calendar.end(start) > KEPT:
        raise Problem(
            422,
            "Time too long ago",
            f"at={text!r} names a pane that ended over {KEPT.days} days ago; panes are kept no longer",
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
    return start


def once(
    known: Known, write: Callable[[Connection], dict[str, Any]], then: Callable[[], None] | None = None
) -> flask.Response:
    """Do a write in one transaction; under an idempotency key that was seen, answer as then and do nothing.

    `then` is called after the commit, before the engine is woken.
    """
    its = service()
    key = flask.request.headers.get("Idempotency-Key")
    if key is not None:
        key = f"{known.id} {flask.request.method} {flask.request.path} {key}"
    with its.ledger.write() as connection:
        seen = store.recall(connection, key) if key else None
        if seen is None:
            answer = json.dumps(write(connection))
            if key:
                store.remember(connection, key, its.clock.now(), _fingerprint(), answer, IDEMPOTENCY_KEPT)
        elif seen[0] != _fingerprint():
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
