"""Endpoints for what teams and jobs tell of a model: scalars, deployments, runs, and feedback on findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import flask
from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.answers import Counted, Entered, Judged, Ran
from wolfpack.exporter.bodies import Deployment, JobRun, Judgement, ScalarValue, ScalarValues, read_body
from wolfpack.exporter.clock import utc
from wolfpack.exporter.declaration import Group
from wolfpack.exporter.feedback import add_feedback
from wolfpack.exporter.parameters import ONE, VERSION
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.requests import asked, authorize, once, service, version_asked
from wolfpack.exporter.runs import Run, add_run
from wolfpack.exporter.scalars import Scalar, add_scalars, scalar_history
from wolfpack.exporter.stages import enter, load_stages
from wolfpack.exporter.standing import NOTICES

group = Group("notices")
AHEAD = 60.0
"""Seconds that a time may lie after now: clocks of machines differ."""


@group.declare(
    "POST",
    "/api/v1/metrics",
    scope="write",
    parameters=(*ONE, VERSION),
    body=ScalarValues,
    answer=Counted,
    keyed=True,
)
def post_metrics() -> flask.Response:
    """Keep a team's own scalars, each at its own event time."""
    known, version = asked(), version_asked()
    body = read_body(ScalarValues)
    found = [_scalar(known, place, one) for place, one in enumerate(body.metrics)]

    def write(connection: Connection) -> Counted:
        made = scalar_history(known.spec, version, found, load_stages(connection, known.id))
        try:
            add_scalars(connection, service().engine.ids, known.id, made, service().clock.now())
        except ValueError as error:
            raise Problem(422, "Too many scalars", str(error), "metrics") from None
        return {"metrics": len(found)}

    return _tell(known, write)


@group.declare(
    "POST", "/api/v1/deployments", scope="write", parameters=ONE, body=Deployment, answer=Entered, keyed=True
)
def post_deployment() -> flask.Response:
    """Say that a version enters a stage; what is shadow is not among all live versions."""
    known = asked()
    body = read_body(Deployment)
    at = _moment(known, body.time, "time")

    def write(connection: Connection) -> Entered:
        replaced = enter(connection, known, body.version, body.stage, at, body.note, service().clock.now())
        return {"version": body.version, "stage": body.stage, "time": _text(known, at), "replaced": replaced}

    return _tell(known, write)


@group.declare("POST", "/api/v1/jobs", scope="write", parameters=ONE, body=JobRun, answer=Ran, keyed=True)
def post_job() -> flask.Response:
    """Keep a run of a job; a run told again replaces."""
    known = asked()
    run = _run(known, read_body(JobRun))

    def write(connection: Connection) -> Ran:
        replaced = add_run(connection, service().engine.ids, known, run, service().clock.now())
        return {"job": run.job, "run": run.run, "replaced": replaced}

    return _tell(known, write)


@group.declare("POST", "/api/v1/feedback", scope="write", body=Judgement, answer=Judged, keyed=True)
def post_feedback() -> flask.Response:
    """Keep whether findings were right; the same series and times again replace the verdict."""
    body = read_body(Judgement)
    authorize("write", body.project)
    known = service().registry.get(body.project, body.model)
    for name, wanted in (("project", body.project), ("model", body.model)):
        if body.labels.get(name, wanted) != wanted:
            raise Problem(
                422,
                "Other model",
                f"labels.{name} is {body.labels[name]!r}, not {wanted!r}",
                f"labels.{name}",
            )
    labels = {**body.labels, "project": body.project, "model": body.model}
    began, ended = (
        _moment(known, body.start, "start", ahead=None),
        _moment(known, body.end, "end", ahead=None),
    )
    if ended < began:
        raise Problem(422, "Bad time", f"end={body.end!r} lies before start={body.start!r}", "end")

    def write(connection: Connection) -> Judged:
        now = service().clock.now()
        times = began.timestamp(), ended.timestamp()
        return {"replaced": add_feedback(connection, known, labels, *times, body.verdict, body.note, now)}

    return _tell(known, write)


def _tell(known: Known, write: Callable[[Connection], Mapping[str, Any]]) -> flask.Response:
    """Write what was told, and have it shown."""

    def both(connection: Connection) -> Mapping[str, Any]:
        answer = write(connection)
        store.mark_pending(connection, known.id, NOTICES, {0})
        return answer

    return once(known, both)


def _scalar(known: Known, place: int, given: ScalarValue) -> Scalar:
    where = f"metrics[{place}]"
    if bool(given.segment) != bool(given.segment_value):
        raise Problem(
            422, "Half a segment", "segment and segment_value come together or not at all", f"{where}.segment"
        )
    if given.segment and given.segment not in known.spec.segments:
        there = ", ".join(known.spec.segments) or "none"
        detail = f"{given.segment!r} is no segment of the spec; there are {there}"
        raise Problem(422, "Unknown segment", detail, f"{where}.segment")
    time = int(_moment(known, given.time, f"{where}.time").timestamp())
    return Scalar(given.name, given.value, time, given.step, given.segment, given.segment_value)


def _run(known: Known, given: JobRun) -> Run:
    """Return a run with what follows from the rest of what was told."""
    end = _moment(known, given.end, "end").timestamp()
    began = None if given.start is None else _moment(known, given.start, "start").timestamp()
    if given.duration is not None:
        if began is not None and given.end is not None and abs(end - began - given.duration) > 1:
            detail = f"{given.duration:g} is not end less start, {end - began:g} s; send two of the three"
            raise Problem(422, "Contradiction", detail, "duration")
        if began is not None and given.end is None:
            end = began + given.duration
        began = end - given.duration
    if end > service().clock.now() + AHEAD or (began is not None and not 0 <= began <= end):
        raise Problem(422, "Bad time", "the run ends before it starts, or after now", "start, end, duration")
    name = given.run or utc(end if began is None else began).isoformat()
    return Run(given.job, name, began, end, given.succeeded, given.rows, given.note)


def _moment(known: Known, text: str | None, where: str, ahead: float | None = AHEAD) -> datetime:
    """Return the time given, or now; one that lies more than `ahead` seconds after now is refused."""
    now = service().clock.now()
    if text is None:
        return utc(now)
    try:
        at = known.spec.calendar.day(text)
        seconds = at.timestamp()
    except (ValueError, OverflowError) as error:
        raise Problem(422, "Bad time", str(error), where) from None
    if seconds < 0 or (ahead is not None and seconds > now + ahead):
        detail = f"{text!r} lies before 1970 or after now, {utc(now).isoformat()}"
        raise Problem(422, "Bad time", detail, where)
    return at


def _text(known: Known, at: datetime) -> str:
    return at.astimezone(known.spec.zone).isoformat()
