"""The most frequent words that a plan has no place for: at most 64 counts, low by a stated number at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 64
"""Words kept. A word is surely kept if it has more than 1 / 65 of the rows counted."""


@dataclass(frozen=True, slots=True)
class Frequent:
    """Words and how often they occurred, most frequent first, equal ones by name.

    Parameters
    ----------
    items : (word, count) pairs; a word occurred at least `count` and at most `count + error` times.
    error : rows that a count, or a word left out, lacks at most.

    References
    ----------
    P. Agarwal et al., Mergeable summaries, PODS 2012: error <= rows / (MOST + 1) under any merges.
    """

    items: tuple[tuple[str, int], ...] = ()
    error: int = 0


NONE = Frequent()


def count_frequent(items: Sequence[tuple[str, int]], error: int = 0) -> Frequent:
    """Return the state of words, each once, with their counts."""
    ranked = sorted(items, key=lambda item: (-item[1], item[0]))
    if len(ranked) <= MOST:
        return Frequent(tuple(ranked), error)
    bar = ranked[MOST][1]
    kept = tuple((word, count - bar) for word, count in ranked[:MOST] if count > bar)
    return Frequent(kept, error + bar)


def merge_frequent(parts: Sequence[Frequent]) -> Frequent:
    """Return the state of all words together; the arguments stay as they are."""
    full = [part for part in parts if part.items or part.error]
    if len(full) < 2:
        return full[0] if full else NONE
    together: Counter[str] = Counter()
    for part in full:
        together.update(dict(part.items))
    return count_frequent(list(together.items()), sum(part.error for part in full))
