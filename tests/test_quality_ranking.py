"""Ranked lists and recommendations: equal to slow twins, to scikit-learn and to Evidently's golden numbers."""

from __future__ import annotations

import math
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import entropy
from sklearn.metrics import ndcg_score

from wolfpack.stats import ItemCounts, list_diversity, rank_lists

FIXED = settings(derandomize=True, deadline=None)
LISTS = st.lists(
    st.tuples(st.sampled_from("uvw"), st.floats(0, 1) | st.just(0.5), st.sampled_from([0, 0, 1, 3])),
    max_size=40,
)


def values(averages: Any) -> dict[str, float]:
    return {name: estimate.value for name, estimate in averages.measures().items()}


@FIXED
@given(LISTS, st.integers(1, 6))
def test_measures_are_their_slow_twins(rows: list[Any], k: int) -> None:
    """Of ties the first row comes first."""
    users, scores, gains = ([row[i] for row in rows] for i in range(3))
    expected = naive.ranking(users, scores, gains, k)

    assert values(rank_lists(users, scores, gains, k)) == pytest.approx(expected, abs=1e-12)


def test_ndcg_is_that_of_scikit_learn() -> None:
    draw = np.random.default_rng(1)
    scores, gains = draw.random((200, 30)), draw.integers(0, 4, (200, 30)) * (draw.random((200, 30)) < 0.3)
    users = np.repeat(np.arange(200), 30)
    for k in (1, 5, 30, 50):
        found = rank_lists(users, scores.ravel(), gains.ravel(), k).measures()["ndcg"]
        there = gains.any(1)

        assert found.value == pytest.approx(ndcg_score(gains[there], scores[there], k=k), abs=1e-9)


def test_the_order_of_rows_does_not_matter_without_ties() -> None:
    """It does in Evidently 0.7: the MAP of one table went from 0.58 to 0.71 when its rows were shuffled."""
    draw = np.random.default_rng(2)
    users, scores = draw.integers(0, 50, 1000), draw.permutation(1000)
    gains, order = draw.integers(0, 2, 1000), draw.permutation(1000)

    assert rank_lists(users[order], scores[order], gains[order], 5).equals(
        rank_lists(users, scores, gains, 5)
    )


TOY = (list("AAABBBCCC"), [3, 2, 1] * 3, [1, 0, 1, 0, 0, 1, 0, 0, 0])
"""Three users of three items: hits at places 1 and 3, at 3, and none."""


def test_evidently_s_golden_ranking() -> None:
    found = values(rank_lists(*TOY, 3))
    everyone = found["feedback_ratio"]

    assert found["precision"] == pytest.approx(0.5)
    assert found["recall"] == 1
    assert found["map"] == pytest.approx(0.5833, abs=1e-4)
    assert found["ndcg"] == pytest.approx(0.709860, abs=1e-6)
    assert [values(rank_lists(*TOY, k))["mrr"] for k in (1, 2, 3)] == pytest.approx(
        [0.5, 0.5, 0.6667], abs=1e-4
    )
    assert [values(rank_lists(*TOY, k))["hit_rate"] for k in (1, 2, 3)] == [0.5, 0.5, 1]
    assert found["ndcg"] * everyone == pytest.approx(0.473240, abs=1e-6)  # over users without feedback too
    assert found["precision"] * everyone == pytest.approx(0.3333, abs=1e-4)
    assert found["mrr"] * everyone == pytest.approx(0.4444, abs=1e-4)


def test_evidently_s_golden_items() -> None:
    """Nine recommendations of five items, of which four in training, each of one of four users."""
    shown = ItemCounts.from_array(list("aabbccdde"))
    training = ItemCounts.from_array(list("abcdf"))
    found = shown.spread_measures() | shown.popularity_measures(training, 4)

    assert found["gini"].value == pytest.approx(0.1111, abs=1e-4)
    assert found["novelty"].value == 2.0
    assert found["catalogue_coverage"].value == 0.8
    assert found["popularity"].value * 4 == 1.0
    assert found["unseen_ratio"].value == pytest.approx(1 / 9)


@FIXED
@given(st.lists(st.integers(1, 20), min_size=2, max_size=12))
def test_spread_is_that_of_the_definitions(counts: list[int]) -> None:
    items = [f"i{place}" for place, count in enumerate(counts) for _ in range(count)]
    found = ItemCounts.from_array(items).spread_measures()
    apart = sum(abs(a - b) for a in counts for b in counts)

    assert found["entropy"].value == pytest.approx(entropy(counts, base=2), abs=1e-12)
    # Gini's mean difference over twice the mean, over all pairs of different items
    assert found["gini"].value == pytest.approx(apart / (2 * (len(counts) - 1) * sum(counts)), abs=1e-12)


def test_errors_of_spread_and_popularity_are_those_of_repeated_samples() -> None:
    draw = np.random.default_rng(3)
    shares = draw.dirichlet(np.ones(20) * 2)
    training = ItemCounts.from_array(draw.choice(20, 500, p=shares))
    runs = []
    for _ in range(400):
        shown = ItemCounts.from_array(draw.choice(20, 2000, p=shares))
        runs.append(shown.spread_measures() | shown.popularity_measures(training, 500))
    for name in ("gini", "entropy", "popularity", "novelty"):
        spread = np.std([run[name].value for run in runs])

        assert np.mean([run[name].stderr for run in runs]) == pytest.approx(spread, rel=0.12), name


def test_the_error_of_a_ranking_is_that_of_drawing_users() -> None:
    draw = np.random.default_rng(4)
    runs = []
    for _ in range(300):
        quality = np.repeat(draw.random(100), 10)  # users differ, so their rows are not independent
        users, gains = np.repeat(np.arange(100), 10), (draw.random(1000) < 0.3 * quality + 0.1) * 1
        runs.append(rank_lists(users, draw.random(1000) + gains * quality, gains, 3).measures())
    for name in ("precision", "recall", "hit_rate", "map", "mrr", "ndcg"):
        spread = np.std([run[name].value for run in runs])

        assert np.mean([run[name].stderr for run in runs]) == pytest.approx(spread, rel=0.12), name


def test_diversity_is_the_mean_cosine_distance_of_pairs() -> None:
    draw = np.random.default_rng(5)
    vectors, users = draw.normal(0, 1, (40, 6)), np.repeat(list("abcd"), [2, 3, 34, 1])
    found = list_diversity(users, vectors).measures()
    expected = np.mean([pdist(vectors[users == user], "cosine").mean() for user in "abc"])

    assert found["diversity"].value == pytest.approx(expected, abs=1e-12)
    assert found["length"].value == 10


def test_nothing_relevant_nothing_measured() -> None:
    found = values(rank_lists(["u", "v"], [1, 1], [0, 0], 3))

    assert found == {"feedback_ratio": 0.0}
    assert values(rank_lists([], [], [], 3)) == {}


def test_items_that_nobody_had_are_said_and_not_infinitely_novel() -> None:
    found = ItemCounts.from_array(["x", "x"]).popularity_measures(ItemCounts.from_array(["a"]), 1)

    assert found.keys() == {"unseen_ratio", "catalogue_coverage"}
    assert (found["unseen_ratio"].value, found["catalogue_coverage"].value) == (1, 0)
    assert ItemCounts.empty().popularity_measures(ItemCounts.from_array(["a"]), 1) == {}
    assert ItemCounts.from_array(["x"]).spread_measures()["entropy"].value == 0
    with pytest.raises(ValueError, match="users: 1 are fewer than the 2 who had one item"):
        ItemCounts.empty().popularity_measures(ItemCounts.from_array(["a", "a"]), 1)
    assert math.isfinite(found["unseen_ratio"].stderr)
