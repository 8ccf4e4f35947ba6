"""Endpoints of live models: what their monitors agree on with the exporter, and the parts they send."""

from __future__ import annotations

from dataclasses import replace

import flask

from wolfpack.exporter import live_store
from wolfpack.exporter.admission import end_turn
from wolfpack.exporter.answers import LiveTaken, LiveTerms
from wolfpack.exporter.declaration import Group, Parameter, Raw
from wolfpack.exporter.encoded import body
from wolfpack.exporter.live_store import Speaking
from wolfpack.exporter.parameters import AT, LINE, ONE, VERSION
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import (
    argument,
    asked,
    authorize,
    label_asked,
    moment,
    number,
    service,
    version_asked,
)
from wolfpack.exporter.writes import readable
from wolfpack.spec import Live
from wolfpack.spec.keeping import span
from wolfpack.stats.live_slice import LiveSlice

group = Group("live")
SLICE = Raw("what `LiveSlice.to_bytes` returns; empty for a word without a part")
WHEN = replace(AT, meaning="when the part's last call was answered, RFC 3339; the live pane that contains it")
WORKER = Parameter("worker", "name of the process, 128 characters at most; never used again", pattern=LINE)
SEQUENCE = Parameter(
    "sequence", "number of the worker's part, from 1 on; 0 without a part", numbers=(0, 10**15)
)
CLOSING = Parameter("closing", "`1`: the worker ends with this", "0", allowed=("0", "1"))
PREDICTION = "prediction"
"""Column of predictions of a spec that names none."""


@group.declare("GET", "/api/v1/projects/<project>/models/<model>/live", scope="read", answer=LiveTerms)
def get_live(project: str, model: str) -> flask.Response:
    """Return where a live model's panes are cut and what its rows are counted on."""
    authorize("read", project)
    known = service().registry.get(project, model)
    live = _declared(known)
    with service().ledger.read() as connection:
        baseline = service().registry.baseline(connection, known.id)
    answer: LiveTerms = {
        "every_seconds": live.every.total_seconds(),
        "window_seconds": live.window.total_seconds(),
        "timezone": known.spec.timezone,
        "prediction": known.spec.prediction.column if known.spec.prediction else PREDICTION,
        "plan": baseline.plan_for(known.spec).to_dict() if baseline else None,
    }
    return flask.jsonify(answer)


@group.declare(
    "POST",
    "/api/v1/live",
    scope="write",
    parameters=(*ONE, VERSION, WHEN, WORKER, SEQUENCE, CLOSING),
    body=SLICE,
    answer=LiveTaken,
)
def post_live() -> flask.Response:
    """Add a part of a worker's calls; the same part again is not counted again."""
    known, version = asked(), version_asked()
    _declared(known)
    at = moment(argument(WHEN), known.spec.live_calendar, span(service().keeping.minutes))
    said = Speaking(label_asked(WORKER), version, int(number(SEQUENCE)), argument(CLOSING) == "1")
    sent, its = body(), service()
    found = _slice(said, sent)
    now = its.clock.now()
    end_turn()
    with its.ledger.write() as connection:
        new, worker = live_store.hear(connection, known.id, said, now)
        if new and found is not None:
            values = {
                "version": version,
                "start": int(known.spec.live_calendar.start(at).timestamp()),
                "plan_id": found.plan_id,
                "received": now,
                "data": sent,
            }
            live_store.add_live_part(connection, known.id, values)
    its.live.hear(known.id, worker)
    if new and found is not None:
        its.live.take(known.id, version, at.timestamp(), found)
    answer: LiveTaken = {"taken": new and found is not None}
    return flask.jsonify(answer)


def _slice(said: Speaking, sent: bytes) -> LiveSlice | None:
    if bool(sent) != bool(said.sequence):
        raise Problem(
            422,
            "Bad part",
            "a part has a number from 1 on, and a body; a word without one has neither",
            "sequence",
        )
    return readable(LiveSlice.from_bytes, sent, "part") if sent else None


def _declared(known: Known) -> Live:
    if known.spec.live is None:
        raise Problem(
            409,
            "Not a live model",
            f"the spec of {known.spec.project}/{known.spec.model} has no `live`; add `live: {{}}` and reload",
            "live",
        )
    return known.spec.live
