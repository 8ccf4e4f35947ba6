"""Public causes of what 2013 did by itself: `causes.yml`, each with its dates and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

__all__ = ["CAUSES_FILE", "Cause", "read_causes"]

CAUSES_FILE = Path(__file__).with_name("causes.yml")


@dataclass(frozen=True)
class Cause:
    """Why an alert with these labels fired on the tables of these days of 2013, both included."""

    alert: str
    labels: dict[str, str]
    first: date
    last: date
    cause: str
    source: str

    def of(self, labels: Mapping[str, str], day: date) -> bool:
        """Tell whether it explains an alert that began with the table of this day."""
        return (
            labels["alertname"] == self.alert
            and self.labels.items() <= labels.items()
            and self.first <= day <= self.last
        )


def read_causes(path: Path = CAUSES_FILE) -> tuple[Cause, ...]:
    """Return the causes of a file, in its order.

    Raises
    ------
    TypeError
        If an entry lacks a key or has one too many.
    """
    return tuple(Cause(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8")))
