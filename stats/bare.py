"""A plan without a reference: kinds only, so that days of one schema merge, and nothing is compared."""

from __future__ import annotations

import pyarrow as pa

from wolfpack.spec.plan import ColumnPlan, Plan
from wolfpack.stats.kinds import kind_of


def bare_plan(schema: pa.Schema) -> Plan:
    """Return the plan of tables with this schema: no bins, no categories, no segments.

    Two tables of one schema get one plan, so their profiles merge: counts, missing, moments and quantiles are
    kept as with any plan. Drift and new values need bins, which a reference gives. pandas' index columns are
    left out.

    Examples
    --------
    >>> bare_plan(pa.schema([("delay", pa.float64())])).columns["delay"].kind
    'numeric'
    """
    columns = {
        field.name: ColumnPlan(kind_of(field.type), complete=False)
        for field in schema
        if not field.name.startswith("__index_level_")
    }
    return Plan(columns)
