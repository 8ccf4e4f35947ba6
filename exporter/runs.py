"""Runs of a model's jobs: did they run, did they succeed, how long did they take, when is the next one late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cronsim import CronSim
from sqlalchemy import Connection, Row, func, select

from wolfpack.exporter import history, store
from wolfpack.exporter.clock import utc
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import runs
from wolfpack.spec import Spec, names

EARLY = timedelta(minutes=1)
"""A run that began so much before its time counts for it: clocks of schedulers differ."""


@dataclass(frozen=True)
class Run:
    """One run of a job; times in epoch seconds, `began` None if the job did not say."""

    job: str
    run: str
    began: float | None
    ended: float
    succeeded: bool
    rows: int | None = None
    note: str = ""


def add_run(connection: Connection, ids: history.SeriesIds, known: Known, run: Run, now: float) -> bool:
    """Keep a run, with its duration and rows in the event history; return whether it replaces one told before."""
    c = runs.c
    same = select(c.ended).where(c.model_id == known.id, c.job == run.job, c.run == run.run)
    before = connection.execute(same).scalar()
    if before is not None:
        keys = [one.key for one in _measured(known.spec, replace(run, began=0.0, rows=0))]
        history.untell(connection, ids, known.id, keys, int(before), now)
    history.tell(connection, ids, known.id, _measured(known.spec, run), now)
    values = asdict(run) | {"received": now}
    keys_of = {"model_id": known.id, "job": values.pop("job"), "run": values.pop("run")}
    return store.replace_row(connection, runs, keys_of, values)


def run_samples(connection: Connection, known: Known) -> list[Sample]:
    """Return what is shown of each job: its newest run, and its newest success."""
    found: list[Sample] = []
    for row in _newest(connection, known.id):
        found += sample(names.JOB_LAST_RUN, int(row.ended), int(row.ended), **_labels(known.spec, row.job))
        found += _measured(known.spec, Run(row.job, row.run, row.began, row.ended, row.succeeded, row.rows))
    for row in _newest(connection, known.id, runs.c.succeeded):
        found += sample(names.JOB_LAST_SUCCESS, int(row.ended), int(row.ended), **_labels(known.spec, row.job))
    return found


def job_due_samples(connection: Connection, known: Known) -> list[Sample]:
    """Return when each job that the spec schedules counts as late."""
    scheduled = {job: its for job, its in known.spec.jobs.items() if its.schedule is not None}
    if not scheduled:
        return []
    done = {row.job: row for row in _newest(connection, known.id, runs.c.succeeded)}
    found: list[Sample] = []
    for job, its in scheduled.items():
        last = done.get(job)
        # A run counts for the time it began at: one that began yesterday and ends today is not today's.
        began = None if last is None else last.ended if last.began is None else last.began
        since = max(
            known.since.get(f"job {job}", known.created),
            0 if began is None else began + EARLY.total_seconds(),
        )
        due = next_run(known.spec, its.schedule or "", utc(since)) + (its.grace or known.spec.grace)
        found += sample(names.JOB_DUE, due.timestamp(), None, **_labels(known.spec, job))
    return found


def next_run(spec: Spec, schedule: str, after: datetime) -> datetime:
    """Return the first scheduled time after another, in the spec's zone, that is on no skipped day."""
    for at in CronSim(schedule, after.astimezone(spec.zone)):
        if at.date() not in spec.skip:
            return at
    raise AssertionError("a schedule has no end")


def _measured(spec: Spec, run: Run) -> Iterator[Sample]:
    labels, end = _labels(spec, run.job), int(run.ended)
    took = None if run.began is None else run.ended - run.began
    yield from sample(names.JOB_DURATION, took, end, **labels)
    yield from sample(names.JOB_ROWS, run.rows, end, **labels)


def _labels(spec: Spec, job: str) -> dict[str, str]:
    return {"project": spec.project, "model": spec.model, "job_name": job}


def _newest(connection: Connection, model: int, *where: Any) -> list[Row[Any]]:
    """Return the run of each job that ended last."""
    c = runs.c
    last = select(c.job, func.max(c.ended).label("ended")).where(c.model_id == model, *where).group_by(c.job)
    newest = last.subquery()
    query = (
        select(runs)
        .join(newest, (newest.c.job == c.job) & (newest.c.ended == c.ended))
        .where(c.model_id == model, *where)
        .order_by(c.job, c.id)
    )
    return list({row.job: row for row in connection.execute(query)}.values())
