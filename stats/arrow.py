"""Tables come in here: anything with the Arrow C stream, and its columns as numpy arrays."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.spec.errors import TableError
from wolfpack.spec.model import check_label
from wolfpack.spec.plan import ColumnPlan, Kind

STEP = 131_072
"""Rows counted at once; the fastest of the steps tried (reference trial, 8k to 262k)."""
BOOLEANS = ("false", "true")


def read_table(table: Any, keep: Iterable[str] = ()) -> pa.Table:
    """Return the whole table in memory, without the index columns of pandas unless they are in `keep`.

    Raises
    ------
    TableError
        If it is no table, or its columns cannot be told apart, named or read.
    """
    stream = open_stream(table, keep)
    return stream if isinstance(stream, pa.Table) else _named(stream.read_all(), keep)


def open_stream(table: Any, keep: Iterable[str] = ()) -> pa.Table | pa.RecordBatchReader:
    """Return a table as it is, a one-shot stream as a reader; raises as `read_table` does."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if isinstance(table, pa.Table):
        return _named(table, keep)
    if isinstance(table, pa.RecordBatchReader):
        return table
    if not hasattr(table, "__arrow_c_stream__"):
        raise TableError(
            f"{type(table).__name__} is no table; pass anything with the Arrow C stream, such as a pandas or "
            "Polars DataFrame, a pyarrow Table or a RecordBatchReader"
        )
    try:
        reader = pa.RecordBatchReader.from_stream(table)
        return _named(reader.read_all(), keep) if hasattr(table, "__len__") else reader
    except (pa.ArrowException, UnicodeError, OverflowError) as error:
        raise TableError(f"the table cannot be read: {error}; cast that column to one type") from error


def steps(stream: pa.Table | pa.RecordBatchReader, keep: Iterable[str] = ()) -> Iterator[pa.Table]:
    """Yield the rows in order in tables of at most `STEP` rows; one table without rows if there are none."""
    if isinstance(stream, pa.Table):
        for start in range(0, max(stream.num_rows, 1), STEP):
            yield stream.slice(start, STEP)
        return
    yield _named(stream.schema.empty_table(), keep)
    for batch in stream:
        yield from steps(_named(pa.Table.from_batches([batch]), keep))


def _named(table: pa.Table, keep: Iterable[str]) -> pa.Table:
    """Drop pandas' index columns and refuse names that could not be told apart or be a label value."""
    dropped = set(_pandas_index(table.schema)) - set(keep)
    if dropped:
        table = table.drop_columns(sorted(dropped))
    for name, times in Counter(table.column_names).items():
        if times > 1:
            raise TableError(f"column {name!r} is there {times} times; rename all but one")
        try:
            check_label(name)
        except ValueError as error:
            raise TableError(f"column {name[:40]!r}: {error}; rename it") from None
    return table


def _pandas_index(schema: pa.Schema) -> list[str]:
    written = (schema.metadata or {}).get(b"pandas")
    index = json.loads(written).get("index_columns", []) if written else []
    named = [name for name in index if isinstance(name, str)] + [
        name for name in schema.names if re.fullmatch(r"__index_level_\d+__", name)
    ]
    return [name for name in named if name in schema.names]


def kind_of(type_: pa.DataType) -> Kind:
    """Return how a column of this type is counted, unless the plan says otherwise."""
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "numeric"
    if pa.types.is_dictionary(type_) or _is_text(type_):
        return "categorical"
    if pa.types.is_temporal(type_) and not (pa.types.is_duration(type_) or pa.types.is_interval(type_)):
        return "datetime"
    return "other"


def _is_text(type_: pa.DataType) -> bool:
    return type_ in (pa.string(), pa.large_string(), pa.string_view())


def floats(name: str, column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return the numbers, shape (n,), NaN where missing; integers beyond 2**53 and decimals are rounded.

    Raises
    ------
    TableError
        If a value is no number; the message names the column and its type.
    """
    if pa.types.is_dictionary(column.type):
        column = _cast(name, column, column.type.value_type, "numeric")
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if column.type != pa.float64():
        column = _cast(name, column, pa.float64(), "numeric")
    if column.null_count:
        column = pc.fill_null(column, float("nan"))
    return np.asarray(column.to_numpy(), np.float64)


def texts(name: str, column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return the values as dictionary-encoded text; whatever is no text is written as text, NaN is missing.

    Raises
    ------
    TableError
        If the type cannot be written as text, or its bytes are no UTF-8.
    """
    if pa.types.is_floating(column.type):
        column = _call("if_else", _call("is_nan", column), pa.scalar(None, column.type), column)
    if not pa.types.is_dictionary(column.type):
        text = column if _is_string(column.type) else _cast(name, column, pa.string(), "text")
        column = text.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # no chunk at all
        array = pa.array([], column.type)
    words = _cast(name, array.dictionary, pa.string(), "text")
    return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int64()), words)


def _call(function: str, *arguments: Any) -> Any:
    """Call an Arrow function by name; type checkers do not know those that pyarrow makes at import."""
    return pc.call_function(function, list(arguments))


def _is_string(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _cast(name: str, column: Any, type_: pa.DataType, kind: str) -> Any:
    """Return the column in another type, and its text checked to be UTF-8, which strangers need not send."""
    try:
        cast = column if column.type == type_ else column.cast(type_, safe=False)
        if type_ == pa.string():
            cast.validate(full=True)
        return cast
    except (pa.ArrowException, UnicodeError) as error:
        raise TableError(
            f"column {name!r} is {column.type} and cannot be read as {kind}: {error}; cast it, or change its "
            "kind"
        ) from error


def codes(name: str, column: pa.ChunkedArray, plan: ColumnPlan) -> NDArray[np.int32]:
    """Return each value's place among the plan's categories, shape (n,); see `count_codes`."""
    if plan.kind not in ("categorical", "boolean"):
        return -np.asarray(column.is_null(nan_is_null=True).to_numpy(), np.int32)
    if plan.kind == "boolean" and kind_of(column.type) in ("boolean", "numeric"):
        values = floats(name, column)  # 0 and 1 are what pandas makes of booleans with gaps
        known = np.where((values == 0) | (values == 1), values, len(BOOLEANS))
        return np.where(np.isnan(values), -1, known).astype(np.int32)
    return places(texts(name, column), plan.categories)


def places(values: pa.DictionaryArray, categories: tuple[str, ...]) -> NDArray[np.int32]:
    """Return the place of each value among the categories, their number for any other, -1 where missing."""
    known = pc.call_function(
        "index_in", [values.dictionary], pc.SetLookupOptions(value_set=pa.array(categories, pa.string()))
    )
    by_word = np.append(np.asarray(pc.fill_null(known, len(categories)), np.int32), np.int32(-1))
    if values.dictionary.null_count:
        by_word[:-1][np.asarray(values.dictionary.is_null())] = -1
    places = by_word[np.asarray(pc.fill_null(values.indices, len(values.dictionary)))]
    return np.asarray(places, np.int32)
