"""Quality of ranked lists: precision, recall, hit rate, MAP, MRR and NDCG at k, averaged over lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wolfpack.stats.averages import Averages
from wolfpack.stats.pairs import check_shapes, codes, known_rows

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

LISTS = "lists"
"""What averages of lists are about."""


def rank_lists(lists: Any, scores: ArrayLike, relevance: ArrayLike, k: int) -> Averages:
    """Return the quality of the first k of each list, averaged over the lists that have anything relevant.

    ``precision`` hits / min(k, length); ``recall`` hits / relevant items of the list; ``hit_rate`` whether there
    is a hit; ``map`` sum of the precision at each hit / relevant items; ``mrr`` 1 / place of the first hit, 0
    without; ``ndcg`` sum of relevance / log2(place + 1) over that of the best order. ``feedback_ratio`` is the
    share of lists that have anything relevant. All rows of a list must be given at once, in one call.

    Parameters
    ----------
    lists : which list (user, query, session) each row belongs to, shape (n,).
    scores : larger first; equal ones keep the order of the rows.
    relevance : >= 0; more than 0 is relevant, and the gain of NDCG.
    k : places that count, >= 1.

    Raises
    ------
    ValueError
        If the shapes differ, a number is infinite, a relevance is below 0, or k is below 1.

    Examples
    --------
    >>> found = rank_lists(["a", "a", "b", "b"], [2, 1, 2, 1], [1, 0, 0, 1], k=2).measures()
    >>> found["mrr"].value, found["recall"].value
    (0.75, 1.0)

    References
    ----------
    K. Järvelin, J. Kekäläinen, Cumulated gain-based evaluation of IR techniques, ACM TOIS 20, 2002, for NDCG; C.
    Manning, P. Raghavan, H. Schütze, Introduction to information retrieval, 2008, chapter 8, for the others.
    """
    if k < 1:
        raise ValueError(f"k: {k!r} is not in the range x>=1; it is the number of places that count")
    who, _ = codes(lists)
    given = np.asarray(scores, np.float64)
    check_shapes(["lists", "scores"], [who.shape, given.shape])
    owner = np.where(who >= 0, who, np.nan)
    (owner, score, gain), missing = known_rows(lists=owner, scores=given, relevance=relevance)
    if (gain < 0).any():
        raise ValueError(f"relevance: {float(gain.min())!r} is not in the range x>=0; 0 is not relevant")
    values = _by_list(owner.astype(np.int64), score, gain, k)
    return Averages.of(f"ranking k={k}", values, missing)


def _by_list(owner: Places, score: Floats, gain: Floats, k: int) -> dict[str, Floats]:
    order = np.lexsort((-score, owner))
    start, place = _places(owner[order])
    gain = gain[order]
    shown, hit = place < k, gain > 0
    relevant, hits = _sums(hit, start), _sums(hit & shown, start)
    seen = np.cumsum(hit)  # hits up to a row; less those of the lists before
    running: Places = seen - np.repeat((seen - hit)[start], np.diff(np.append(start, len(hit))))
    first = np.where(hit & shown, 1 / (place + 1), 0.0)
    best = gain[np.lexsort((-gain, owner[order]))]
    discount = shown / np.log2(place + 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            "precision": hits / np.minimum(k, _sums(place >= 0, start)),
            "recall": hits / relevant,
            "hit_rate": hits > 0,
            "map": _sums((hit & shown) * running / (place + 1), start) / relevant,
            "mrr": np.maximum.reduceat(first, start) if len(start) else hits,
            "ndcg": _sums(gain * discount, start) / _sums(best * discount, start),
        }
    known = {name: np.where(relevant > 0, value, np.nan) for name, value in values.items()}
    return known | {"feedback_ratio": np.asarray(relevant > 0, np.float64)}


def _sums(values: NDArray[Any], start: Places) -> Floats:
    """Return the sum over each list."""
    return np.add.reduceat(values.astype(np.float64), start) if len(start) else np.empty(0)


def list_diversity(lists: Any, vectors: ArrayLike) -> Averages:
    """Return the mean cosine distance between two items of a list over lists of two or more, and the mean length.

    Parameters
    ----------
    lists : which list each row belongs to, shape (n,); only rows that were shown.
    vectors : embedding of each row's item, finite, shape (n, d); a row of zeros, which has no direction, and one
        with NaN are left out and counted.

    References
    ----------
    C.-N. Ziegler et al., Improving recommendation lists through topic diversification, WWW 2005, of pairs.
    """
    who, _ = codes(lists)
    x = np.asarray(vectors, np.float64)
    if x.ndim != 2 or len(x) != len(who):
        raise ValueError(f"vectors have the shape {x.shape}; give {len(who)} rows, one for each of lists")
    length = np.sqrt(np.square(x).sum(1))
    known = (who >= 0) & (length > 0) & np.isfinite(length)
    order = np.argsort(who[known], kind="stable")
    start, _ = _places(who[known][order])
    unit = (x[known] / length[known, None])[order]
    if not len(start):
        n, alike = np.empty(0), np.empty(0)
    else:
        n = np.diff(np.append(start, len(unit)))
        alike = np.square(np.add.reduceat(unit, start)).sum(1) - n
    pairs = np.where(n > 1, n * (n - 1), np.nan)
    return Averages.of(LISTS, {"diversity": 1 - alike / pairs, "length": n}, int((~known).sum()))


def _places(owner: Places) -> tuple[Places, Places]:
    """Return where each list starts in rows ordered by list, and each row's place in its list from 0."""
    if not len(owner):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    start = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    return start, np.arange(len(owner)) - np.repeat(start, np.diff(np.append(start, len(owner))))
