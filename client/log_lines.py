"""Rows of a block of lines of JSON, as columns; `arrow_lines` and `plain_lines` make the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Columns = dict[str, pa.Array]
Refused = tuple[int, str]
"""Where in the block a line begins, in bytes, and why it cannot be read."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Rows of a block, a line having one or several; each array has shape (n,).

    Parameters
    ----------
    start : where in the block the row's line begins, in bytes.
    time : text or numbers as they stand there; in a list also what is neither.
    request_id, model, version : text, null where there is none.
    inputs, prediction : a column for each of theirs.
    there : whether the line has inputs or a prediction at all, be they null.
    refused : lines that are no objects, or whose inputs and predictions do not fit each other.
    """

    start: NDArray[np.int64]
    time: pa.Array | list[Any]
    request_id: pa.Array
    model: pa.Array
    version: pa.Array
    inputs: Columns
    prediction: Columns
    there: NDArray[np.bool_]
    refused: list[Refused]


def line_starts(block: bytes) -> NDArray[np.int64]:
    """Return where the lines begin, but for empty ones."""
    data = np.frombuffer(block, np.uint8)
    ends = np.append(np.flatnonzero(data == ord("\n")), len(data))
    starts = np.append(0, ends[:-1] + 1)
    full = np.flatnonzero(ends > starts)
    return starts[full]
