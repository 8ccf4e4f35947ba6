"""States by segment as bytes: a part for each segment column and value, all rows among them; checked like labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wolfpack.spec.vocabulary import check_label
from wolfpack.stats.packing import require
from wolfpack.stats.profiles import ALL, Segment


def said_segments(cells: Mapping[Segment, Any]) -> list[list[str]]:
    """Return the segments as JSON says them."""
    return [list(one) for one in cells]


def read_segments(what: str, said: list[Any], parts: int) -> list[Segment]:
    """Return the segments that `said_segments` gave.

    Raises
    ------
    ProfileFormatError
        If they are no pairs of what can be a label, one is there twice, all rows are missing, or there is not a
        part for each.
    """
    pairs = all(isinstance(one, list) and len(one) == 2 and all(isinstance(x, str) for x in one) for one in said)
    require(what, {"segments are pairs of texts": pairs})
    found: list[Segment] = [(name, value) for name, value in said]
    rules = {
        "each segment is there once, all rows among them": len(set(found)) == len(found) and ALL in found,
        "names and values can be labels": all(_label(name, value) for name, value in found),
        "each segment has a part": parts == len(found),
    }
    require(what, rules)
    return found


def _label(name: str, value: str) -> bool:
    if not name:
        return not value
    try:
        check_label(name)
        check_label(value)
    except ValueError:
        return False
    return True
