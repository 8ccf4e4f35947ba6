"""In which stage a version is: shadow, canary or live, from when on. What is shadow is not among all live versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from wolfpack.exporter import store
from wolfpack.exporter.outcomes import ESTIMATE, marked_panes
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import deployments, parts
from wolfpack.exporter.store import OUTPUT
from wolfpack.spec import names

Stage = Literal["shadow", "canary", "live"]
SHADOW: Stage = "shadow"
IMPLIED = "it sent rows before its first deployment was told"


@dataclass(frozen=True)
class Stages:
    """The stages of a model's versions.

    Parameters
    ----------
    entered : by version, when it entered which stage (epoch seconds), oldest first.
    """

    entered: Mapping[str, tuple[tuple[float, str], ...]]

    def shadow(self, version: str, first: float, end: float | None = None) -> bool:
        """Tell whether a version was shadow at a time, or at every moment of first <= time < end.

        Before its first stage a version is in that one already; a version without any is live.
        """
        found = self.entered.get(version, ())
        before = [stage for began, stage in found if began <= first] or [stage for _, stage in found[:1]]
        within = [stage for began, stage in found if end is not None and first < began < end]
        return bool(before) and {before[-1], *within} == {SHADOW}

    @property
    def any_shadow(self) -> bool:
        return any(stage == SHADOW for found in self.entered.values() for _, stage in found)


def load_stages(connection: Connection, model: int) -> Stages:
    """Return the stages of a model's versions."""
    c = deployments.c
    entered: dict[str, tuple[tuple[float, str], ...]] = {}
    for row in connection.execute(
        select(c.version, c.began, c.stage).where(c.model_id == model).order_by(c.began)
    ):
        entered[row.version] = (*entered.get(row.version, ()), (row.began, row.stage))
    return Stages(entered)


def enter(
    connection: Connection, known: Known, version: str, stage: Stage, at: datetime, note: str, now: float
) -> bool:
    """Store that a version enters a stage, and have the panes from then on computed again.

    A version that sent rows before it was ever deployed was live until then, which is stored with it.

    Returns
    -------
    bool
        Whether it replaces a stage told of the same moment.
    """
    pane = int(known.spec.calendar.start(at).timestamp())
    first = _first_pane(connection, known.id, version)
    if first is not None and first < pane and version not in load_stages(connection, known.id).entered:
        _store(connection, known.id, version, "live", float(first), IMPLIED, now)
    replaced = _store(connection, known.id, version, stage, at.timestamp(), note, now)
    c = parts.c
    panes = select(c.role, c.start).where(c.model_id == known.id, c.version == version, c.start >= pane)
    for row in connection.execute(panes.distinct()).all():
        store.mark_pending(connection, known.id, row.role, {row.start})
    for role, kind in (("label", "label"), (ESTIMATE, "prediction"), (OUTPUT, OUTPUT)):
        store.mark_pending(connection, known.id, role, marked_panes(connection, known.id, kind, pane))
    return replaced


def deployment_samples(connection: Connection, known: Known) -> list[Sample]:
    """Return in which stage the versions deployed last are, and since when."""
    c = deployments.c
    newest: dict[str, tuple[float, str]] = {}
    for row in connection.execute(
        select(c.version, c.began, c.stage).where(c.model_id == known.id).order_by(c.began)
    ):
        newest.pop(row.version, None)
        newest[row.version] = row.began, row.stage
    found: list[Sample] = []
    for version, (began, stage) in list(newest.items())[-known.spec.versions.keep :]:
        labels = {"project": known.spec.project, "model": known.spec.model}
        found += sample(names.DEPLOYMENT, began, None, version=version, stage=stage, **labels)
    return found


def _first_pane(connection: Connection, model: int, version: str) -> int | None:
    where = (parts.c.model_id == model, parts.c.version == version)
    return connection.execute(select(func.min(parts.c.start)).where(*where)).scalar()


def _store(
    connection: Connection, model: int, version: str, stage: Stage, began: float, note: str, now: float
) -> bool:
    keys = {"model_id": model, "version": version, "began": began}
    return store.replace_row(connection, deployments, keys, {"stage": stage, "note": note, "received": now})
