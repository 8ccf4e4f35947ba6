"""Numbers that a team itself sends: kept by their own event times, shown while they are new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from wolfpack.exporter import history
from wolfpack.exporter.history import Shown
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Key, Sample, sample, stored_key
from wolfpack.exporter.schema import samples, series
from wolfpack.exporter.stages import Stages
from wolfpack.spec import Spec, names

MOST_SERIES = 1_000
"""Scalars of one model, versions and segments counted apart: a name must not hold an id or a time."""
_VERSION = names.SCALAR.index("version")


@dataclass(frozen=True)
class Scalar:
    """One value: of what, at which event time (epoch seconds), and at which step if it has one."""

    name: str
    value: float
    time: int
    step: int | None = None
    segment: str = ""
    segment_value: str = ""


def scalar_history(spec: Spec, version: str, found: Iterable[Scalar], stages: Stages) -> list[Sample]:
    """Return the samples of values: under their version and, unless it is shadow then, under all live ones."""
    made: list[Sample] = []
    for one in found:
        for its in (version,) if stages.shadow(version, one.time) else (version, ""):
            labels = {
                "project": spec.project,
                "model": spec.model,
                "version": its,
                "segment": one.segment,
                "segment_value": one.segment_value,
                "scalar": one.name,
            }
            made += sample(names.SCALAR_VALUE, one.value, one.time, **labels)
            made += sample(names.SCALAR_STEP, one.step, one.time, **labels)
    return made


def add_scalars(
    connection: Connection, ids: history.SeriesIds, model: int, found: list[Sample], now: float
) -> None:
    """Store values in the event history.

    Raises
    ------
    ValueError
        If the model would get more series than `MOST_SERIES`.
    """
    where = (series.c.model_id == model, series.c.family == names.SCALAR_VALUE.name)
    before = {
        stored_key(*row) for row in connection.execute(select(series.c.family, series.c.labels).where(*where))
    }
    after = before | {one.key for one in found if one.family is names.SCALAR_VALUE}
    if len(after) > max(MOST_SERIES, len(before)):
        raise ValueError(
            f"{len(after)} series of scalars; a model has {MOST_SERIES} at most. A name must not hold an id, a time "
            "or a value"
        )
    history.tell(connection, ids, model, found, now)


def scalar_samples(connection: Connection, known: Known) -> list[Sample]:
    """Return the newest value of each scalar, its time and its step; single versions only where there are several."""
    newest = _newest(connection, known.id)
    live = _live(known.spec, newest)
    found: list[Sample] = []
    for (name, labels), shown in newest.items():
        if name == names.SCALAR_VALUE.name and labels[_VERSION] in live[_without_version(labels)]:
            found.append(Sample(names.SCALAR_VALUE, labels, shown.value, shown.window_end))
            found.append(Sample(names.SCALAR_TIME, labels, float(shown.window_end or 0), shown.window_end))
            step = newest.get((names.SCALAR_STEP.name, labels))
            if step is not None and step.window_end == shown.window_end:
                found.append(Sample(names.SCALAR_STEP, labels, step.value, step.window_end))
    return found


def _without_version(labels: tuple[str, ...]) -> tuple[str, ...]:
    return (*labels[:_VERSION], *labels[_VERSION + 1 :])


def _live(spec: Spec, newest: dict[Key, Shown]) -> dict[tuple[str, ...], set[str]]:
    """Return the versions to show of each scalar: "" for all together, and the newest of those that send it."""
    ends: dict[tuple[str, ...], dict[str, int]] = {}
    for (name, labels), shown in newest.items():
        if name == names.SCALAR_VALUE.name:
            its = ends.setdefault(_without_version(labels), {})
            if labels[_VERSION]:
                its[labels[_VERSION]] = shown.window_end or 0
    found = {}
    for rest, its in ends.items():
        oldest = max(its.values(), default=0) - 2 * spec.window.total_seconds()
        live = sorted((one for one in its if its[one] >= oldest), key=lambda one: (its[one], one))
        found[rest] = {"", *(live[-spec.versions.keep :] if len(live) > 1 else ())}
    return found


def _newest(connection: Connection, model: int) -> dict[Key, Shown]:
    """Return the newest value of each series of scalars."""
    its = samples.alias()
    last = select(func.max(its.c.window_end)).where(its.c.series_id == series.c.id).correlate(series)
    families = (names.SCALAR_VALUE.name, names.SCALAR_STEP.name)
    query = (
        select(series.c.family, series.c.labels, samples.c.window_end, samples.c.value)
        .join(samples, samples.c.series_id == series.c.id)
        .where(series.c.model_id == model, series.c.family.in_(families))
        .where(samples.c.window_end == last.scalar_subquery(), samples.c.value.is_not(None))
        .order_by(samples.c.computed)
    )
    return {
        stored_key(row.family, row.labels): Shown(row.value, row.window_end)
        for row in connection.execute(query)
    }
