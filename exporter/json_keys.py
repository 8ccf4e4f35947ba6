"""The distinct keys of lines of JSON, found without reading them: what columns they would become."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

_STRING = re.compile(rb'"((?:[^"\\]|\\.)*+)"?(\s*+:)?', re.DOTALL)
"""A string of JSON, and the colon after it if it is a key. It matches at each quote, so that looking takes no longer
than the text is."""
_BLOCK = 1 << 20
_QUOTE, _COLON, _SPACES = ord('"'), ord(":"), (9, 13, 32)


def distinct_keys(lines: bytes) -> Iterator[int]:
    """Yield how many different keys there are so far, after each MB; those of objects within objects too."""
    found: set[bytes] = set()
    begin = 0
    while begin < len(lines):
        end = lines.find(b"\n", begin + _BLOCK) + 1 or len(lines)
        found |= _keys(lines[begin:end])
        yield len(found)
        begin = end


def _keys(block: bytes) -> set[bytes]:
    if b"\\" not in block:
        data = np.frombuffer(block + b"\n", np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        after = data[quotes[1::2] + 1]
        if len(quotes) % 2 == 0 and not np.isin(after, _SPACES).any():
            return _between(block, quotes.reshape(-1, 2)[after == _COLON])
    return {key for key, colon in _STRING.findall(block) if colon}


def _between(block: bytes, quotes: np.ndarray) -> set[bytes]:
    """Return the different texts between pairs of quotes, shape (n, 2); a tenth of the time of a regular expression."""
    if not len(quotes):
        return set()
    ends = (quotes + np.array([1, 0])).astype(np.int64).ravel()
    parts = [None, pa.py_buffer(ends), pa.py_buffer(block)]
    texts = pa.Array.from_buffers(pa.large_binary(), len(ends) - 1, parts)  # keys, and what is between two
    return set(texts.take(pa.array(np.arange(0, len(ends), 2))).unique().to_pylist())
