"""Which series are shown when a project has more than its budget: the same ones each time, most needed first.

The order is that of DESIGN §3: what says that data came, what a rule or a detector reads, quality and what teams and
jobs told, and the rest; within each all rows before segments, then by column. Of the first class that does not fit
every model gets an equal share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from wolfpack.exporter.sample import TOLD, Key, scope_of
from wolfpack.spec import FAMILIES, Family, names

CLASSES = 4
Reads = Callable[[Family, Mapping[str, str]], bool]
"""Tells whether a rule or a detector reads a series of a family with these labels."""
_PLACE = {name: place for place, name in enumerate(FAMILIES)}


def rank(key: Key, reads: Reads) -> int:
    """Return the class of a series: 0 is dropped last, `CLASSES` - 1 first."""
    family, scope = FAMILIES[key[0]], scope_of(key)
    if scope == "model" or family.labels == names.WINDOW:
        return 0
    if reads(family, dict(zip(family.labels, key[1], strict=True))):
        return 1
    return 2 if scope in ("label", "estimate", "output", TOLD) else 3


def ordered(keys: Collection[Key], columns: Sequence[str], reads: Reads) -> tuple[list[Key], list[int]]:
    """Return the series of a model, most needed first, and how many each class has.

    Parameters
    ----------
    columns : names of columns in their order; others come after them by name.
    """
    place = {name: at for at, name in enumerate(columns)}

    def order(key: Key) -> tuple[object, ...]:
        labels = dict(zip(FAMILIES[key[0]].labels, key[1], strict=True))
        column = labels.get("column", "")
        where = (
            bool(labels.get("version")),
            bool(labels.get("segment")),
            place.get(column, len(place)),
            column,
        )
        return (
            ranks[key],
            *where,
            labels.get("segment", ""),
            labels.get("segment_value", ""),
            _PLACE[key[0]],
            key[1],
        )

    ranks = {key: rank(key, reads) for key in keys}
    counts = [0] * CLASSES
    for one in ranks.values():
        counts[one] += 1
    return sorted(keys, key=order), counts


def shares(needs: Mapping[int, Sequence[int]], budget: int) -> dict[int, int]:
    """Return how many series each model may show, of those ordered as most needed first.

    Parameters
    ----------
    needs : by model, how many series each class has.
    budget : what they may have together, >= 0. It is used up unless all fit.
    """
    given = dict.fromkeys(needs, 0)
    for place in range(CLASSES):
        share = _filled(
            {model: counts[place] for model, counts in needs.items()}, budget - sum(given.values())
        )
        given = {model: given[model] + share[model] for model in given}
    return given


def _filled(wanted: Mapping[int, int], left: int) -> dict[int, int]:
    """Share `left` so that nobody who wants more has less than another, but for one; all of it is given."""
    found: dict[int, int] = {}
    waiting = sorted(wanted, key=lambda model: (wanted[model], model))
    for at, model in enumerate(waiting):
        found[model] = min(wanted[model], left // (len(waiting) - at))
        left -= found[model]
    return found
