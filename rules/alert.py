"""What an alert is: conditions on metric families, the labels it keeps, and how it is told.

The table (`table.py`) is made of these. They are printed as PromQL (`promql.py`) and evaluated on arrays
(`judge.py`); both give the same alerts with the same labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wolfpack.spec import Family

Op = Literal["<", "<=", ">", ">="]
Severity = Literal["critical", "warning", "info"]
Identity = frozenset[tuple[str, str]]
"""The labels of one alert, without empty ones: what Prometheus and Alertmanager tell alerts apart by."""

CHECKS = (
    "late", "missing", "rows", "schema", "range", "drift", "change", "quality", "fairness", "release", "live",
    "anomaly", "scalar", "job", "system",
)  # fmt: skip
"""What an alert can be about; values of the label `check`."""


@dataclass(frozen=True)
class Matcher:
    """Keeps series whose label has one of the values, or with `negated` none; "" is a label not set."""

    label: str
    values: tuple[str, ...]
    negated: bool = False

    def takes(self, value: str) -> bool:
        return (value in self.values) != self.negated


@dataclass(frozen=True)
class Selector:
    """Series of one family."""

    family: Family
    matchers: tuple[Matcher, ...] = ()

    def __post_init__(self) -> None:
        for matcher in self.matchers:
            if matcher.label not in self.family.labels:
                raise ValueError(
                    f"{self.family} has no label {matcher.label!r}; it has {', '.join(self.family.labels)}"
                )

    def holds(self, labels: Mapping[str, str]) -> bool:
        for its in self.matchers:  # noqa: SIM110 - asked of each series for each selector, and twice as fast
            if (labels.get(its.label, "") in its.values) == its.negated:
                return False
        return True


@dataclass(frozen=True)
class Relative:
    """Another family's value times `factor` plus `offset`, for the same labels."""

    selector: Selector
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Condition:
    """A family's value against a number, another family's value, or the time of evaluation."""

    selector: Selector
    op: Op
    operand: float | Relative | Literal["now"]


@dataclass(frozen=True)
class Absent:
    """Holds where the family has no value for the same labels."""

    selector: Selector


Clause = Condition | Absent


@dataclass(frozen=True)
class Alert:
    """One row of the table: one alert rule.

    Parameters
    ----------
    name, check, severity, owner : labels of every alert of the row.
    any_of : alternatives, each a conjunction of clauses that begins with a condition. The value of an alert
        is the left side of the first condition of the first alternative that holds.
    by : labels that are kept; families of the conditions have them all, others are aggregated away by max.
    summary : a static sentence.
    description : text with placeholders, see annotations.py.
    labels : static labels besides those above.
    keep_panes : whether it keeps firing for `Timing.keep_panes` panes.
    outlasts : whether it must hold longer than the lookback, during which old samples are still seen.
    worst : family whose five largest columns the description may name.
    """

    name: str
    check: str
    severity: Severity
    owner: str
    any_of: tuple[tuple[Clause, ...], ...]
    by: tuple[str, ...]
    summary: str
    description: str
    labels: tuple[tuple[str, str], ...] = ()
    keep_panes: bool = False
    outlasts: bool = False
    worst: Selector | None = None

    def __post_init__(self) -> None:
        if self.check not in CHECKS:
            raise ValueError(f"{self.name}: check {self.check!r} is unknown; known are {', '.join(CHECKS)}")
        if not self.any_of or any(not isinstance(clauses[0], Condition) for clauses in self.any_of):
            raise ValueError(f"{self.name}: each alternative must begin with a condition")
        for selector in self.selectors:
            lacking = set(self.by) - set(selector.family.labels)
            if lacking:
                raise ValueError(
                    f"{self.name}: {selector.family} lacks {sorted(lacking)}, which the alert keeps"
                )

    @property
    def live(self) -> bool:
        """Whether it is judged by the times of live models, on what only Prometheus keeps."""
        return self.check == "live"

    @property
    def selectors(self) -> list[Selector]:
        """Every selector that the conditions read, in order, each once."""
        found: dict[Selector, None] = {}
        for clauses in self.any_of:
            for clause in clauses:
                found[clause.selector] = None
                if isinstance(clause, Condition) and isinstance(clause.operand, Relative):
                    found[clause.operand.selector] = None
        return list(found)

    @property
    def static(self) -> dict[str, str]:
        """Labels that the rule itself sets, apart from the alert's name."""
        return {"severity": self.severity, "owner": self.owner, "check": self.check, **dict(self.labels)}

    def identity(self, kept: Mapping[str, str]) -> Identity:
        """Return the final labels of an alert whose expression gave these."""
        labels = {**kept, **self.static, "alertname": self.name}
        return frozenset((name, value) for name, value in labels.items() if value)
