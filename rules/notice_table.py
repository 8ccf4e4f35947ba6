"""The rows of the alert table on what teams and jobs tell: scalars out of bounds or too old, and runs of jobs."""

from __future__ import annotations

from collections.abc import Iterator

from wolfpack.rules.alert import Absent, Alert, Clause, Condition, Op, Relative
from wolfpack.rules.row import LEVELS, is_, row, select
from wolfpack.spec import Spec, names


def scalar_out(spec: Spec) -> Iterator[Alert]:
    """An alternative for each bound, which scalars that share it share; in every segment that is sent."""
    for level in LEVELS:
        bounds: dict[tuple[Op, float], list[str]] = {}
        for name, scalar in sorted(spec.scalars.items()):
            bound = getattr(scalar, level)
            if bound is not None:
                bounds.setdefault((bound.op, bound.value), []).append(name)
        any_of: list[tuple[Clause, ...]] = [
            (Condition(select(spec, names.SCALAR_VALUE, is_("scalar", *named)), op, value),)
            for (op, value), named in sorted(bounds.items())
        ]
        yield from row(spec, "ModelScalarOutOfBounds", "scalar", level, any_of, names.SCALAR)


def scalar_old(spec: Spec) -> Iterator[Alert]:
    if any(scalar.stale_after is not None for scalar in spec.scalars.values()):
        due = select(spec, names.SCALAR_DUE)
        any_of: list[tuple[Clause, ...]] = [(Condition(due, "<", "now"),)]
        yield from row(spec, "ModelScalarStale", "scalar", "warning", any_of, names.SCALAR_DUE.labels)


def job_failed(spec: Spec) -> Iterator[Alert]:
    """The newest run is newer than the newest success, or there was none: of every job that tells its runs."""
    run, success = select(spec, names.JOB_LAST_RUN), select(spec, names.JOB_LAST_SUCCESS)
    any_of: list[tuple[Clause, ...]] = [
        (Condition(run, ">", Relative(success)),),
        (Condition(run, ">", 0.0), Absent(success)),
    ]
    yield from row(spec, "ModelJobFailed", "job", "warning", any_of, names.JOB)


def job_late(spec: Spec) -> Iterator[Alert]:
    if any(job.schedule is not None for job in spec.jobs.values()):
        any_of: list[tuple[Clause, ...]] = [(Condition(select(spec, names.JOB_DUE), "<", "now"),)]
        yield from row(spec, "ModelJobLate", "job", "warning", any_of, names.JOB)


def job_slow(spec: Spec) -> Iterator[Alert]:
    limits: dict[float, list[str]] = {}
    for name, job in sorted(spec.jobs.items()):
        if job.longest is not None:
            limits.setdefault(job.longest.total_seconds(), []).append(name)
    any_of: list[tuple[Clause, ...]] = [
        (Condition(select(spec, names.JOB_DURATION, is_("job_name", *named)), ">", limit),)
        for limit, named in sorted(limits.items())
    ]
    yield from row(spec, "ModelJobSlow", "job", "warning", any_of, names.JOB)
