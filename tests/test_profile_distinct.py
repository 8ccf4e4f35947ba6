"""Distinct counts within their stated error, the same on every machine; frequent words low by a stated number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.stats.distinct import (
    Distinct,
    K,
    distinct_sorted,
    distinct_words,
    hash_numbers,
    hash_words,
    merge_distinct,
)
from wolfpack.stats.frequent import MOST, count_frequent, merge_frequent

FIXED = settings(derandomize=True, deadline=None, max_examples=100)
N = 300_000
SHAPES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "normal": lambda draw: draw.normal(size=N),
    "single precision": lambda draw: draw.normal(size=N).astype(np.float32).astype(float),
    "whole numbers": lambda draw: np.arange(float(N)),
    "below zero": lambda draw: -np.arange(float(N)),
    "thousands": lambda draw: np.arange(N) * 1000.0,
    "powers of two apart": lambda draw: np.arange(N) * 2.0**20,
    "cents": lambda draw: np.arange(N) / 100,
    "minutes": lambda draw: 1.7e9 + np.arange(N) * 60.0,
    "random keys": lambda draw: draw.integers(0, 10**9, N).astype(float),
    "repeated": lambda draw: np.round(np.exp(3 * draw.normal(size=N)), 2),
}

NUMBERS = [0, 0, 124011875079010, 46173717460004, 175718970476006]
WORDS = [
    0,
    262734459856968,
    256275373893842,
    146090111146981,
    148024985958636,
    244066497344248,
    98309650420844,
]


@pytest.mark.parametrize("rows", [5000, 100_000, N])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_estimate_is_within_four_standard_errors(shape: str, rows: int) -> None:
    values = np.sort(SHAPES[shape](np.random.default_rng(2))[:rows])
    found, true = distinct_sorted(values), len(np.unique(values))

    assert abs(found.count / true - 1) <= 4 * found.standard_error
    assert found.exact is (true < K)
    assert found.standard_error == (0 if found.exact else pytest.approx(0.0313, abs=1e-4))


def test_the_estimate_of_words_is_within_four_standard_errors() -> None:
    found = distinct_words(pa.array([f"user-{k}@example.org" for k in range(200_000)]))

    assert abs(found.count / 200_000 - 1) <= 4 * found.standard_error


@FIXED
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60),
    st.integers(1, 7),
)
def test_few_values_are_counted_exactly_whatever_the_split(values: list[float], parts: int) -> None:
    whole = distinct_sorted(np.sort(np.array(values, float)))
    split = [distinct_sorted(np.sort(np.array(values[i::parts], float))) for i in range(parts)]

    assert whole.count == len({x + 0.0 for x in values})
    assert merge_distinct(split).hashes.tolist() == whole.hashes.tolist()
    assert merge_distinct(split[::-1]).hashes.tolist() == whole.hashes.tolist()


@pytest.mark.parametrize("rows", [1000, 1100, 20_000, 200_000])
def test_many_values_give_the_same_state_under_any_split_and_order(rows: int) -> None:
    draw = np.random.default_rng(rows)
    values = draw.normal(size=rows)
    whole = distinct_sorted(np.sort(values))
    order = draw.permutation(rows)
    parts = [distinct_sorted(np.sort(values[piece])) for piece in np.array_split(order, 9)]
    chain = parts[0]
    for part in parts[1:]:
        chain = merge_distinct([chain, part])

    assert merge_distinct(parts).hashes.tolist() == chain.hashes.tolist() == whole.hashes.tolist()
    assert whole.hashes.tolist() == sorted(set(hash_numbers(values).tolist()))[:K]


def test_the_hashes_are_the_same_for_ever() -> None:
    """They are kept for years and come from other machines; these numbers must not change."""
    numbers = hash_numbers(np.array([0.0, -0.0, 1.0, 0.1, -1e300])).tolist()
    words = hash_words(pa.array(["", "a", "ab", "ba", "é", "a" * 300_000, "z"])).tolist()

    assert numbers == NUMBERS
    assert words == WORDS
    assert len(set(words)) == 7
    assert max(numbers + words) < 1 << 48


@FIXED
@given(st.lists(st.text(max_size=12), max_size=30), st.integers(0, 5))
def test_a_word_s_hash_does_not_depend_on_its_neighbours(words: list[str], start: int) -> None:
    alone = [hash_words(pa.array([word])).tolist()[0] for word in words]
    array = pa.array(words, pa.string())

    assert hash_words(array).tolist() == alone
    assert hash_words(array.slice(start)).tolist() == alone[start:]
    assert [_hash(word) for word in words] == alone


def _hash(word: str) -> int:
    """The formula of the docstrings, with Python's integers."""
    limit = 1 << 64
    data = word.encode()
    total = sum((byte + 1) * 0x100000001B3 ** (len(data) - i) for i, byte in enumerate(data)) % limit
    one = (total ^ total >> 32) * 0xFF51AFD7ED558CCD % limit
    two = (one ^ one >> 32) * 0xC4CEB9FE1A85EC53 % limit
    return (one >> 58 << 42) | two >> 22


def test_an_empty_state_counts_nothing() -> None:
    assert (merge_distinct([]).count, distinct_sorted(np.empty(0)).count) == (0, 0)
    assert isinstance(merge_distinct([]), Distinct)


@pytest.mark.parametrize("seed", range(20))
def test_frequent_words_are_low_by_the_stated_error_at_most(seed: int) -> None:
    """Many words, each rare, are what an approximate count is worst at."""
    draw = np.random.default_rng(seed)
    parts = [draw.integers(0, 200, 400).tolist() for _ in range(int(draw.integers(1, 30)))]
    true = Counter(word for part in parts for word in part)
    states = [count_frequent([(str(word), n) for word, n in Counter(part).items()]) for part in parts]
    found = merge_frequent(states)
    chain = states[0]
    for state in states[1:]:
        chain = merge_frequent([chain, state])

    for one in (found, chain):
        kept = dict(one.items)
        assert len(kept) <= MOST
        assert one.error <= sum(true.values()) / (MOST + 1)
        for word, count in true.items():
            assert count - one.error <= kept.get(str(word), 0) <= count
        assert list(one.items) == sorted(one.items, key=lambda item: (-item[1], item[0]))


def test_few_words_are_counted_exactly() -> None:
    found = merge_frequent([count_frequent([("b", 2), ("a", 1)]), count_frequent([("a", 5)])])

    assert (found.items, found.error) == ((("a", 6), ("b", 2)), 0)
