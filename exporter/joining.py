"""What of rows is kept to join predictions with labels: keys as text, segment values, and what is waited for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from wolfpack.exporter import outcomes
from wolfpack.exporter.clock import utc
from wolfpack.exporter.outcomes import Prediction
from wolfpack.exporter.registry import Known
from wolfpack.exporter.stages import load_stages
from wolfpack.spec import OTHER, Plan, Spec

LONGEST_KEY = 256
"""Characters of a key that is kept as it is; what PostgreSQL can index ends not far above."""


def keep_predictions(connection: Connection, known: Known, version: str, rows: Sequence[Prediction]) -> None:
    """Keep predictions until their labels come; those of a shadow version are not waited for."""
    stages, end = load_stages(connection, known.id), known.spec.calendar.end

    def counted(start: int) -> bool:
        return not stages.shadow(version, start, end(utc(start)).timestamp())

    outcomes.add_predictions(connection, known.id, version, rows, counted)


def key_texts(values: Iterable[Any]) -> list[str]:
    """Return keys as text; pandas makes floats of whole numbers where a column had gaps: 7 and 7.0 are one key."""
    return [_key(str(int(v)) if isinstance(v, float) and v.is_integer() else str(v)) for v in values]


def _key(text: str) -> str:
    """Return a key as a database can index it: one that is too long, or with NUL, by its hash."""
    if len(text) <= LONGEST_KEY and "\0" not in text:
        return text
    return "sha256:" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def segment_rows(spec: Spec, plan: Plan | None, table: pa.Table) -> list[dict[str, str]]:
    """Return each row's values of the segment columns that the table has; those the plan does not keep are others.

    Raises
    ------
    pa.ArrowException
        If a segment column cannot be read as text.
    """
    names = [name for name in spec.segments if name in table.column_names]
    kept = {name: set(plan.segments.get(name, ())) if plan else None for name in names}
    columns = {name: pc.cast(table.column(name), pa.string()).to_pylist() for name in names}
    rows = []
    for i in range(table.num_rows):
        values = {name: columns[name][i] for name in names if columns[name][i] is not None}
        rows.append({name: v if (k := kept[name]) is None or v in k else OTHER for name, v in values.items()})
    return rows
