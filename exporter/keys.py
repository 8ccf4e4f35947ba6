"""Keys of predictions and labels: kept as hashes, so that they are small, and so that nobody can read them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

DIGEST = 8
"""Bytes of a hash: of ten million keys two are alike with a chance of 3 in a million."""


def key_hashes(column: pa.ChunkedArray | pa.Array | Sequence[Any]) -> NDArray[np.int64]:
    """Return a hash of each key's text. 7 and 7.0 are one key: pandas makes floats of numbers where there are gaps."""
    if isinstance(column, pa.ChunkedArray | pa.Array) and pa.types.is_integer(column.type):
        column = pc.cast(column, pa.string())
    values: Iterable[Any] = column.to_pylist() if isinstance(column, pa.ChunkedArray | pa.Array) else column
    texts = (str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values)
    blake = hashlib.blake2b
    joined = b"".join(
        [blake(text.encode(errors="surrogatepass"), digest_size=DIGEST).digest() for text in texts]
    )
    return np.frombuffer(joined, ">i8").astype(np.int64)
