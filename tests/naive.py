"""Slow twins: each statistic once more, by its definition, with Python loops over plain values."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import product
from typing import Any


def count_numeric(
    values: Sequence[float | None], edges: Sequence[float], low: float = -math.inf, high: float = math.inf
) -> dict[str, Any]:
    """Return what a numeric state must hold of these values, few enough that `distinct` is exact."""
    present = [float(x) for x in values if x is not None and not math.isnan(x)]
    finite = [x for x in present if math.isfinite(x)]
    bins = [0] * (len(edges) + 1)
    for x in finite:
        bins[bisect_right(edges, x)] += 1
    mean = math.fsum(finite) / len(finite) if finite else None
    return {
        "rows": len(values),
        "missing": len(values) - len(present),
        "nonfinite": len(present) - len(finite),
        "zeros": sum(x == 0 for x in finite),
        "negatives": sum(x < 0 for x in finite),
        "out_of_range": sum(not low <= x <= high for x in finite),
        "distinct": len({x + 0.0 for x in finite}),
        "bins": bins,
        "minimum": min(finite, default=None),
        "maximum": max(finite, default=None),
        "mean": mean,
        "stddev": math.sqrt(math.fsum((x - mean) ** 2 for x in finite) / len(finite)) if finite else None,
    }


def standardised(values: Sequence[float], power: int) -> float | None:
    """Return a standardised moment; None without variation."""
    mean = math.fsum(values) / len(values)
    variance = math.fsum((x - mean) ** 2 for x in values) / len(values)
    return (
        math.fsum((x - mean) ** power for x in values) / len(values) / variance ** (power / 2)
        if variance
        else None
    )


def count_categories(values: Sequence[str | None], categories: Sequence[str]) -> dict[str, Any]:
    """Return what a categorical state must hold of these values."""
    present = [value for value in values if value is not None]
    counts = [sum(value == word for value in present) for word in categories]
    return {
        "rows": len(values),
        "missing": len(values) - len(present),
        "bins": [*counts, len(present) - sum(counts)],
        "distinct": len(set(present)),
        "frequent": sorted(
            ((word, present.count(word)) for word in set(present) - set(categories)),
            key=lambda item: (-item[1], item[0]),
        ),
    }


def psi(reference: Sequence[int], current: Sequence[int]) -> float:
    """Return the debiased population stability index of two lists of counts."""
    live = [(r, c) for r, c in zip(reference, current, strict=True) if r or c]
    n, m, bins = sum(reference), sum(current), len(live)
    total = 0.0
    for r, c in live:
        p, q = (r + 0.5) / (n + bins / 2), (c + 0.5) / (m + bins / 2)
        total += (p - q) * math.log(p / q)
    return max(total - (bins - 1) * (1 / n + 1 / m), 0.0)


def roc_auc(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Return the share of (positive, negative) pairs in the right order, ties half."""
    pairs = list(product(*([s for s, y in zip(scores, labels, strict=True) if y == k] for k in (1, 0))))
    return sum((p > n) + 0.5 * (p == n) for p, n in pairs) / len(pairs)


def roc_auc_stderr(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Return DeLong's standard error by its definition: the placements of each row."""
    positives, negatives = ([s for s, y in zip(scores, labels, strict=True) if y == k] for k in (1, 0))
    above = [sum((p > n) + 0.5 * (p == n) for n in negatives) / len(negatives) for p in positives]
    below = [sum((p > n) + 0.5 * (p == n) for p in positives) / len(positives) for n in negatives]
    return math.sqrt(_variance(above) / len(above) + _variance(below) / len(below))


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((x - mean) ** 2 for x in values) / (len(values) - 1)


def ranking(
    users: Sequence[str], scores: Sequence[float], gains: Sequence[float], k: int
) -> dict[str, float]:
    """Return the mean of each measure over the users with anything relevant, and the share of these."""
    lists: dict[str, list[tuple[float, float]]] = {}
    for user, score, gain in zip(users, scores, gains, strict=True):
        lists.setdefault(user, []).append((score, gain))
    found: dict[str, list[float]] = {}
    for pairs in lists.values():
        order = [gain for _, gain in sorted(pairs, key=lambda pair: -pair[0])]
        relevant = sum(gain > 0 for gain in order)
        found.setdefault("feedback_ratio", []).append(float(relevant > 0))
        if relevant:
            for name, value in _one_list(order, relevant, k).items():
                found.setdefault(name, []).append(value)
    return {name: sum(values) / len(values) for name, values in found.items()}


def _one_list(order: list[float], relevant: int, k: int) -> dict[str, float]:
    hits = [gain > 0 for gain in order[:k]]
    places = [place for place, hit in enumerate(hits, 1) if hit]

    def dcg(gains: list[float]) -> float:
        return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains[:k], 1))

    return {
        "precision": sum(hits) / len(hits),
        "recall": sum(hits) / relevant,
        "hit_rate": float(any(hits)),
        "map": sum(sum(hits[:place]) / place for place in places) / relevant,
        "mrr": 1 / places[0] if places else 0.0,
        "ndcg": dcg(order) / dcg(sorted(order, reverse=True)),
    }
