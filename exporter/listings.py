"""Endpoints that list what was told of a model: runs of jobs, deployments, feedback."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import flask
from sqlalchemy import ColumnElement, Row, Table

from wolfpack.exporter.paging import newest_first
from wolfpack.exporter.requests import argument, authorize, service
from wolfpack.exporter.schema import deployments, feedback, runs

blueprint = flask.Blueprint("listings", __name__)


@blueprint.get("/api/v1/jobs")
def get_jobs() -> flask.Response:
    """List the runs of a model's jobs, or of one job."""
    job = flask.request.args.get("job")
    return _listed("jobs", runs, [] if job is None else [runs.c.job == job], _run)


@blueprint.get("/api/v1/deployments")
def get_deployments() -> flask.Response:
    """List the stages that a model's versions entered."""
    return _listed("deployments", deployments, [], _deployment)


@blueprint.get("/api/v1/feedback")
def get_feedback() -> flask.Response:
    """List what people said of a model's findings."""
    return _listed("feedback", feedback, [], _judgement)


def _listed(
    name: str, table: Table, where: list[ColumnElement[bool]], entry: Callable[[Row[Any]], dict[str, Any]]
) -> flask.Response:
    project, model = argument("project"), argument("model")
    authorize("read", project)
    known = service().registry.get(project, model)
    with service().ledger.read() as connection:
        found, following = newest_first(connection, table, [table.c.model_id == known.id, *where], entry)
    return flask.jsonify({name: found, "next": following})


def _run(row: Row[Any]) -> dict[str, Any]:
    duration = None if row.began is None else row.ended - row.began
    told = {name: getattr(row, name) for name in ("job", "run", "succeeded", "rows", "note", "received")}
    return told | {"start": row.began, "end": row.ended, "duration": duration}


def _deployment(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("version", "stage", "note", "received")} | {
        "time": row.began
    }


def _judgement(row: Row[Any]) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("verdict", "note", "received")}
    return told | {"labels": json.loads(row.labels), "start": row.began, "end": row.ended}
