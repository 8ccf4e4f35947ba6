"""What the pages of a Parquet file become when they are read, known before any is unpacked.

The footer's own sums are not to be trusted: each page says in its header how long it is unpacked, and Arrow makes
room for that. The headers are in Thrift's compact protocol, of which reading needs numbers and a way past the rest.

References
----------
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift;
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DATA, _DICTIONARY, _DATA_2 = 0, 2, 3
_DETAILS = {_DATA: 5, _DICTIONARY: 7, _DATA_2: 8}
"""Field of a page's header that says more, by the page's type."""
_ENCODING = {_DATA: 2, _DICTIONARY: 2, _DATA_2: 4}
DELTA_BYTE_ARRAY = 7
"""An encoding in which each text may repeat all before it, so that a page becomes any length."""
MOST_HEADER = 1 << 16
"""Bytes of a page's header; statistics in it are the most."""


@dataclass(frozen=True)
class Page:
    """A page: its bytes unpacked, its values (none of a dictionary) and how they are encoded."""

    size: int
    values: int
    encoding: int


def pages(data: bytes, begin: int, end: int) -> Iterator[Page]:
    """Yield the pages of a column that lie between two places.

    Raises
    ------
    ValueError
        If there is no page where one should be.
    """
    while begin < end:
        header, length = _Compact(data[begin : begin + MOST_HEADER]).struct()
        try:
            kind, size, packed = (header[place] for place in (1, 2, 3))
            details = header.get(_DETAILS.get(kind, -1), {})
            values = details.get(1, 0) if kind != _DICTIONARY else 0
            page = Page(size, values, details.get(_ENCODING.get(kind, -1), 0))
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"the page at byte {begin} has no header") from error
        if not all(isinstance(one, int) and one >= 0 for one in (kind, size, packed, values)):
            raise ValueError(f"the page at byte {begin} has a header that says nothing")
        yield page
        begin += length + packed


class _Compact:
    """Reads one struct of Thrift's compact protocol: numbers as they are, structs as dictionaries, the rest skipped."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self, depth: int = 0) -> tuple[dict[int, Any], int]:
        """Return the fields by their numbers, and how many bytes they took."""
        found: dict[int, Any] = {}
        last = 0
        while head := self._byte():
            last = last + (head >> 4) if head >> 4 else self._number()
            found[last] = self._value(head & 15, depth)
        return found, self._at

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._number()
        if kind == 7:
            return self._skip(8)
        if kind == 8:
            return self._skip(self._unsigned())
        if kind == 12 and depth < 4:
            return self.struct(depth + 1)[0]
        raise ValueError(f"a page's header has a value of type {kind}")  # no list or map is in one

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise ValueError("a page's header is cut")
        self._at += 1
        return self._data[self._at - 1]

    def _skip(self, length: int) -> None:
        self._at += length

    def _unsigned(self) -> int:
        found, shift = 0, 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7
            if shift > 63:
                raise ValueError("a page's header has a number without an end")

    def _number(self) -> int:
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)
