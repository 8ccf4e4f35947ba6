"""What the comparison of two versions answers, and what its parts are made of."""

from __future__ import annotations

from typing import Literal

# pydantic reads these, and before Python 3.12 it needs this one
from typing_extensions import TypedDict

from wolfpack.stats import Estimate

Level = Literal["warning", "critical"]


class Interval(TypedDict):
    """A number with its 95 % interval, null where its error is not known."""

    value: float
    low: float | None
    high: float | None


class Traffic(TypedDict):
    """Predictions of each version in the window, and the share of the new one."""

    old: int
    new: int
    new_ratio: float | None


class MeasureLine(TypedDict):
    """A measure of both versions; `noise` is null where it does not count in the verdict."""

    segment: str
    segment_value: str
    class_name: str
    measure: str
    old: float
    new: float
    difference: Interval
    noise: float | None
    worse: bool


class ColumnLine(TypedDict):
    """A column of both versions."""

    segment: str
    segment_value: str
    column: str
    drifted: bool
    psi: float | None
    psi_noise: float | None
    ks: float | None
    ks_noise: float | None
    mean_difference: Interval | None
    sentence: str


class Named(TypedDict):
    """A number by its name."""

    name: str
    found: Interval


class OnSameKeys(TypedDict):
    """What both versions said of the same keys, and by how much the new one loses more."""

    rows: int
    labelled: int
    agreement: list[Named]
    losses: list[Named]


class FairnessLine(TypedDict):
    """How far the groups of a segment are apart by each version."""

    segment: str
    measure: str
    old: float
    new: float
    difference: Interval
    noise: float


class Reason(TypedDict):
    """Why the new version should not be released."""

    level: Level
    check: str
    text: str


class Comparison(TypedDict):
    """Two versions beside each other. Ends of windows are epoch seconds, null without rows."""

    project: str
    model: str
    old: str
    new: str
    window_end: float | None
    labelled_end: float | None
    traffic: Traffic
    labelled: Traffic
    quality: list[MeasureLine]
    prediction: list[ColumnLine]
    inputs: list[ColumnLine]
    same_keys: OnSameKeys
    fairness: list[FairnessLine]
    reasons: list[Reason]


def interval(found: Estimate) -> Interval:
    """Return an estimate with its interval."""
    low, high = found.interval() or (None, None)
    return {"value": found.value, "low": low, "high": high}


def traffic(old: int, new: int) -> Traffic:
    """Return rows of both versions with the share of the new one."""
    return {"old": old, "new": new, "new_ratio": new / (old + new) if old + new else None}


def named(found: dict[str, Estimate]) -> list[Named]:
    """Return estimates by name, in their order."""
    return [{"name": name, "found": interval(its)} for name, its in found.items()]
