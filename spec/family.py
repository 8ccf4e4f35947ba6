"""What a metric family is, and the sets of labels that families have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["gauge", "counter", "histogram"]
Class = Literal["pane", "window", "event", "live", "model", "service"]

MODEL = ("project", "model")
WINDOW = (*MODEL, "version", "role", "segment", "segment_value")
COLUMN = (*WINDOW, "column")
DRIFT = (*COLUMN, "baseline")
QUALITY = (*MODEL, "version", "segment", "segment_value")
FAIRNESS = (*MODEL, "version", "segment")
BY_CLASS = (*QUALITY, "class")
BY_REGION = (*QUALITY, "region")
AT_K = (*QUALITY, "k")
BY_CLASS_AT_K = (*BY_CLASS, "k")


@dataclass(frozen=True)
class Family:
    """One metric family: its name, type, unit (base unit, or empty), class, labels and help."""

    name: str
    type: Type
    unit: str
    cls: Class
    labels: tuple[str, ...]
    help: str

    def __str__(self) -> str:
        return self.name


def gauge(name: str, unit: str, cls: Class, labels: tuple[str, ...], text: str) -> Family:
    """Return the family of a gauge."""
    return Family(name, "gauge", unit, cls, labels, text)
