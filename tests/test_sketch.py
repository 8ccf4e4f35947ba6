"""The quantile sketch keeps the rank error that it states, over every shape of data and a thousand merges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.stats.sketch import Sketch, merge_sketches, sketch_sorted

POINTS = np.linspace(0.001, 0.999, 199)
SHAPES = {
    "normal": lambda draw, n, part: draw.normal(size=n),
    "heavy tail": lambda draw, n, part: np.exp(3 * draw.normal(size=n)),
    "few values": lambda draw, n, part: draw.poisson(3, n).astype(float),
    "drifting": lambda draw, n, part: part + draw.random(n),
    "falling": lambda draw, n, part: -part + draw.random(n),
    "constant": lambda draw, n, part: np.full(n, 5.0),
}


def rank_error(sketch: Sketch, values: np.ndarray) -> float:
    """Return the largest distance between a quantile's wanted rank and the ranks that its value has."""
    values = np.sort(values)
    found = np.array([sketch.quantile(q) for q in POINTS])
    low, high = (np.searchsorted(values, found, side) / len(values) for side in ("left", "right"))
    return float(np.maximum(np.maximum(low - POINTS, POINTS - high), 0).max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way", ["chain", "tree", "at once"])
def test_quantiles_keep_the_stated_error_over_1000_merges(shape: str, way: str) -> None:
    draw = np.random.default_rng(7)
    chunks = [SHAPES[shape](draw, 700, part) for part in range(1000)]
    parts = [sketch_sorted(np.sort(chunk), 256) for chunk in chunks]
    if way == "chain":
        total = parts[0]
        for part in parts[1:]:
            total = merge_sketches([total, part])
    elif way == "tree":
        while len(parts) > 1:
            parts = [merge_sketches(parts[i : i + 2]) for i in range(0, len(parts), 2)]
        total = parts[0]
    else:
        total = merge_sketches(parts)

    assert total.count == 700_000
    assert total.size <= 2 * 256
    assert rank_error(total, np.concatenate(chunks)) <= total.rank_error


@pytest.mark.parametrize("shape", SHAPES)
def test_one_large_chunk_keeps_the_stated_error(shape: str) -> None:
    values = np.sort(SHAPES[shape](np.random.default_rng(3), 123_457, 0))
    sketch = sketch_sorted(values, 512)

    assert sketch.count == len(values)
    assert rank_error(sketch, values) <= sketch.rank_error


@settings(derandomize=True, deadline=None)
@given(st.lists(st.lists(st.floats(-1e9, 1e9), max_size=80), min_size=1, max_size=8), st.integers(1, 32))
def test_merge_stands_for_every_value_and_keeps_its_arguments(chunks: list[list[float]], k: int) -> None:
    parts = [sketch_sorted(np.sort(np.array(chunk, float)), k) for chunk in chunks]
    before = [[level.tolist() for level in part.levels] for part in parts]
    merged = merge_sketches(parts)

    assert merged.count == sum(map(len, chunks))
    assert merged.size <= 2 * k + 64
    assert before == [[level.tolist() for level in part.levels] for part in parts]
    assert set(np.concatenate([*merged.levels, []])) <= {x for chunk in chunks for x in chunk}


def test_the_same_values_give_the_same_sketch() -> None:
    values = np.sort(np.random.default_rng(1).normal(size=10_000))
    one, two = (
        merge_sketches([sketch_sorted(values.copy(), 64), sketch_sorted(values[:777], 64)]) for _ in "ab"
    )

    assert [level.tolist() for level in one.levels] == [level.tolist() for level in two.levels]


def test_few_values_are_kept_and_their_quantiles_exact() -> None:
    values = np.arange(100.0)
    sketch = sketch_sorted(values, 128)

    assert sketch.rank_error == 0
    assert [sketch.quantile(q) for q in (0.0, 0.01, 0.5, 1.0)] == [0, 0, 49, 99]
    assert sketch.below(np.array([-1.0, 0.0, 0.5, 200.0])).tolist() == [0, 0, 1, 100]


@pytest.mark.parametrize("rows", [17, 100, 999, 1000, 12_345])
def test_every_item_stands_for_neighbours_of_its_own(rows: int) -> None:
    """So no rank is off by more than the largest weight, and no value is counted twice."""
    sketch = sketch_sorted(np.arange(float(rows)), 8)
    items, weights = sketch.weighted()

    assert len(set(items)) == len(items)
    assert np.abs(np.cumsum(weights) - weights / 2 - items).max() <= 1 << (len(sketch.levels) - 1)


def test_an_empty_sketch_has_no_quantile() -> None:
    assert sketch_sorted(np.empty(0), 8).quantile(0.5) is None


def test_a_quantile_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.5 is not in the range 0<=x<=1"):
        Sketch(8).quantile(1.5)
