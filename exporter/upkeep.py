"""A model's own series: what it is, and when its panes, jobs and scalars are due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from wolfpack.exporter.awaited import Awaited
from wolfpack.exporter.due import expected_roles
from wolfpack.exporter.history import Shown
from wolfpack.exporter.registry import Known, Registry
from wolfpack.exporter.runs import job_due_samples
from wolfpack.exporter.sample import Key, Sample, sample
from wolfpack.spec import names
from wolfpack.spec.keeping import Keeping


def model_samples(
    connection: Connection,
    registry: Registry,
    known: Known,
    awaited: Awaited,
    told: Mapping[Key, Shown],
    now: datetime,
    keeping: Keeping,
) -> list[Sample]:
    """Return `ml_model_info` and the due times of the roles, jobs and scalars that the spec makes a team send."""
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
        plan_id=baseline.plan_id(spec) if baseline else "",
        **model,
    )
    for role in expected_roles(spec):
        at = awaited.due(connection, known, role, now, keeping).timestamp()
        found += sample(names.WINDOW_DUE, at, None, role=role, **model)
    return found + job_due_samples(connection, known) + _scalars_due(known, told)


def _scalars_due(known: Known, told: Mapping[Key, Shown]) -> list[Sample]:
    """Return when each scalar with `stale_after` becomes too old; one that never came is that old since it is known."""
    spec = known.spec
    model = {"project": spec.project, "model": spec.model}
    found: list[Sample] = []
    for name, its in spec.scalars.items():
        if its.stale_after is not None:
            key = sample(names.SCALAR_TIME, 0, None, scalar=name, **model)[0].key
            since = told[key].value if key in told else known.since.get(f"scalar {name}", known.created)
            found += sample(
                names.SCALAR_DUE, since + its.stale_after.total_seconds(), None, scalar=name, **model
            )
    return found
