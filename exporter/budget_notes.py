"""What the budgets keep off the metrics page, by model, for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from wolfpack.exporter.service import Service
from wolfpack.spec import FAMILIES

NAMED = 20
"""Columns and metrics that are named before the rest is counted."""


@dataclass(frozen=True)
class NotShown:
    """The series of a model that are not shown: how many, of which metrics and which columns."""

    project: str
    model: str
    series: int
    metrics: str
    columns: str


def not_shown(service: Service) -> list[NotShown]:
    """Return a line for each model of which something is not shown."""
    found = []
    for known in service.registry.all():
        dropped = service.shelf.dropped(known.id)
        if dropped:
            families = Counter(name for name, _ in dropped)
            columns = {
                dict(zip(FAMILIES[name].labels, labels, strict=True)).get("column", "")
                for name, labels in dropped
            }
            metrics = [f"{name} {count}" for name, count in families.most_common()]
            spec = known.spec
            found.append(
                NotShown(
                    spec.project, spec.model, len(dropped), _some(metrics), _some(sorted(columns - {""}))
                )
            )
    return found


def _some(texts: list[str]) -> str:
    return ", ".join(texts[:NAMED]) + (f" and {len(texts) - NAMED} more" if len(texts) > NAMED else "")
