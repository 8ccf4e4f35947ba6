"""Tables come in here: in memory, as a stream that is read once, or as a source that can be read again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from wolfpack.spec.errors import TableError
from wolfpack.spec.vocabulary import check_label
from wolfpack.stats.values import texts

__all__ = [
    "LARGE_STEP",
    "STEP",
    "WHOLE",
    "Input",
    "Source",
    "open_table",
    "read_table",
    "read_whole",
    "steps",
    "texts",
    "whole_if_small",
]

STEP = 131_072
"""Rows counted at once; the fastest of the steps tried (reference trial, 8k to 262k)."""
LARGE_STEP = 8 * STEP
"""Rows of a table in memory counted at once: each step, and each segment in it, has some cost of its own."""
WHOLE = 1 << 28
"""Bytes of rows up to which a source is read whole to freeze a plan: sorted once, where a second pass sorts again."""


@runtime_checkable
class Source(Protocol):
    """A table that is not in memory and can be read more than once, such as files."""

    @property
    def schema(self) -> pa.Schema: ...

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Return the rows from the first one; every call begins anew."""
        ...


Input: TypeAlias = pa.Table | pa.RecordBatchReader | Source


def open_table(table: Any, keep: Iterable[str] = ()) -> Input:
    """Return a table in memory, a one-shot stream as a reader, or a source as it is.

    pandas' index columns are dropped unless they are in `keep`.

    Raises
    ------
    TableError
        If it is no table, or its columns cannot be told apart, named or read.
    """
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if isinstance(table, pa.Table):
        return _named(table, keep)
    if isinstance(table, pa.RecordBatchReader | Source):
        return table
    try:
        if hasattr(table, "__arrow_c_stream__"):
            reader = pa.RecordBatchReader.from_stream(table)
            return _named(reader.read_all(), keep) if hasattr(table, "__len__") else reader
        return _batches(table)
    except (pa.ArrowException, UnicodeError, OverflowError) as error:
        raise TableError(f"the table cannot be read: {error}; cast that column to one type") from error


def _batches(table: Any) -> pa.RecordBatchReader:
    """Return an iterable of record batches as a reader."""
    rows = iter(table) if isinstance(table, Iterable) else iter(())
    first = next(rows, None)
    if not isinstance(first, pa.RecordBatch):
        raise TableError(
            f"{type(table).__name__} is no table; pass anything with the Arrow C stream, such as a pandas or "
            "Polars DataFrame, a pyarrow Table or a RecordBatchReader, or one or more record batches"
        )
    return pa.RecordBatchReader.from_batches(first.schema, chain([first], rows))


def read_table(table: Any, keep: Iterable[str] = ()) -> pa.Table:
    """Return the whole table in memory; as `open_table`."""
    return read_whole(open_table(table, keep), keep)


def read_whole(source: Input, keep: Iterable[str]) -> pa.Table:
    """Return all rows in memory."""
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatchReader):
        return _named(source.read_all(), keep)
    return _named(pa.Table.from_batches(source.batches(), source.schema), keep)


def whole_if_small(source: Source, keep: Iterable[str]) -> pa.Table | Source:
    """Return the rows of a source in memory if they fit into `WHOLE`, else the source, to be read from the start."""
    batches, size = [], 0
    for batch in source.batches():
        size += batch.nbytes
        if size > WHOLE:
            return source
        batches.append(batch)
    return _named(pa.Table.from_batches(batches, source.schema), keep)


def steps(source: Input, keep: Iterable[str] = (), size: int = STEP) -> Iterator[pa.Table]:
    """Yield the rows in order in tables of about `size` rows at most; one without rows if there are none.

    Small batches of a stream are put together: a step has some cost of its own.
    """
    if isinstance(source, pa.Table):
        for start in range(0, max(source.num_rows, 1), size):
            yield source.slice(start, size)
        return
    schema = source.schema
    waiting: list[pa.RecordBatch] = []
    rows, yielded = 0, False
    for batch in source if isinstance(source, pa.RecordBatchReader) else source.batches():
        if rows and rows + batch.num_rows > size:
            yield _named(pa.Table.from_batches(waiting, schema), keep)
            waiting, rows, yielded = [], 0, True
        waiting, rows = [*waiting, batch], rows + batch.num_rows
        if rows > size:
            yield from steps(_named(pa.Table.from_batches(waiting, schema), keep), (), size)
            waiting, rows, yielded = [], 0, True
    if rows or not yielded:
        yield _named(pa.Table.from_batches(waiting, schema), keep)


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
