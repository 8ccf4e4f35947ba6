"""NDJSON in bounded memory: blocks of whole lines, with types that hold for the whole file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import json

from wolfpack.client.columns import joined
from wolfpack.client.ndjson import check_lines
from wolfpack.spec import TableError

BLOCK = 8 << 20
"""Bytes read at once; a line may be longer."""


def schema_of(path: Path) -> pa.Schema:
    """Return all columns that any line has, in order of appearance, with types that fit all their values."""
    types: dict[str, pa.DataType] = {}
    for block in _blocks(path):
        for field in _parse(block, None).schema:
            known = types.get(field.name, field.type)
            found = _joined(known, field.type)
            if found is None:
                raise TableError(
                    f"{path}: column {field.name!r} is {known} in some lines and {field.type} in others; "
                    "write it as one type"
                )
            types[field.name] = found
    if not types:
        raise TableError(f"{path}: has no rows, so no columns; leave it out")
    return pa.schema(list(types.items()))


def batches_of(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for block in _blocks(path):
        yield from _parse(block, schema).to_batches()


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the file in pieces that end where a line ends."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            block += b"" if block.endswith(b"\n") else file.readline()
            if block.strip():
                yield block


def _parse(block: bytes, schema: pa.Schema | None) -> pa.Table:
    """Return the lines of a block; with a schema as its types, else as they are inferred."""
    check_lines(block)
    return json.read_json(
        io.BytesIO(block),
        read_options=json.ReadOptions(block_size=len(block) + 1),
        parse_options=json.ParseOptions(explicit_schema=schema),
    )


def _joined(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that fits both; text of which one block looked like times is text."""
    if {one, other} == {pa.string(), pa.timestamp("s")}:
        return pa.string()
    return joined(one, other)
