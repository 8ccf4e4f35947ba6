"""A model's own series: what it is, and when its panes are due."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from wolfpack.exporter import outcomes, store
from wolfpack.exporter.clock import utc
from wolfpack.exporter.due import due, expected_roles
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import Spec, names


def model_samples(connection: Connection, registry: Registry, known: Known, now: datetime) -> list[Sample]:
    """Return `ml_model_info` and the due time of each role that the spec makes a team send."""
    spec = known.spec
    model = {"project": spec.project, "model": spec.model}
    baseline = registry.baseline(connection, known.id)
    found = sample(
        names.MODEL_INFO,
        1,
        None,
        owner=spec.owned_by,
        task=spec.prediction.task if spec.prediction else "",
        spec_hash=spec.hash,
        plan_id=baseline.plan_for(known.spec).id if baseline else "",
        **model,
    )
    for role in expected_roles(spec):
        at = _due(connection, known, role, now).timestamp()
        found += sample(names.WINDOW_DUE, at, None, role=role, **model)
    return found


def matures(spec: Spec) -> timedelta:
    """Return how long labels take to mature."""
    return (spec.label.matures_after if spec.label else None) or timedelta(0)


def received(connection: Connection, known: Known, role: str, first: datetime) -> set[int]:
    """Return the starts of the panes from `first` on into which something of the role came."""
    since = int(first.timestamp())
    found = set() if role == "label" else store.received_panes(connection, known.id, role, since)
    if role != "input":
        found |= outcomes.marked_panes(connection, known.id, role, since)
    return found


def _due(connection: Connection, known: Known, role: str, now: datetime) -> datetime:
    spec, calendar = known.spec, known.spec.calendar
    extra = matures(spec) if role == "label" else timedelta(0)
    given_up = spec.revise + extra
    since = max(calendar.start(utc(known.created)), calendar.start(now - given_up - spec.every))
    return due(calendar, since, received(connection, known, role, since), now, given_up, extra)
