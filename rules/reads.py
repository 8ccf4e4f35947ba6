"""Which series a spec's rules and detectors read, and how many of these it has for sure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wolfpack.rules.alert import Alert, Condition, Relative, Selector
from wolfpack.rules.table import alerts_for
from wolfpack.spec import FAMILIES, Family, Spec, names
from wolfpack.spec.watching import Detect

Reads = Callable[[Family, Mapping[str, str]], bool]
_OF_SEGMENT = (names.WINDOW_ROWS, names.PANE_ROWS)
_OF_ROLE = (
    *_OF_SEGMENT,
    names.WINDOW_PANES,
    names.WINDOW_PANES_EXPECTED,
    names.WINDOW_END,
    names.WINDOW_RECEIVED,
)
_OF_FAULTS = (names.COLUMN_VANISHED, names.COLUMN_APPEARED)
"""Families without a series while all is well."""


def reads(spec: Spec) -> Reads:
    """Return what tells of a family and its labels whether a rule or a detector of the spec reads the series."""
    by_family: dict[Family, list[Selector]] = {}
    for selector in (one for alert in alerts_for(spec) if not alert.live for one in _selectors(alert)):
        by_family.setdefault(selector.family, []).append(selector)

    def read(family: Family, labels: Mapping[str, str]) -> bool:
        return any(one.holds(labels) for one in by_family.get(family, ())) or any(
            _watches(one, family, labels) for one in spec.detect
        )

    return read


def reading(spec: Spec) -> frozenset[str]:
    """Return the names of the families that a rule or a detector of the spec reads."""
    by_rules = {one.family.name for alert in alerts_for(spec) for one in _selectors(alert)}
    return frozenset(by_rules | {one.metric for one in spec.detect})


def least_series(spec: Spec) -> int:
    """Return how many series a model has, once it has a reference, that are never dropped before all others.

    Counted is what the spec names: its jobs, its scalars, and its columns, in all rows and in one value of each
    segment that names them. A table may have more of both.
    """
    read, roles = reads(spec), ["input"] + ["prediction"] * (spec.prediction is not None)
    found = 1 + len(roles) + (spec.label is not None) + _of_told(read, spec)
    for role in roles:
        columns = [one for one in spec.columns if spec.role_of(one) == role]
        found += len(_OF_ROLE) + _of_columns(read, spec, role, columns, "")
        for segment, its in spec.segments.items():
            named = [column for column in its.columns if spec.role_of(column) == role]
            found += len(_OF_SEGMENT) + _of_columns(read, spec, role, named, segment)
    return found


def _of_columns(read: Reads, spec: Spec, role: str, columns: list[str], segment: str) -> int:
    """Return how many series of these columns are read, of those that are there while all is well."""
    given = {"project": spec.project, "model": spec.model, "version": "", "role": role, "segment": segment}
    return sum(
        read(family, given | {"column": column, "baseline": "reference"})
        for family in FAMILIES.values()
        if family.labels in (names.COLUMN, names.DRIFT) and family not in _OF_FAULTS
        for column in columns
        if family is not names.COLUMN_OUT_OF_RANGE or column in spec.ranges
    )


def _of_told(read: Reads, spec: Spec) -> int:
    """Return how many series of the jobs and scalars of a spec, of all rows, are read or say that one is due."""
    due = sum(job.schedule is not None for job in spec.jobs.values())
    due += sum(scalar.stale_after is not None for scalar in spec.scalars.values())
    model = {"project": spec.project, "model": spec.model}
    named = [{"job_name": job} for job in spec.jobs] + [{"scalar": scalar} for scalar in spec.scalars]
    return due + sum(
        read(family, model | name)
        for family in FAMILIES.values()
        if family.labels in (names.JOB, names.SCALAR) and family is not names.JOB_DUE
        for name in named
        if name.keys() <= set(family.labels)
    )


def _selectors(alert: Alert) -> Iterator[Selector]:
    for clause in (clause for clauses in alert.any_of for clause in clauses):
        yield clause.selector
        if isinstance(clause, Condition) and isinstance(clause.operand, Relative):
            yield clause.operand.selector
    if alert.worst is not None:
        yield alert.worst


def _watches(detect: Detect, family: Family, labels: Mapping[str, str]) -> bool:
    """Tell whether a detector watches a series: of all versions and rows, and of what it names."""
    return (
        family.name == detect.metric
        and not labels.get("version")
        and not labels.get("segment")
        and detect.role in (None, labels.get("role"))
        and (detect.columns is None or labels.get("column") in detect.columns)
        and (detect.names is None or labels.get("scalar", labels.get("job_name")) in detect.names)
    )
