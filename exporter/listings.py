"""Endpoints that list what was told of a model: runs of jobs, deployments, feedback."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import flask
from sqlalchemy import ColumnElement, Row, Table

from wolfpack.exporter.answers import Deployments, Run, Runs, Stage, Verdict, Verdicts
from wolfpack.exporter.declaration import Group, Parameter
from wolfpack.exporter.paging import newest_first
from wolfpack.exporter.parameters import ONE, PAGE
from wolfpack.exporter.requests import asked, optional, service
from wolfpack.exporter.schema import deployments, feedback, runs

group = Group("listings")
OF_JOB = Parameter("job", "only the runs of this job", needed=False)


@group.declare("GET", "/api/v1/jobs", scope="read", parameters=(*ONE, OF_JOB, *PAGE), answer=Runs)
def get_jobs() -> flask.Response:
    """List the runs of a model's jobs, or of one job, newest first."""
    job = optional(OF_JOB)
    return _listed("jobs", runs, [] if job is None else [runs.c.job == job], _run)


@group.declare("GET", "/api/v1/deployments", scope="read", parameters=(*ONE, *PAGE), answer=Deployments)
def get_deployments() -> flask.Response:
    """List the stages that a model's versions entered, newest first."""
    return _listed("deployments", deployments, [], _deployment)


@group.declare("GET", "/api/v1/feedback", scope="read", parameters=(*ONE, *PAGE), answer=Verdicts)
def get_feedback() -> flask.Response:
    """List what people said of a model's findings, newest first."""
    return _listed("feedback", feedback, [], _judgement)


def _listed(
    name: str, table: Table, where: list[ColumnElement[bool]], entry: Callable[[Row[Any]], Mapping[str, Any]]
) -> flask.Response:
    known = asked("read")
    with service().ledger.read() as connection:
        found, following = newest_first(connection, table, [table.c.model_id == known.id, *where], entry)
    return flask.jsonify({name: found, "next": following})


def _run(row: Row[Any]) -> Run:
    return {
        "job": row.job,
        "run": row.run,
        "start": row.began,
        "end": row.ended,
        "duration": None if row.began is None else row.ended - row.began,
        "succeeded": row.succeeded,
        "rows": row.rows,
        "note": row.note,
        "received": row.received,
    }


def _deployment(row: Row[Any]) -> Stage:
    return {
        "version": row.version,
        "stage": row.stage,
        "time": row.began,
        "note": row.note,
        "received": row.received,
    }


def _judgement(row: Row[Any]) -> Verdict:
    return {
        "labels": json.loads(row.labels),
        "start": row.began,
        "end": row.ended,
        "verdict": row.verdict,
        "note": row.note,
        "received": row.received,
    }
