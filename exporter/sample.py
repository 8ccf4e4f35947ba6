"""One value of one series, as it is computed, stored and shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from wolfpack.spec import FAMILIES, Family, names
from wolfpack.spec.fairness_names import OF_LABELS, OF_SELECTION
from wolfpack.spec.measures import MEASURES
from wolfpack.spec.output_names import OF_OUTPUT

Key = tuple[str, tuple[str, ...]]
"""A series within a model: its family's name and the values of the family's labels, in order."""


TOLD = "told"
"""Scope of what is not computed from rows but told: scalars, runs, deployments, feedback."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a family for the window that ends at `window_end` (epoch seconds; None: no window)."""

    family: Family
    labels: tuple[str, ...]
    value: float
    window_end: int | None = None

    @property
    def key(self) -> Key:
        return self.family.name, self.labels


def sample(family: Family, value: float | int | None, window_end: int | None, **labels: str) -> list[Sample]:
    """Return the sample in a list, or no sample when there is no value (never NaN)."""
    if value is None or value != value:
        return []
    unknown = set(labels) - set(family.labels)
    if unknown:
        raise ValueError(f"{family.name} has no labels {sorted(unknown)}; it has {', '.join(family.labels)}")
    return [Sample(family, tuple(labels.get(name, "") for name in family.labels), float(value), window_end)]


_TOLD = {
    names.SCALAR_VALUE.name,
    names.SCALAR_STEP.name,
    names.SCALAR_TIME.name,
    names.JOB_LAST_RUN.name,
    names.JOB_LAST_SUCCESS.name,
    names.JOB_DURATION.name,
    names.JOB_ROWS.name,
    names.DEPLOYMENT.name,
    names.FEEDBACK.name,
}
_ESTIMATES = {one.name for m in MEASURES.values() for one in (m.estimate, m.estimate_stderr) if one is not None}
_QUALITY = {
    one.name
    for one in (*names.OF_QUALITY, *OF_LABELS, *names.OF_CONCEPT, *names.OF_RETRAIN, names.LABEL_COVERAGE)
    if one.name not in _ESTIMATES
}
_ESTIMATES |= {one.name for one in OF_SELECTION}
_OUTPUTS = {one.name for one in OF_OUTPUT}
_ROLE_AT = names.WINDOW.index("role")


def stored_key(family: str, labels: str) -> Key:
    """Return the key of a series of the ledger; labels that its family has got since are empty."""
    return stored_keys([(family, labels)])[0]


def stored_keys(rows: Sequence[tuple[str, str]]) -> list[Key]:
    """Return the key of each of many series, given by family and labels.

    Names and values are there once, however many series have them: they are most of what a series takes.
    """
    found: list[Key] = []
    for (family, _), labels in zip(rows, json.loads(f"[{','.join([row[1] for row in rows])}]"), strict=True):
        lacking = len(FAMILIES[family].labels) - len(labels) if family in FAMILIES else 0
        found.append((sys.intern(family), (*map(sys.intern, labels), *[""] * lacking)))
    return found


def scope_of(key: Key) -> str:
    """Return the part of a model that a series belongs to; parts are computed and shown as a whole."""
    family = FAMILIES[key[0]]
    if family.name in _TOLD:
        return TOLD
    if family.cls == "model":
        return "model"
    if family.labels == names.ANOMALY:
        return "anomaly"
    if family.name in _ESTIMATES:
        return "estimate"
    if family.name in _OUTPUTS:
        return "output"
    return "label" if family.name in _QUALITY else key[1][_ROLE_AT]
