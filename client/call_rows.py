"""Calls as they were kept become rows in columns; which call each row is of stays known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.client.plain_lines import plain_array

Answered = tuple[float, float | None, str, bool, Any, Any, str, bool | None, float | None]
"""A call: epoch seconds at its end, its duration (None: rows only), endpoint, whether it failed, inputs, prediction,
request id, and outlier flag and score where the service itself has them."""
Row = Mapping[str, Any]
Pause = Callable[[], None]
_SCALARS = frozenset({float, int, bool, str, type(None)})
"""Types that need not be looked at further, told faster than by `isinstance`."""


@dataclass(frozen=True, eq=False)
class CallRows:
    """The rows of some calls.

    Parameters
    ----------
    inputs, prediction : a column for each of theirs, n rows each.
    owner : shape (n,), the place of each row's call.
    empty : shape (n,), whether the row's output has nothing in it: none, NaN, an empty text or list.
    unreadable : calls whose inputs are no rows, or have not as many predictions.
    """

    inputs: pa.Table
    prediction: pa.Table
    owner: NDArray[np.int64]
    empty: NDArray[np.bool_]
    unreadable: list[int]


def rows_of(
    calls: Sequence[Answered], prediction: str, columns: Sequence[str] | None, pause: Pause
) -> CallRows:
    """Return the rows of calls; those that failed have none, for a model that did not answer predicted nothing.

    Parameters
    ----------
    prediction : name of the column of a prediction that is no mapping.
    columns : names of inputs that come as plain sequences.
    pause : called every now and then, so that other threads go on.
    """
    inputs: list[Row] = []
    outputs: list[Row] = []
    owner: list[int] = []
    unreadable: list[int] = []
    for place, call in enumerate(calls):
        if not place % 500:
            pause()
        given, answer = call[4], call[5]
        if call[3] or (given is None and answer is None):
            continue
        if type(given) is dict and (type(answer) in _SCALARS or isinstance(answer, np.generic)):
            inputs.append(given)
            outputs.append({prediction: plain(answer)})
            owner.append(place)
            continue
        try:
            rows, answers = pairs(given, answer, prediction, columns)
        except (TypeError, ValueError):
            unreadable.append(place)
            continue
        inputs += rows
        outputs += answers
        owner += [place] * len(rows)
    empty = np.array([all(map(is_empty, row.values())) for row in outputs], bool)
    pause()
    where = np.array(owner, np.int64)
    return CallRows(gathered(inputs, pause), gathered(outputs, pause), where, empty, unreadable)


def pairs(
    given: Any, answer: Any, prediction: str, columns: Sequence[str] | None
) -> tuple[list[Row], list[Row]]:
    """Return the rows of a call's inputs and of its prediction, as many of each.

    Raises
    ------
    ValueError, TypeError
        If they are no rows, or not as many.
    """
    rows = _rows(given, columns)
    if rows is None:
        return [_row(given, columns)], [_answer(answer, prediction)]
    if answer is None:
        return rows, [{prediction: None}] * len(rows)
    answers = _table_rows(answer) if hasattr(answer, "__arrow_c_stream__") else list(answer)
    if len(answers) != len(rows):
        raise ValueError(f"{len(rows)} rows of inputs and {len(answers)} predictions")
    return rows, [_answer(one, prediction) for one in answers]


def gathered(rows: Sequence[Row], pause: Pause) -> pa.Table:
    """Return rows as a table, with the columns that any of them has."""
    if not rows:
        return pa.table({})
    names: Iterable[str] = rows[0].keys()
    length = len(rows[0])
    made = {}
    try:
        if any(len(row) != length for row in rows):
            raise KeyError
        for name in names:
            made[name] = plain_column([row[name] for row in rows])
            pause()
    except KeyError:
        made = {}
        for name in dict.fromkeys(name for row in rows for name in row):
            made[name] = plain_column([row.get(name) for row in rows])
            pause()
    return pa.table({str(name): column for name, column in made.items()})


def plain_column(values: Sequence[Any]) -> pa.Array:
    """Return values as an array; numbers of numpy and odd objects as what they stand for."""
    if type(values[0]) is float:
        try:
            return pa.array(values, pa.float64())  # much the most frequent, and twice as fast as inferring
        except (pa.ArrowException, TypeError, ValueError):
            pass
    try:
        return plain_array(values)
    except (pa.ArrowException, TypeError, ValueError):
        return pa.array([None if one is None else str(one) for one in values], pa.string())


def is_empty(value: Any) -> bool:
    """Tell whether an output has nothing in it."""
    if type(value) in _SCALARS:
        return value is None or value != value or value == ""
    return isinstance(value, (str, bytes, list, tuple, Mapping)) and not len(value)


def plain(value: Any) -> Any:
    """Return a scalar of numpy as Python's own; other values as they are."""
    return value.item() if isinstance(value, np.generic) else value


def _rows(given: Any, columns: Sequence[str] | None) -> list[Row] | None:
    """Return several rows; None if it is one."""
    if hasattr(given, "__arrow_c_stream__"):
        return _table_rows(given)
    if isinstance(given, np.ndarray):
        return [_row(one, columns) for one in given] if given.ndim == 2 else None
    if isinstance(given, (list, tuple)) and not (given and isinstance(given[0], (int, float, str, np.generic))):
        return [_row(one, columns) for one in given]
    return None


def _table_rows(table: Any) -> list[Row]:
    found: list[Row] = pa.table(table).to_pylist()
    return found


def _row(given: Any, columns: Sequence[str] | None) -> Row:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name): plain(value) for name, value in given.items()}
    if hasattr(given, "model_dump"):  # pydantic's, as FastAPI hands them on
        return dict(given.model_dump())
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return dataclasses.asdict(given)
    values = given.tolist() if isinstance(given, np.ndarray) else given
    if columns is None or len(values) != len(columns):
        raise ValueError("a row is a mapping; give the monitor `columns` for plain sequences")
    return dict(zip(columns, values, strict=True))


def _answer(answer: Any, prediction: str) -> Row:
    if isinstance(answer, Mapping):
        return {str(name): plain(value) for name, value in answer.items()}
    if hasattr(answer, "model_dump"):
        return dict(answer.model_dump())
    return {prediction: answer.tolist() if isinstance(answer, (np.ndarray, np.generic)) else answer}
