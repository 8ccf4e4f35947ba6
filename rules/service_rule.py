"""What an alert on Wolfpack itself is, and the series that it is proved with."""

from __future__ import annotations

from dataclasses import dataclass

from wolfpack.rules.alert import Severity

Course = tuple[float, float]
"""A value at the start, and by how much it grows from one evaluation to the next."""


@dataclass(frozen=True)
class Case:
    """The series that a rule is proved with: its course while all is well, and one that the rule fires on.

    None is a series that is not there; `beside` are other series that the rule reads, by family, labels and the
    course that they have in both.
    """

    family: str
    labels: tuple[tuple[str, str], ...]
    well: Course | None
    ill: Course
    beside: tuple[tuple[str, tuple[tuple[str, str], ...], Course], ...] = ()


@dataclass(frozen=True)
class ServiceRule:
    """One alert on the service.

    Parameters
    ----------
    cases : series of which each fires the rule by itself when it is ill; none for a rule that always fires.
    holds : False for one that is to fire at once.
    """

    name: str
    severity: Severity
    expr: str
    summary: str
    description: str
    cases: tuple[Case, ...]
    holds: bool = True
