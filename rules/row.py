"""What rows of the alert table are made with: selectors pinned to a model, and the row itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from wolfpack.rules.alert import Alert, Clause, Condition, Matcher, Selector, Severity
from wolfpack.rules.told import TOLD
from wolfpack.spec import Family, Spec
from wolfpack.spec.vocabulary import Levels

Level = Literal["warning", "critical"]
LEVELS: tuple[Level, ...] = ("critical", "warning")


def is_(label: str, *values: str) -> Matcher:
    """Match series whose label has one of the values."""
    return Matcher(label, values)


def is_not(label: str, *values: str) -> Matcher:
    """Match series whose label has none of the values."""
    return Matcher(label, values, negated=True)


def select(spec: Spec, family: Family, *matchers: Matcher) -> Selector:
    """Return a selector pinned to the model and, unless a matcher says otherwise, to all live versions."""
    given = {matcher.label for matcher in matchers}
    pins = [is_("project", spec.project), is_("model", spec.model)]
    if "version" in family.labels and "version" not in given:
        pins.append(is_("version", ""))
    return Selector(family, (*pins, *matchers))


def own(
    spec: Spec, family: Family, levels: Mapping[str, Levels | None], level: Level
) -> list[tuple[Clause, ...]]:
    """Return an alternative for each threshold of this level that columns set themselves, by name of the column."""
    columns: dict[float, list[str]] = {}
    for name, one in sorted(levels.items()):
        threshold = getattr(one, level, None)
        if threshold is not None:
            columns.setdefault(threshold, []).append(name)
    return [
        (Condition(select(spec, family, is_("column", *named)), ">", threshold),)
        for threshold, named in sorted(columns.items())
    ]


def others(levels: Mapping[str, Levels | None]) -> tuple[Matcher, ...]:
    """Match columns that set no levels of their own, by name of the column."""
    named = sorted(name for name, one in levels.items() if one is not None)
    return (is_not("column", *named),) if named else ()


def row(
    spec: Spec, name: str, check: str, severity: Severity, any_of: list[tuple[Clause, ...]],
    by: tuple[str, ...], *, labels: tuple[tuple[str, str], ...] = (), outlasts: bool = False,
    worst: Selector | None = None,
) -> Iterator[Alert]:  # fmt: skip
    """Yield the row, or nothing if the spec gives no alternative a threshold."""
    if any_of:
        told = TOLD[name]
        yield Alert(
            name, check, severity, spec.owned_by, tuple(any_of), by, told.summary, told.description, labels,
            keep_panes=check in ("drift", "quality", "fairness"), outlasts=outlasts, worst=worst,
        )  # fmt: skip
