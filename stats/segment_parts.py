"""States by segment: merged segment by segment; as bytes a part for each column and value, checked like labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wolfpack.spec.vocabulary import check_label
from wolfpack.stats.packing import require
from wolfpack.stats.profiles import ALL, Segment


def said_segments(cells: Mapping[Segment, Any]) -> list[list[str]]:
    """Return the segments as JSON says them."""
    return [list(one) for one in cells]


def merge_cells(parts: Sequence[Mapping[Segment, Any]]) -> dict[Segment, Any]:
    """Return the state of each segment that a part has, merged from all that have it, in the order they are met."""
    found: dict[Segment, Any] = {}
    for segment in dict.fromkeys(segment for part in parts for segment in part):
        first, *rest = [part[segment] for part in parts if segment in part]
        found[segment] = first.merge(*rest) if rest else first
    return found


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
