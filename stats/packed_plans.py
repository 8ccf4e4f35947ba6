"""Plans as the bytes that each profile carries, read once: all parts of a model have the same."""

from __future__ import annotations

import json
import threading
import zlib
from collections import OrderedDict
from typing import get_args

from wolfpack.spec.plan import Kind, Plan
from wolfpack.spec.vocabulary import check_label

MOST = 1 << 26
"""Bytes of a plan as JSON; ten thousand columns have about half of it."""
FREE, TIMES = 1 << 20, 100
"""Bytes that any plan may have unpacked, and how many times its packed size beyond that; those that we write have
10 times. JSON as Python objects takes 20 times its text, so some kilobytes must not become megabytes of it."""
KEPT = 1 << 25
"""Bytes of JSON of the plans that are kept: those of 500 models of 100 columns."""

KEPT_PACKED = 1 << 23
"""Bytes of the packed plans that are kept to be written again."""

_kept: OrderedDict[bytes, tuple[Plan, int]] = OrderedDict()
_written: OrderedDict[str, bytes] = OrderedDict()
_lock = threading.Lock()


def write_plan(plan: Plan) -> bytes:
    """Return the bytes of a plan; the last ones are kept, as they are written with each profile on it."""
    with _lock:
        found = _written.get(plan.id)
        if found is not None:
            _written.move_to_end(plan.id)
            return found
    packed = zlib.compress(json.dumps(plan.to_dict(), separators=(",", ":")).encode(), 1)
    with _lock:
        _written[plan.id] = packed
        while sum(map(len, _written.values())) > KEPT_PACKED:
            _written.popitem(last=False)
    return packed


def read_plan(packed: bytes) -> Plan:
    """Return the plan that `write_plan` wrote; those last read are kept.

    Raises
    ------
    KeyError, TypeError, ValueError, RecursionError, zlib.error
        If the bytes are none, or one larger than what is written, or it contradicts itself.
    """
    with _lock:
        found = _kept.get(packed)
        if found is not None:
            _kept.move_to_end(packed)
            return found[0]
    text = _unpacked(packed)
    plan = Plan.from_dict(json.loads(text))
    _check(plan)
    with _lock:
        _kept[packed] = plan, len(text)
        while sum(size for _, size in _kept.values()) > KEPT:
            _kept.popitem(last=False)
    return plan


def _unpacked(packed: bytes) -> bytes:
    most = min(MOST, FREE + TIMES * len(packed))
    reader = zlib.decompressobj()
    text = reader.decompress(packed, most)
    if reader.unconsumed_tail:
        raise ValueError(f"its plan is longer than {most} bytes")
    return text


def _check(plan: Plan) -> None:
    values = (value for kept in plan.segments.values() for value in kept)
    for name in (*plan.columns, *plan.segments, *values):
        check_label(name)
    for name, column in plan.columns.items():
        if column.kind not in get_args(Kind) or len(set(column.categories)) < len(column.categories):
            raise ValueError(f"column {name!r} has kind {column.kind!r} or a category twice")
        if (column.edges and column.kind != "numeric") or (column.categories and column.kind == "numeric"):
            raise ValueError(f"column {name!r} is {column.kind} but has edges or categories of another kind")
