"""The plan: what must be equal for the counts of two profiles to be added.

It is frozen from a reference profile and belongs to the model. Its id is a hash of its content, so two
plans with one id are the same plan.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

Kind = Literal["numeric", "categorical", "boolean", "datetime", "text", "list", "embedding", "image", "other"]
OTHER = "__other__"
"""Segment value that stands for all values the plan does not keep."""


@dataclass(frozen=True)
class ColumnPlan:
    """How one column is counted.

    Parameters
    ----------
    kind : how its values are read.
    edges : numeric kinds: strictly increasing inner bin edges, k of them for k + 1 bins;
        bin i holds edges[i-1] <= x < edges[i], the first and the last are the tails.
    seen : for each bin, whether the reference had a value in it; values elsewhere are novel.
    categories : categorical kinds: values with a count of their own; one more count holds all others.
    complete : whether `categories` are all values that the reference had, so that others are novel.
    pivot : numeric kinds: the value about which moments are summed, against cancellation.
    low, high : numeric kinds: ends of the range that values should be in; None where it is open.
    source, measure : the column that this one is derived from, and what of it is counted; empty for a column
        of the table itself.
    center : embeddings: the reference's mean vector, from which distances are measured.
    """

    kind: Kind
    edges: tuple[float, ...] = ()
    seen: tuple[bool, ...] = ()
    categories: tuple[str, ...] = ()
    complete: bool = True
    pivot: float = 0.0
    low: float | None = None
    high: float | None = None
    source: str = ""
    measure: str = ""
    center: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if any(not math.isfinite(edge) for edge in self.edges) or any(
            a >= b for a, b in zip(self.edges, self.edges[1:], strict=False)
        ):
            raise ValueError("edges of a plan must be finite and strictly increasing")
        if self.edges and len(self.seen) != len(self.edges) + 1:
            raise ValueError(
                f"a plan with {len(self.edges)} edges needs {len(self.edges) + 1} entries in seen"
            )
        given = [x for x in (self.pivot, self.low, self.high, *self.center) if x is not None]
        if not all(map(math.isfinite, given)) or (bool(self.source) != bool(self.measure)):
            raise ValueError(
                "pivot, range and center of a plan must be finite; source and measure go together"
            )

    def counts_like(self, other: ColumnPlan) -> bool:
        """Tell whether both put every value into the same bin; ranges and pivots apart."""
        return (self.kind, self.edges, self.categories, self.measure, self.center) == (
            *(other.kind, other.edges, other.categories, other.measure, other.center),
        )


@dataclass(frozen=True)
class Plan:
    """The columns to count and the segments to keep apart, in the reference's order."""

    columns: dict[str, ColumnPlan] = field(default_factory=dict)
    segments: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def ranged(self, ranges: Mapping[str, tuple[float | None, float | None]]) -> Plan:
        """Return the plan with ranges for its numeric columns; whatever else it counts stays the same."""
        columns = {
            name: replace(column, low=ranges[name][0], high=ranges[name][1])
            if name in ranges and column.kind == "numeric"
            else column
            for name, column in self.columns.items()
        }
        return self if columns == self.columns else Plan(columns, self.segments)

    def to_dict(self) -> dict[str, Any]:
        return {
            "columns": {name: dict(vars(column)) for name, column in self.columns.items()},
            "segments": {name: list(values) for name, values in self.segments.items()},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """Read what `to_dict` wrote.

        Raises
        ------
        ValueError
            If the data has another form.
        """
        try:
            columns = {
                str(name): ColumnPlan(
                    kind=column["kind"],
                    edges=tuple(float(edge) for edge in column["edges"]),
                    seen=tuple(bool(seen) for seen in column["seen"]),
                    categories=tuple(str(value) for value in column["categories"]),
                    complete=bool(column["complete"]),
                    pivot=float(column["pivot"]),
                    low=None if column["low"] is None else float(column["low"]),
                    high=None if column["high"] is None else float(column["high"]),
                    source=str(column["source"]),
                    measure=str(column["measure"]),
                    center=tuple(float(x) for x in column["center"]),
                )
                for name, column in data["columns"].items()
            }
            segments = {str(name): tuple(str(v) for v in values) for name, values in data["segments"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"no plan: {error!r}; a plan is what GET …/plan of the exporter returns"
            ) from error
        return cls(columns, segments)

    @cached_property
    def id(self) -> str:
        """Hash of the content: 16 hexadecimal digits, equal exactly when the plans are."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
