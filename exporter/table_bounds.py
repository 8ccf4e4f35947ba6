"""What rows may become in memory, whatever their bytes say: columns, cells, texts that are repeated, nesting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wolfpack.exporter.problems import Problem

MOST_BYTES = 128 * 1024 * 1024
"""Bytes of rows in memory: twice the longest body."""
MOST_COLUMNS = 10_000
MOST_CELLS = MOST_BYTES // 8
"""Rows times columns, items of lists and fields of structs too: numbers of 8 bytes that fill `MOST_BYTES`."""
MOST_NESTING = 32
"""Lists and structs within each other."""


def too_large(what: str, most: int) -> Problem:
    """Return what refuses rows that would take too much memory."""
    return Problem(
        413,
        "Too large",
        f"the rows have {what}, and {most:,} are allowed; profile them where they are and send the profile, "
        "or send them in parts",
        "body",
    )


def check_shape(rows: int, columns: int) -> None:
    """Raise a Problem (413) if a table would have too many columns or cells."""
    if columns > MOST_COLUMNS:
        raise too_large(f"{columns:,} columns", MOST_COLUMNS)
    if rows * max(columns, 1) > MOST_CELLS:
        raise too_large(f"{rows * max(columns, 1):,} cells", MOST_CELLS)


def check_table(table: pa.Table) -> None:
    """Raise a Problem (413, 422) if a table that was read becomes too large when its values are looked at."""
    check_shape(table.num_rows, table.num_columns)
    cells = size = 0
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not _is_plain(column.type):
            for array in _arrays(name, column):
                cells += len(array)
                size += _text_size(array)
        if cells > MOST_CELLS:
            raise too_large(f"over {MOST_CELLS:,} cells in lists and structs", MOST_CELLS)
        if size > MOST_BYTES:
            raise too_large(f"{size:,} bytes of text, each row's by itself", MOST_BYTES)


def _is_plain(kind: pa.DataType) -> bool:
    """Tell whether values of a type are in its buffers one by one, so that they become no larger."""
    views = pa.string_view(), pa.binary_view()
    return pa.types.is_primitive(kind) or (
        kind.num_fields == 0 and not pa.types.is_dictionary(kind) and kind not in views
    )


def _arrays(name: str, column: pa.ChunkedArray) -> Iterator[pa.Array]:
    """Yield the arrays that a column consists of, those within others too."""
    waiting = [(chunk, 0) for chunk in column.chunks]
    while waiting:
        array, depth = waiting.pop()
        kind = array.type
        if depth > MOST_NESTING:
            raise too_large(f"in column {name!r} more than {MOST_NESTING} levels of nesting", MOST_NESTING)
        yield array
        if isinstance(array, pa.ExtensionArray):
            waiting.append((array.storage, depth + 1))
        elif pa.types.is_struct(kind) or pa.types.is_union(kind):
            waiting += [(array.field(place), depth + 1) for place in range(kind.num_fields)]
        elif pa.types.is_map(kind):
            waiting += [(array.keys, depth + 1), (array.items, depth + 1)]
        elif isinstance(array, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
            waiting.append((array.values, depth + 1))
        elif kind.num_fields:  # views of lists and runs: the same values may stand for any number
            detail = (
                f"column {name!r} is {str(kind)[:80]}, which is not read; cast it to lists or plain values"
            )
            raise Problem(422, "Unknown type", detail, "body")


def _text_size(array: pa.Array) -> int:
    """Return the bytes of texts if each row had its own."""
    if isinstance(array, pa.DictionaryArray):
        return _repeated(array)
    if array.type in (pa.string_view(), pa.binary_view()):
        views = array.buffers()[1]
        lengths = np.frombuffer(views, "<i4")[4 * array.offset : 4 * (array.offset + len(array)) : 4]
        return int(lengths.sum(dtype=np.int64))
    return 0


def _repeated(array: pa.DictionaryArray) -> int:
    words = array.dictionary
    if not (pa.types.is_string(words.type) or pa.types.is_large_string(words.type)):
        if not _is_plain(words.type):
            kind = str(array.type)[:80]
            raise Problem(422, "Unknown type", f"a column is {kind}; cast it to plain values", "body")
        width = words.type.byte_width if pa.types.is_fixed_size_binary(words.type) else 8
        if pa.types.is_binary(words.type) or pa.types.is_large_binary(words.type):
            width = max(width, pc.max(pc.binary_length(words)).as_py() or 0)
        return int(width) * len(array)
    lengths = pc.binary_length(words)
    longest = pc.max(lengths).as_py() or 0
    if longest * len(array) <= MOST_BYTES:
        return int(longest) * len(array)
    return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
