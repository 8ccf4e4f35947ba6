"""Made histories that hold all alerts of a model: silent, boundary, fires, missing, restart.

For each row of the table the smallest set of series is found that fires it; sets that do not contradict
each other are packed into one test. What must fire then is computed by the table's own function, so that
`promtool test rules` proves the printed expressions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wolfpack.rules.alert import Absent, Alert, Clause, Condition, Matcher, Op, Relative, Selector
from wolfpack.rules.timing import Timing

Labels = tuple[tuple[str, str], ...]
SeriesKey = tuple[str, Labels]
"""Family name and labels of a series."""
_ROLES = ("input", "prediction", "label")
_APART = 1e-4
"""Share by which values of columns differ."""
_DOWN = 5
"""Failed scrapes in a row that must not resolve anything."""


@dataclass(frozen=True)
class Example:
    """Values of the series that one alternative of one alert reads: firing, just not firing, and healthy."""

    fires: dict[SeriesKey, float]
    boundary: dict[SeriesKey, float]
    silent: dict[SeriesKey, float]


@dataclass(frozen=True)
class Course:
    """When the series of one target have samples: how many evaluations they have, then have none, and so on."""

    instance: str
    runs: tuple[tuple[bool, int], ...]


@dataclass(frozen=True)
class Scenario:
    """A test on the grid of evaluations.

    Parameters
    ----------
    values : of each series, the same in all its samples.
    courses : each series is of each target, and has samples when its course says so.
    checks : the evaluations to look at.
    worded : whether at what alerts say too.
    """

    name: str
    values: dict[SeriesKey, float]
    courses: tuple[Course, ...]
    checks: tuple[int, ...]
    worded: bool = False

    @property
    def length(self) -> int:
        """Evaluations."""
        return sum(count for _, count in self.courses[0].runs)


def scenarios(alerts: Sequence[Alert], timing: Timing) -> list[Scenario]:
    """Return the scenarios of a model; one that needs contradictory values is split into several."""
    settled = math.ceil((timing.lookback + timing.for_) / timing.evaluation) + 2
    made = list(examples(alerts, settled * timing.evaluation))
    always = (Course("", ((True, settled + 1),)),)
    found = []
    for name in ("silent", "boundary", "fires"):
        for place, values in enumerate(_packed([getattr(example, name) for example in made])):
            found.append(Scenario(_numbered(name, place), values, always, (settled,), worded=name == "fires"))
    for place, values in enumerate(_packed([example.fires for example in made])):
        found.append(_missing(_numbered("missing", place), values, settled, timing))
        found.append(_restart(_numbered("restart", place), values, settled))
    return found


def _missing(name: str, values: dict[SeriesKey, float], settled: int, timing: Timing) -> Scenario:
    """Failed scrapes change nothing; series gone for longer than the lookback resolve."""
    after = math.ceil(timing.lookback / timing.evaluation) + 2
    down = min(_DOWN, after - 3)
    course = Course("", ((True, settled + 1), (False, down), (True, 2), (False, after)))
    back = settled + down + 2
    return Scenario(name, values, (course,), (settled + down, back, back + after))


def _restart(name: str, values: dict[SeriesKey, float], settled: int) -> Scenario:
    """A pod with another name takes over: the same alerts, once."""
    before = Course("a:9906", ((True, settled), (False, 5)))
    after = Course("b:9906", ((False, settled), (True, 5)))
    return Scenario(name, values, (before, after), (settled - 1, settled, settled + 4))


def _numbered(name: str, place: int) -> str:
    return f"{name} ({place + 1})" if place else name


def _packed(sets: Iterable[dict[SeriesKey, float]]) -> list[dict[SeriesKey, float]]:
    """Merge sets of values first-fit, as long as no series gets two values."""
    packed: list[dict[SeriesKey, float]] = []
    for values in sets:
        for into in packed:
            if all(into.get(key, value) == value for key, value in values.items()):
                into.update(values)
                break
        else:
            packed.append(dict(values))
    return packed


def examples(alerts: Sequence[Alert], now: float) -> Iterable[Example]:
    """Yield an example of each alternative of each alert; `now` is when it is judged, epoch seconds."""
    place = 0
    ranked = {alert.worst.family.name for alert in alerts if alert.worst is not None}
    for alert in alerts:
        for clauses in alert.any_of:
            place += 1
            # Largest values are named in their order, and Prometheus gives equal ones any.
            apart = 1 + place * _APART if clauses[0].selector.family.name in ranked else 1.0
            yield _example(alert, clauses, place, now, apart)


def _example(alert: Alert, clauses: tuple[Clause, ...], place: int, now: float, apart: float) -> Example:
    subject = clauses[0].selector
    others = _others(clauses, subject)
    op, limit = _limit(clauses, subject, others, now)
    kept = _kept_labels(alert, clauses, place)
    rest = {_key(selector, kept): value for selector, value in others.items()}
    key, healthy = _key(subject, kept), _key(subject, kept, healthy=True)
    beyond = _beyond(op, limit) * (apart if op == ">" else 1.0)
    within = _beyond(">" if op in ("<", "<=") else "<", limit)
    at = limit if op in ("<", ">") else math.nextafter(limit, within)
    # A series that is wrong by its labels (another hash) is healthy by having the right ones.
    silent = {healthy: beyond if healthy != key else _healthy(clauses[0], others, within)}
    return Example({key: beyond, **rest}, {key: at, **rest}, silent | rest)


def _others(clauses: tuple[Clause, ...], subject: Selector) -> dict[Selector, float]:
    """Return a value for each selector besides the subject: enough for its conditions, or out of the way."""
    limits = [
        clause.operand
        for clause in clauses
        if isinstance(clause, Condition) and clause.selector == subject and isinstance(clause.operand, float)
    ]
    found: dict[Selector, float] = {}
    for clause in clauses:
        if isinstance(clause, Condition) and isinstance(clause.operand, Relative):
            best = 1.0 if clause.op in ("<", "<=") else 0.0  # of a quality metric
            found.setdefault(clause.operand.selector, abs(min(limits)) / 2 if limits else best)
    for clause in clauses:
        if isinstance(clause, Condition) and clause.selector != subject and isinstance(clause.operand, float):
            found[clause.selector] = _beyond(clause.op, clause.operand)
    return found


def _limit(
    clauses: tuple[Clause, ...], subject: Selector, others: dict[Selector, float], now: float
) -> tuple[Op, float]:
    """Return the side and the limit beyond which the subject fires."""
    limits: list[float] = []
    op: Op = ">"
    for clause in clauses:
        if isinstance(clause, Absent) or clause.selector != subject:
            continue
        op, operand = clause.op, clause.operand
        if isinstance(operand, Relative):
            limits.append(others[operand.selector] * operand.factor + operand.offset)
        else:
            limits.append(now if operand == "now" else operand)
    return op, min(limits) if op in ("<", "<=") else max(limits)


def _healthy(first: Clause, others: dict[Selector, float], within: float) -> float:
    """Return a value of the subject that fires no other row either: its baseline, or zero where healthy."""
    if isinstance(first, Condition) and isinstance(first.operand, Relative):
        return others[first.operand.selector]
    if isinstance(first, Condition) and isinstance(first.operand, float):
        if first.op == "<" and 0 <= first.operand < 1:
            return 1.0  # of a ratio that should be high, which another level bounds too
        return 0.0 if (first.operand > 0) == (first.op in (">", ">=")) else within
    return within


def _beyond(op: Op, limit: float) -> float:
    """Return a plain number on the side of the limit that `op` names, within 0 to 1 if the limit is."""
    if op == ">=" or op == "<=":
        return limit
    if op == "<":
        return limit / 2 if limit > 0 else limit * 2 - 1
    return (limit + 1) / 2 if 0 <= limit < 1 else limit * 2 if limit > 0 else limit / 2


def _kept_labels(alert: Alert, clauses: tuple[Clause, ...], place: int) -> dict[str, str]:
    """Return values for the labels that the alert keeps, which fit every selector of the alternative."""
    selectors = [clause.selector for clause in clauses]
    selectors += [
        c.operand.selector for c in clauses if isinstance(c, Condition) and isinstance(c.operand, Relative)
    ]
    matchers: dict[str, list[Matcher]] = {}
    for matcher in (matcher for selector in selectors for matcher in selector.matchers):
        matchers.setdefault(matcher.label, []).append(matcher)
    kept: dict[str, str] = {}
    for label in alert.by:
        its = matchers.get(label, [])
        candidates = [value for one in its if not one.negated for value in one.values]
        candidates += _free(alert, label, place)
        kept[label] = next(value for value in candidates if all(one.takes(value) for one in its))
    return kept


def _free(alert: Alert, label: str, place: int) -> tuple[str, ...]:
    if label in ("segment", "segment_value"):
        # Alerts on a whole model share their series unless a segment keeps them apart.
        return ("",) if "column" in alert.by else (f"{label} {place}", "")
    return _ROLES if label == "role" else (f"{label} {place}",)


def _key(selector: Selector, kept: dict[str, str], *, healthy: bool = False) -> SeriesKey:
    """Return the series of a selector; `healthy` gives labels that are not kept the values it excludes."""
    labels = []
    for label in selector.family.labels:
        value = kept.get(label)
        if value is None:
            matcher = next((matcher for matcher in selector.matchers if matcher.label == label), None)
            plain = matcher is not None and (healthy or not matcher.negated)
            value = matcher.values[0] if matcher is not None and plain else "other"
        if value:
            labels.append((label, value))
    return selector.family.name, tuple(labels)
