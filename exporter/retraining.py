"""Whether training anew is due: the spec's policy over the newest labelled window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from wolfpack.exporter import history, quality
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import deployments, judged, references
from wolfpack.spec import names
from wolfpack.spec.vocabulary import Bound
from wolfpack.stats import ALL, Estimate

WHOLE: quality.Place = (("", ALL), "")
"""All rows of all live versions."""


def retrain_samples(
    connection: Connection, ids: history.SeriesIds, known: Known,
    measured: Mapping[quality.Place, Mapping[str, Estimate]], pane: datetime,
) -> list[Sample]:  # fmt: skip
    """Return for each reason of the spec's policy whether training is due, and how many labels there are for it."""
    spec, policy = known.spec, known.spec.retrain
    if policy is None:
        return []
    end = int(spec.calendar.end(pane).timestamp())
    trained = last_trained(connection, known.id)
    labels = _labels_since(connection, known.id, trained, end)
    ready = end - trained >= policy.every.total_seconds() and labels >= policy.labels
    its = measured.get(WHOLE, {})
    reasons: dict[str, bool] = {}
    if policy.quality:
        reasons["quality"] = any(_beyond(its.get(name), bound) for name, bound in policy.quality.items())
    if policy.drift is not None:
        share = _drifted(connection, ids, known, end)
        reasons["drift"] = share is not None and share > policy.drift
    where = {"project": spec.project, "model": spec.model}
    found = sample(names.NEW_LABELS, labels, end, **where)
    for reason, holds in reasons.items():
        found += sample(names.RETRAIN, float(ready and holds), end, reason=reason, **where)
    return found


def last_trained(connection: Connection, model: int) -> float:
    """Return when a model's newest reference was registered or its newest version deployed, epoch seconds; 0: never."""
    newest = (
        select(func.max(references.c.registered)).where(references.c.model_id == model),
        select(func.max(deployments.c.began)).where(deployments.c.model_id == model),
    )
    return max(float(connection.execute(one).scalar() or 0.0) for one in newest)


def _labels_since(connection: Connection, model: int, trained: float, end: int) -> int:
    c = judged.c
    where = (c.model_id == model, c.start >= trained, c.start < end)
    return int(connection.execute(select(func.sum(c.labelled)).where(*where)).scalar() or 0)


def _beyond(found: Estimate | None, bound: Bound) -> bool:
    if found is None:
        return False
    return found.value < bound.value if bound.op == "<" else found.value > bound.value


def _drifted(connection: Connection, ids: history.SeriesIds, known: Known, end: int) -> float | None:
    """Return the share of drifted input columns of the window that ends then, as it was computed."""
    labels = {
        "project": known.spec.project, "model": known.spec.model, "version": "", "role": "input",
        "baseline": "reference",
    }  # fmt: skip
    (one,) = sample(names.DRIFTED_COLUMNS, 0.0, end, **labels)
    return history.event_values(connection, ids, known.id, [one.key], [end]).get((one.key, end))
