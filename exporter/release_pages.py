"""The endpoint that compares two versions of a model: what a gate of a release asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import flask
from sqlalchemy import Connection

from wolfpack.exporter import store
from wolfpack.exporter.assembly import Assembly
from wolfpack.exporter.clock import utc
from wolfpack.exporter.declaration import Group
from wolfpack.exporter.judging import judging_of
from wolfpack.exporter.outcomes import marked_panes
from wolfpack.exporter.parameters import AT, ONE, VERSION
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.release_answers import Comparison, OnSameKeys, Reason, named, traffic
from wolfpack.exporter.releases import Sides, column_lines, fairness_lines, quality_lines
from wolfpack.exporter.requests import argument, asked, optional, pane, service
from wolfpack.exporter.same_keys import same_keys
from wolfpack.stats import QualityCounts

T = TypeVar("T")
Pair = tuple[T, T]

group = Group("releases")
OLD = replace(VERSION, name="old", meaning="the version that is compared with", default=None)
NEW = replace(VERSION, name="new", meaning="the version that is to be released", default=None)
LAST = replace(AT, meaning="the last pane of the window; without it the newest with predictions", needed=False)


@group.declare("GET", "/api/v1/comparison", scope="read", parameters=(*ONE, OLD, NEW, LAST), answer=Comparison)
def get_comparison() -> flask.Response:
    """Compare two versions of a model over one window: quality, predictions, inputs, fairness, and the same keys."""
    known = asked("read")
    pair = argument(OLD), argument(NEW)
    if pair[0] == pair[1]:
        raise Problem(422, "One version", f"old and new are both {pair[0]!r}; name two versions", "new")
    text = optional(LAST)
    last = None if text is None else pane(known, text)
    its = service()
    assembly = Assembly(its.registry, its.engine.ids)
    with its.ledger.read() as connection:
        return flask.jsonify(_compare(connection, assembly, known, pair, last))


def _compare(
    connection: Connection, assembly: Assembly, known: Known, pair: Pair[str], last: datetime | None
) -> Comparison:
    spec, seen = known.spec, store.newest_panes(connection, known.id)
    marked = {kind: marked_panes(connection, known.id, kind, 0) for kind in ("prediction", "label")}
    there = [*marked["prediction"], *([seen["prediction"]] if "prediction" in seen else [])]
    newest = last if last is not None else utc(max(there)) if there else None
    if newest is None:
        raise Problem(404, "No predictions", f"{spec.project}/{spec.model} has no predictions yet", "project")
    newest = spec.calendar.start(newest)
    labelled = max((one for one in marked["label"] if one <= newest.timestamp()), default=None)
    labelled_pane = None if labelled is None else spec.calendar.start(utc(labelled))
    waiting = assembly.judged(connection, known, newest).versions
    known_labels: Mapping[str, QualityCounts] = {}
    if labelled_pane is not None:
        known_labels = assembly.judged(connection, known, labelled_pane).versions
    predictions, inputs = (assembly.versions(connection, known, role, newest) for role in ("prediction", "input"))
    sides = Sides(
        spec, pair, _both(predictions, pair), _both(inputs, pair), _both(waiting, pair), _both(known_labels, pair)
    )
    rows = {name: one.whole.predictions for name, one in waiting.items()}
    rows |= {name: one.rows(("", "")) for name, one in predictions.items()}
    quality, worse = quality_lines(sides)
    columns, moved = column_lines(sides, "prediction")
    fairness, unfair = fairness_lines(sides)
    return {
        "project": spec.project, "model": spec.model, "old": pair[0], "new": pair[1],
        "window_end": spec.calendar.end(newest).timestamp(),
        "labelled_end": None if labelled_pane is None else spec.calendar.end(labelled_pane).timestamp(),
        "traffic": traffic(*(rows.get(name, 0) for name in pair)),
        "labelled": traffic(*(known_labels[one].whole.labelled if one in known_labels else 0 for one in pair)),
        "quality": quality, "prediction": columns, "inputs": column_lines(sides, "input")[0],
        "same_keys": _same_keys(connection, known, pair, newest), "fairness": fairness,
        "reasons": [*_absent(pair, rows), *worse, *moved, *unfair],
    }  # fmt: skip


def _both(found: Mapping[str, T], pair: Pair[str]) -> Pair[T] | None:
    return (found[pair[0]], found[pair[1]]) if pair[0] in found and pair[1] in found else None


def _absent(pair: Pair[str], rows: dict[str, int]) -> list[Reason]:
    return [
        {"level": "critical", "check": "rows", "text": f"version {name} has no predictions in the window"}
        for name in pair
        if not rows.get(name)
    ]


def _same_keys(connection: Connection, known: Known, pair: Pair[str], newest: datetime) -> OnSameKeys:
    spec = known.spec
    first, end = spec.calendar.back(newest, spec.window_panes - 1), spec.calendar.end(newest)
    judging = judging_of(spec, service().registry.baseline(connection, known.id))
    found = same_keys(connection, known.id, judging, *pair, int(first.timestamp()), int(end.timestamp()))
    return {
        "rows": found.rows, "labelled": found.labelled,
        "agreement": named(found.agreement), "losses": named(found.losses),
    }  # fmt: skip
