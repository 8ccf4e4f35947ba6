"""How much an Arrow IPC stream becomes when it is read, known before anything of it is unpacked.

A compressed buffer says in its first 8 bytes how long it is unpacked, and Arrow makes room for that. A body of some
kilobytes can so ask for gigabytes. The places of the buffers are in each message's metadata, a FlatBuffers table;
reading needs a handful of offsets of the format's schema and no more.

References
----------
https://github.com/apache/arrow/blob/main/format/Message.fbs and Schema.fbs;
https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

MOST_FIELDS = 30_000
"""Fields of a schema, those within others too: 10,000 columns of lists of structs."""
_SCHEMA, _DICTIONARIES, _ROWS = 1, 2, 3
_LEGACY = b"ARROW:experimental_compression"
"""How Arrow said that buffers are compressed before 1.0; it still reads that."""


@dataclass(frozen=True)
class Extent:
    """What a stream becomes: bytes of its buffers, rows of its batches, fields of its schema."""

    size: int
    rows: int
    fields: int


def extent(data: bytes) -> Extent:
    """Return what a stream becomes when it is read.

    Raises
    ------
    ValueError
        If it is no Arrow IPC stream, or has more than `MOST_FIELDS` fields.
    """
    size = rows = fields = 0
    try:
        for message in _messages(data):
            root = _root(memoryview(message.metadata))
            kind, header = root.byte(1), root.table(2)
            if header is None:
                continue
            if kind == _SCHEMA:
                fields += _fields(header)
            elif kind in (_DICTIONARIES, _ROWS):
                batch = header if kind == _ROWS else header.table(1)
                legacy = _LEGACY in root.data.tobytes()
                size += 0 if batch is None else _size(batch, memoryview(message.body), legacy)
                rows += batch.long(0) if batch is not None and kind == _ROWS else 0
    except (struct.error, IndexError, pa.ArrowException, OSError) as error:
        raise ValueError(f"no Arrow IPC stream: {error}") from error
    return Extent(size, rows, fields)


def _messages(data: bytes) -> Iterator[pa.Message]:
    reader = pa.ipc.MessageReader.open_stream(data)
    while True:
        try:
            yield reader.read_next_message()
        except StopIteration:
            return


def _size(batch: _Table, body: memoryview, legacy: bool) -> int:
    """Return the bytes of the buffers of a batch, unpacked."""
    buffers = batch.structs(2, "<qq")
    if batch.table(3) is None and not legacy:
        return sum(length for _, length in buffers)
    found = 0
    for offset, length in buffers:
        if offset >= 0 and length >= 8:
            found += max(length - 8, struct.unpack_from("<q", body, offset)[0])
    return found


def _fields(schema: _Table) -> int:
    """Return how many fields a schema has; one may be named in several places, so they are counted, not held."""
    found, waiting = 0, list(schema.tables(1))
    while waiting:
        found += 1
        if found + len(waiting) > MOST_FIELDS:
            raise ValueError(f"its schema has over {MOST_FIELDS} fields")
        waiting += waiting.pop().tables(5)
    return found


class _Table:
    """A FlatBuffers table: slots that hold a value, or the distance to one."""

    def __init__(self, data: memoryview, at: int) -> None:
        self.data, self._at = data, at
        self._slots = at - self._read("<i", at)
        self._length = self._read("<H", self._slots)

    def byte(self, slot: int) -> int:
        at = self._place(slot)
        return self._read("<B", at) if at else 0

    def long(self, slot: int) -> int:
        at = self._place(slot)
        return self._read("<q", at) if at else 0

    def table(self, slot: int) -> _Table | None:
        at = self._place(slot)
        return _Table(self.data, at + self._read("<I", at)) if at else None

    def tables(self, slot: int) -> Iterator[_Table]:
        for at in self._vector(slot, 4):
            yield _Table(self.data, at + self._read("<I", at))

    def structs(self, slot: int, form: str) -> list[tuple[int, ...]]:
        return [struct.unpack_from(form, self.data, at) for at in self._vector(slot, struct.calcsize(form))]

    def _vector(self, slot: int, width: int) -> range:
        """Return the places of a vector's elements."""
        at = self._place(slot)
        if not at:
            return range(0)
        begin = at + self._read("<I", at)
        end = begin + 4 + width * self._read("<I", begin)
        if end > len(self.data):
            raise IndexError("a vector leads out of its message")
        return range(begin + 4, end, width)

    def _place(self, slot: int) -> int:
        """Return where a slot's value is; 0: it is not there."""
        entry = 4 + 2 * slot
        offset = self._read("<H", self._slots + entry) if entry < self._length else 0
        return self._at + offset if offset else 0

    def _read(self, form: str, at: int) -> int:
        if at < 0:  # which struct would count from the end
            raise IndexError("an offset leads out of its message")
        return int(struct.unpack_from(form, self.data, at)[0])


def _root(data: memoryview) -> _Table:
    return _Table(data, struct.unpack_from("<I", data, 0)[0])
