"""What a model's page shows besides tables: a metric beside what it is compared with, runs of jobs, the spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import yaml
from sqlalchemy import Connection, select

from wolfpack.exporter.charts import Chart, chart
from wolfpack.exporter.history import SeriesIds, Shown
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Key
from wolfpack.exporter.schema import runs
from wolfpack.exporter.stages import Stages
from wolfpack.spec import FAMILIES, Family, Spec, names
from wolfpack.spec.measures import MEASURES

BAND_SD = 1.96
"""Standard errors each side of a measure: 95 % of a Gaussian."""
_BAND = (("expected", names.ANOMALY_EXPECTED), ("lower", names.ANOMALY_LOWER), ("upper", names.ANOMALY_UPPER))
_MEASURES = {one.value.name: one for one in MEASURES.values()}
_RUNS = 20
Wanted = list[tuple[str, Key]]


@dataclass(frozen=True)
class JobRun:
    """A run of a job as it was told; times in epoch seconds, `began` and `rows` None if it did not say."""

    job: str
    began: float | None
    ended: float
    succeeded: bool
    rows: int | None

    @property
    def took(self) -> timedelta | None:
        return None if self.began is None else timedelta(seconds=round(self.ended - self.began))


def job_runs(connection: Connection, known: Known) -> list[JobRun]:
    """Return the newest runs of the model's jobs, newest first, without their notes, which are a team's own."""
    c = runs.c
    query = select(c.job, c.began, c.ended, c.succeeded, c.rows).where(c.model_id == known.id)
    return [JobRun(*row) for row in connection.execute(query.order_by(c.ended.desc(), c.job).limit(_RUNS))]


def spec_text(spec: Spec) -> str:
    """Return a spec as its YAML says it, defaults left out."""
    told = spec.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return str(yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100))


def metric_chart(
    connection: Connection, ids: SeriesIds, known: Known, shown: Mapping[Key, Shown], metric: Family, stages: Stages
) -> Chart:  # fmt: skip
    """Return a metric over event time, of all versions and rows, with what it is compared with.

    That is its 95 % interval, its baseline and its estimate where it is a measure of quality, the band of a detector
    that watches it, the spec's levels, planned gaps, and when versions were deployed.
    """
    wanted = _whole(shown, metric)
    measure = _MEASURES.get(metric.name)
    for said, family in (("baseline", measure.baseline), ("estimate", measure.estimate)) if measure else ():
        wanted += [(said, key) for _, key in (_whole(shown, family) if family else [])]
    drawn = chart(connection, ids, known.id, metric.name, wanted + _bands(shown, metric))
    lines = list(drawn.lines)
    if measure is not None and lines:
        spread = chart(connection, ids, known.id, "", _whole(shown, measure.stderr))
        lines += _interval(drawn, spread)
    lines += [(name, (level,) * len(drawn.times)) for name, level in levels(known.spec, metric).items()]
    marks = [
        (int(began), f"version {version}: {stage}")
        for version, entered in stages.entered.items() for began, stage in entered
    ]  # fmt: skip
    return replace(drawn, lines=tuple(lines), gaps=tuple(gaps(known.spec, drawn.times)), marks=tuple(sorted(marks)))


def levels(spec: Spec, metric: Family) -> dict[str, float]:
    """Return the values from which on a spec alerts on a metric, by severity."""
    measure = _MEASURES.get(metric.name)
    asked = spec.quality.get(measure.name) if measure else None
    if asked is not None:
        bounds = {"warning": asked.warning, "critical": asked.critical}
        return {name: bound.value for name, bound in bounds.items() if bound is not None}
    if metric == names.DRIFTED_COLUMNS:
        given = {"warning": spec.drift.columns.warning, "critical": spec.drift.columns.critical}
        return {name: level for name, level in given.items() if level is not None}
    return {}


def gaps(spec: Spec, times: Sequence[int]) -> list[tuple[int, int]]:
    """Return begin and end of the planned gaps between the first and the last of some times."""
    found = []
    for day in sorted(spec.skip):
        begin = datetime(day.year, day.month, day.day, tzinfo=spec.zone)
        end = begin + timedelta(days=1)
        if times and begin.timestamp() < times[-1] and end.timestamp() > times[0]:
            found.append((int(begin.timestamp()), int(end.timestamp())))
    return found


def _whole(shown: Mapping[Key, Shown], family: Family) -> Wanted:
    """Return the series of a family that are about all versions, rows and classes, by what tells them apart."""
    found = []
    for key in shown:
        if key[0] == family.name:
            labels = dict(zip(family.labels, key[1], strict=True))
            if not any(labels.get(name) for name in ("version", "segment", "class")):
                told = [labels[name] for name in ("role", "baseline") if labels.get(name)]
                found.append((" ".join(told) or family.name, key))
    return sorted(found)


def _bands(shown: Mapping[Key, Shown], metric: Family) -> Wanted:
    """Return what detectors say of the metric itself; of one of its columns the column's own page is about."""
    found = []
    for said, family in _BAND:
        for key in shown:
            if key[0] == family.name:
                labels = dict(zip(FAMILIES[key[0]].labels, key[1], strict=True))
                if labels["metric"] == metric.name and not labels["column"]:
                    found.append((f"{labels['role']} {said}".strip(), key))
    return sorted(found)


def _interval(drawn: Chart, spread: Chart) -> list[tuple[str, tuple[float | None, ...]]]:
    """Return both ends of the interval of the first line of a chart."""
    errors = dict(zip(spread.times, spread.lines[0][1], strict=True)) if spread.lines else {}
    found = []
    for said, sign in (("lower", -1), ("upper", 1)):
        ends: list[float | None] = []
        for time, value in zip(drawn.times, drawn.lines[0][1], strict=True):
            error = errors.get(time)
            ends.append(None if value is None or error is None else value + sign * BAND_SD * error)
        found.append((said, tuple(ends)))
    return found
