"""What of rows is kept to join predictions with labels: keys as text, and values of the segment columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wolfpack.spec import OTHER, Plan, Spec


def key_texts(values: Iterable[Any]) -> list[str]:
    """Return keys as text; pandas makes floats of whole numbers where a column had gaps: 7 and 7.0 are one key."""
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]


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
