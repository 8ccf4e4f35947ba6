"""What is the matter with a model, read off what the metrics page shows of it; alerts are the rules' business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from wolfpack.exporter.history import Shown
from wolfpack.exporter.sample import Key
from wolfpack.spec import FAMILIES, Family, names
from wolfpack.spec.measures import MEASURES, Metric
from wolfpack.spec.outcome import Quality
from wolfpack.stats import Thresholds

KINDS = ("late", "missing", "schema", "worse", "drift", "novel", "anomaly")
"""Kinds of conditions, worst first."""
_SCORED: tuple[tuple[str, Family, Family, str], ...] = (
    ("missing", names.COLUMN_MISSING_INCREASE, names.COLUMN_MISSING_INCREASE_NOISE, "missing"),
    ("drift", names.COLUMN_PSI, names.COLUMN_PSI_NOISE, "psi"),
    ("drift", names.COLUMN_KS, names.COLUMN_KS_NOISE, "ks"),
    ("novel", names.COLUMN_NOVEL, names.COLUMN_NOVEL_NOISE, "novel"),
)
_SCHEMA = {names.COLUMN_VANISHED.name: "is gone", names.COLUMN_APPEARED.name: "is new"}


@dataclass(frozen=True)
class Condition:
    """One thing that is the matter.

    Parameters
    ----------
    kind : one of `KINDS`.
    role, column : where; empty if it is about no column, or no role.
    text : what it is, for people.
    """

    kind: str
    role: str
    column: str
    text: str


def conditions(
    shown: Mapping[Key, Shown], levels: Thresholds, quality: Mapping[Metric, Quality], now: float
) -> list[Condition]:
    """Return what is the matter in all rows of all versions together, worst kinds first.

    Parameters
    ----------
    shown : the series of a model on the metrics page.
    levels : from when on a score matters.
    quality : what the spec asks of measures of quality.
    now : epoch seconds.
    """
    by_family: dict[str, dict[tuple[str, ...], float]] = {}
    for (family, labels), one in shown.items():
        by_family.setdefault(family, {})[labels] = one.value
    found = {*_late(by_family, now), *_scored(by_family, levels), *_schema(by_family), *_anomalies(by_family)}
    found |= {*_worse(by_family, quality)}
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.role, one.column, one.text))


_Values = Mapping[str, Mapping[tuple[str, ...], float]]


def _rows(values: _Values, family: Family) -> Iterator[tuple[dict[str, str], float]]:
    """Yield labels and value of the series that are about all rows of all versions."""
    for labels, value in values.get(family.name, {}).items():
        named = dict(zip(family.labels, labels, strict=True))
        if not named.get("version") and not named.get("segment"):
            yield named, value


def _late(values: _Values, now: float) -> Iterator[Condition]:
    for labels, due in _rows(values, names.WINDOW_DUE):
        if due < now:
            yield Condition("late", labels["role"], "", f"{labels['role']} data is late")


def _scored(values: _Values, levels: Thresholds) -> Iterator[Condition]:
    for kind, family, noise, threshold in _SCORED:
        floors = {
            (one["role"], one["column"]): value
            for one, value in _rows(values, noise)
            if one["baseline"] == "reference"
        }
        for labels, value in _rows(values, family):
            role, column = labels["role"], labels["column"]
            above = value > max(getattr(levels, threshold), floors.get((role, column), float("inf")))
            if above and labels.get("baseline", "reference") == "reference":
                text = {"missing": "lacks values", "novel": "has new values"}.get(kind, "has drifted")
                yield Condition(kind, role, column, text)


def _schema(values: _Values) -> Iterator[Condition]:
    for name, text in _SCHEMA.items():
        for labels, _ in _rows(values, FAMILIES[name]):
            yield Condition("schema", labels["role"], labels["column"], text)


def _worse(values: _Values, quality: Mapping[Metric, Quality]) -> Iterator[Condition]:
    """Yield the measures beyond a bound of the spec, or worse than their baseline by more than it allows and chance."""
    for name, asked in quality.items():
        its = MEASURES[name]
        now = _only(values, its.value)
        if now is None:
            continue
        for bound in (asked.critical, asked.warning):
            if bound is not None and _beyond(now, bound.op, bound.value):
                yield Condition("worse", "", "", f"{name} is {now:.4g}, {bound.op} {bound.value:g}")
                break
        before, limit = _only(values, its.baseline), _only(values, its.noise_limit)
        if asked.drop is not None and its.worse is not None and before is not None and limit is not None:
            allowed = before - asked.drop if its.worse == "<" else before + asked.drop
            if _beyond(now, its.worse, allowed) and _beyond(now, its.worse, limit):
                yield Condition("worse", "", "", f"{name} is {now:.4g}, before {before:.4g}")


def _only(values: _Values, family: Family | None) -> float | None:
    """Return the value of a family over all rows and classes, if it has one."""
    rows = () if family is None else _rows(values, family)
    return next((value for labels, value in rows if not labels.get("class")), None)


def _beyond(value: float, side: Literal["<", ">"], bound: float) -> bool:
    return value < bound if side == "<" else value > bound


def _anomalies(values: _Values) -> Iterator[Condition]:
    for labels, score in _rows(values, names.ANOMALY_SCORE):
        if abs(score) > 1:
            text = f"{labels['metric']} is {'above' if score > 0 else 'below'} what was expected"
            yield Condition("anomaly", labels.get("role", ""), labels.get("column", ""), text)
