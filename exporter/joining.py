"""From rows that came to what is kept of them for the join: keys as hashes, values, lists and segments."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection

from wolfpack.exporter import outcomes
from wolfpack.exporter.clock import utc
from wolfpack.exporter.keys import key_hashes
from wolfpack.exporter.outcomes import Labels, Predictions
from wolfpack.exporter.registry import Known
from wolfpack.exporter.stages import load_stages
from wolfpack.spec import OTHER, Plan, Spec, TableError
from wolfpack.stats.pairs import LARGEST, codes

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def keep_predictions(connection: Connection, known: Known, version: str, rows: Predictions) -> None:
    """Keep predictions until their labels come; those of a shadow version are not waited for."""
    stages, end = load_stages(connection, known.id), known.spec.calendar.end

    def counted(start: int) -> bool:
        return not stages.shadow(version, start, end(utc(start)).timestamp())

    outcomes.add_predictions(connection, known.id, version, rows, counted)


def read_predictions(
    spec: Spec, plan: Plan | None, table: pa.Table, keys: Whole, starts: Whole
) -> Predictions:
    """Return what is kept of rows; `keys` and `starts` are theirs.

    Raises
    ------
    TableError
        If a column is not there, or holds what it cannot hold; the message names it.
    """
    its = spec.prediction
    if its is None:
        raise TableError("the spec has no `prediction`; nothing is joined")
    segments, cells = _segments(spec, plan, table)
    words: tuple[str, ...] = ()
    if its.task == "multiclass":
        values, words = _words(_of(table, its.column, "the prediction"))
    else:
        values = _numbers(_of(table, its.column, "the prediction"), its.column)
    chances = None
    if its.chances:
        chances = np.stack([_numbers(_of(table, one, "the chance"), one) for one in its.chances.values()], 1)
        if ((chances < 0) | (chances > 1)).any():
            raise TableError(f"columns {', '.join(its.chances.values())}: a chance is not in the range 0<=x<=1")
    lists = None if its.lists is None else key_hashes(_of(table, its.lists, "the list"))
    return Predictions(keys, starts, values, segments, cells, words, lists, chances)


def read_labels(spec: Spec, table: pa.Table, keys: Whole) -> Labels:
    """Return the labels of rows with one; of a key that comes twice the last counts.

    Raises
    ------
    TableError
        If the column is not there, or holds what no label of the task is.
    """
    label, task = spec.label, spec.prediction.task if spec.prediction else "binary"
    if label is None:
        raise TableError("the spec has no `label`; nothing is joined")
    column = _of(table, label.column, "the label")
    words: tuple[str, ...] = ()
    if task == "multiclass":
        values, words = _words(column)
    else:
        values = _numbers(column, label.column)
        _check(values, task, label.column)
    last = len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]
    keys, values = keys[last], values[last]
    known = ~np.isnan(values)
    return Labels(keys[known], values[known], words)


def _check(values: Floats, task: str, name: str) -> None:
    if task == "binary":
        wrong, allowed = (values != 0) & (values != 1) & ~np.isnan(values), "a binary label is 0, 1 or null"
    elif task == "ranking":
        wrong, allowed = values < 0, "a relevance is 0 or more, or null"
    else:
        return
    if wrong.any():
        raise TableError(f"label column {name!r} holds {float(values[wrong].min())!r}; {allowed}")


def _of(table: pa.Table, name: str, what: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        have = ", ".join(map(repr, table.column_names))
        raise TableError(f"{what} column {name!r} is not in the rows; they have {have}")
    return table.column(name)


def _numbers(column: pa.ChunkedArray, name: str) -> Floats:
    try:
        found = np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowException as error:
        # Arrow's words quote the value, and these may be logged.
        raise TableError(f"column {name!r} is {column.type} and holds values that are no numbers") from error
    beyond = np.abs(found) > LARGEST
    if beyond.any():
        place = int(np.flatnonzero(beyond)[0])
        raise TableError(f"column {name!r} holds an infinity, or a number beyond {LARGEST:g}, in row {place}")
    return found


def _words(column: pa.ChunkedArray) -> tuple[Floats, tuple[str, ...]]:
    place, names = codes(column)
    return np.where(place < 0, np.nan, place), tuple(names)


def _segments(spec: Spec, plan: Plan | None, table: pa.Table) -> tuple[Whole, tuple[str, ...]]:
    """Return each row's combination of values of the segment columns that the table has, and the combinations.

    Values that the plan does not keep are others; a row without a value is in no cell of that column.
    """
    names = [name for name in spec.segments if name in table.column_names]
    if not names:
        return np.zeros(table.num_rows, np.int64), ("{}",)
    columns = []
    for name in names:
        try:
            place, values = codes(pc.cast(table.column(name), pa.string()))
        except pa.ArrowException as error:
            raise TableError(f"segment column {name!r} cannot be read as text: {error}") from error
        kept = set(plan.segments.get(name, ())) if plan else None
        columns.append((place, [value if kept is None or value in kept else OTHER for value in values]))
    found, which = np.unique(np.stack([place for place, _ in columns], 1), axis=0, return_inverse=True)
    texts = [
        json.dumps(
            {name: values[at] for name, at, (_, values) in zip(names, row, columns, strict=True) if at >= 0},
            sort_keys=True,
            ensure_ascii=False,
        )
        for row in found.tolist()
    ]
    return np.asarray(which, np.int64).ravel(), tuple(texts)
