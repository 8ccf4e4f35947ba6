"""One way to write a table to bytes and to read it back from strangers: Arrow IPC stream with zstd."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.stats.ipc_extent import extent

MOST_BYTES = 1 << 27
"""Bytes of a table that is read, unpacked: a profile of 10,000 columns has about half of it."""
FREE, TIMES = 1 << 20, 256
"""Bytes that anything may have unpacked, and how many times its own size beyond that: profiles of equal columns
pack to a hundredth. Else a body of some kilobytes could ask for all of `MOST_BYTES`."""
SURELY = 4
"""How many times its own size anything may have: a year of panes of a hundred columns is 400 MB, and hardly packs."""


def write(schema: pa.Schema, arrays: list[Any], metadata: dict[bytes, bytes]) -> bytes:
    """Return one record batch as a compressed stream; `metadata` needs a ``format``."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, schema.with_metadata(metadata), options=options) as writer:
        writer.write_batch(pa.record_batch(arrays, schema))
    return bytes(sink.getvalue())


def read(data: bytes, schema: pa.Schema, form: bytes, what: str, nullable: tuple[str, ...] = ()) -> pa.Table:
    """Return the table, whole and structurally valid; its schema carries the metadata.

    Raises
    ------
    ProfileFormatError
        If the bytes are no such table: not Arrow, cut short, another format or version, other fields, or
        nulls outside `nullable`.
    """
    try:
        _check_extent(data)
        with pa.ipc.open_stream(data) as reader:
            given = (reader.schema.metadata or {}).get(b"format", b"missing: an Arrow table of another kind")
            if given != form:
                text = given[:60].decode(errors="replace")
                raise ProfileFormatError(
                    f"{what}: its format is {text!r}, this release reads {form.decode()!r}"
                )
            if not reader.schema.equals(schema):
                raise ProfileFormatError(f"{what}: its fields are {reader.schema.names}, not {schema.names}")
            table = reader.read_all()
        table.validate(full=True)  # before anything is read by its offsets, which may lead out of the memory
        table = table.combine_chunks()
    except (pa.ArrowException, OSError, TypeError, ValueError) as error:
        raise ProfileFormatError(
            f"{what}: {len(data)} bytes that begin with {bytes(data[:16])!r} are none "
            f"({type(error).__name__}: {str(error)[:200]}); send what to_bytes returns, whole"
        ) from error
    for name in schema.names:
        if table.column(name).null_count and name not in nullable:
            raise ProfileFormatError(f"{what}: field {name!r} has nulls; send what to_bytes returns")
    return table


def _check_extent(data: bytes) -> None:
    """Raise ValueError if the stream would become larger than what we write does."""
    size = extent(data).size
    most = max(min(MOST_BYTES, FREE + TIMES * len(data)), SURELY * len(data))
    if size > most:
        raise ValueError(f"they unpack to {size} bytes, and {most} are allowed")
