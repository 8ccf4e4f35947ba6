"""Rows of a table by what the spec says of its columns: inputs, predictions with their keys, labels."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wolfpack.exporter.joining import read_labels
from wolfpack.exporter.keys import key_hashes
from wolfpack.exporter.sources_delivery import Delivery, Pane, Rows, Terms, add_rows, cut, taken
from wolfpack.spec import Spec

ROLES = ("input", "prediction", "label")


def roles_of(spec: Spec, columns: Collection[str], wanted: Collection[str]) -> dict[str, list[str]]:
    """Return the columns of each role that a table can serve.

    Inputs need a column besides segments, predictions the model's own, labels the key and the label. Segment
    columns are with the inputs and with the predictions.
    """
    segments = [name for name in columns if name in spec.segments]
    inputs = [name for name in columns if spec.role_of(name) == "input"]
    found: dict[str, list[str]] = {}
    if set(inputs) - set(segments):
        found["input"] = inputs
    if spec.prediction is not None and set(spec.prediction.columns) <= set(columns):
        lists = [name for name in columns if name == spec.prediction.lists]
        found["prediction"] = [*spec.prediction.columns, *lists, *segments]
    if spec.label is not None and {spec.label.key, spec.label.column} <= set(columns):
        found["label"] = [spec.label.key, spec.label.column]
    return {role: names for role, names in found.items() if role in wanted}


def add_table(
    delivery: Delivery,
    table: pa.Table,
    roles: dict[str, list[str]],
    version: str,
    when: str | datetime | None,
    terms: Terms,
) -> None:
    """Add rows to a delivery.

    Parameters
    ----------
    when : the column of event times, or the pane of all rows (aware); None if only labels are taken.

    Raises
    ------
    TableError
        If a column that is needed has values that it cannot have.
    """
    spec, kept = terms.known.spec, {role: names for role, names in roles.items() if role != "label"}
    if "label" in roles:
        _add_labels(delivery, spec, table)
    if not kept or when is None:
        delivery.rows += table.num_rows
        return
    if isinstance(when, str):
        timed = pc.is_valid(table[when])
        delivery.refused += table.num_rows - pc.sum(timed).as_py()
        table = table.filter(timed)
    panes = _panes(table, when, terms)
    delivery.refused += table.num_rows - sum(len(places) for _, places in panes)
    joined = "prediction" in kept and spec.label is not None and spec.label.key in table.column_names
    keys = table[spec.label.key].to_pylist() if joined and spec.label else []
    tables = {role: table.select([name for name in names if name != when]) for role, names in kept.items()}
    add_rows(delivery, Rows(version, panes, tables, keys), terms)


def _panes(table: pa.Table, when: str | datetime, terms: Terms) -> list[Pane]:
    if isinstance(when, str):
        return cut(when, table[when], terms)
    start = int(terms.known.spec.calendar.start(when).timestamp())
    return [(start, np.arange(table.num_rows))] if taken(start, terms) else []


def _add_labels(delivery: Delivery, spec: Spec, table: pa.Table) -> None:
    if spec.label is None:
        return
    keyed = table.filter(pc.is_valid(table[spec.label.key]))
    delivery.refused += table.num_rows - keyed.num_rows
    delivery.labels.append(read_labels(spec, keyed, key_hashes(keyed[spec.label.key])))
