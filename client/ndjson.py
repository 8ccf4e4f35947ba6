"""What must not reach Arrow's reader of JSON: it ends the process on a null at the top and on deep nesting.

Both were seen with pyarrow 26: ``null`` as the first line, and an array in an array 20,000 deep, are segmentation
faults. Whatever comes from outside passes here first.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa

LONG = 5_000
"""Bytes of a line from which its nesting is looked at; a shorter one cannot be nested deeper than Arrow bears."""
DEEP = 1_000
"""Brackets in a line up to which it cannot be too deep. Beyond it Python's reader decides, which has a limit too."""
NEWLINE = b"\n"
_NULL = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|\n)[ \t\r]*null")


def check_lines(data: bytes) -> None:
    """Refuse lines of JSON that would end the process if they were read.

    Raises
    ------
    pa.ArrowInvalid
        If a line is null, or nested too deep; the message has its number.
    """
    found = _NULL.search(data) if b"null" in data else None
    if found is not None:
        number = data.count(NEWLINE, 0, found.end()) + 1
        raise pa.ArrowInvalid(f"line {number} is null, and no object")
    ends = np.append(np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE[0]), len(data))
    starts = np.append(0, ends[:-1] + 1)
    for place in np.flatnonzero(ends - starts > LONG).tolist():
        if is_deep(data[starts[place] : ends[place]]):
            raise pa.ArrowInvalid(f"line {place + 1} is nested too deep")


def is_deep(line: bytes) -> bool:
    """Tell whether a line is nested deeper than can be read."""
    if line.count(b"[") + line.count(b"{") <= DEEP:
        return False
    try:
        json.loads(line)
    except RecursionError:
        return True
    except ValueError:  # no JSON: for the reader to say
        pass
    return False
