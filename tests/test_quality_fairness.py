"""Fairness from confusions by group: equal to Fairlearn, and no alarm where groups are alike."""

from __future__ import annotations

from typing import Any

import fairlearn.metrics as theirs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wolfpack.stats import Confusion, Fairness, compare_groups

PARITY = {
    "demographic_parity_difference": theirs.demographic_parity_difference,
    "demographic_parity_ratio": theirs.demographic_parity_ratio,
    "equalized_odds_difference": theirs.equalized_odds_difference,
    "equalized_odds_ratio": theirs.equalized_odds_ratio,
    "equal_opportunity_difference": theirs.equal_opportunity_difference,
    "equal_opportunity_ratio": theirs.equal_opportunity_ratio,
}


def ours(labels: Any, predictions: Any, groups: Any, **options: bool) -> Fairness:
    labels, predictions, groups = map(np.asarray, (labels, predictions, groups))
    return compare_groups(
        {
            str(group): Confusion.from_arrays(predictions[groups == group], labels[groups == group])
            for group in np.unique(groups)
        },
        **options,
    )


def check(found: Fairness, labels: Any, predictions: Any, groups: Any) -> None:
    for name, function in PARITY.items():
        expected = function(labels, predictions, sensitive_features=groups)
        if np.isnan(expected):
            continue  # a ratio 0 / 0: they say NaN where nobody is selected, we say 1
        assert found.measures[name].value == pytest.approx(expected, abs=1e-9), name


@pytest.mark.parametrize(("rows", "k", "rate"), [(20_000, 5, 0.3), (3000, 12, 0.3), (30_000, 3, 0.002)])
def test_random_groups_are_compared_as_by_fairlearn(rows: int, k: int, rate: float) -> None:
    draw = np.random.default_rng(6)
    groups = draw.integers(0, k, rows)
    labels = (draw.random(rows) < rate * (1 + groups / k)).astype(int)
    predictions = np.where(draw.random(rows) < 0.8, labels, draw.integers(0, 2, rows))
    found = ours(labels, predictions, groups)

    check(found, labels, predictions, groups)
    smallest = np.bincount(groups).argmin()
    assert found.smallest == (str(smallest), int((groups == smallest).sum()))


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1]), st.sampled_from("abc")),
        min_size=2,
        max_size=30,
    )
)
def test_any_rows_are_compared_as_by_fairlearn_that_counts_what_is_undefined_as_0(rows: Any) -> None:
    labels, predictions, groups = map(np.array, zip(*rows, strict=True))
    assume(len(set(groups)) > 1)

    check(ours(labels, predictions, groups, zero_undefined=True), labels, predictions, groups)


def test_fairlearn_s_golden_numbers() -> None:
    """Three groups of six: selected .5, .1667, .8333; true positives .6667, .5, .75; false ones .3333, 0, 1."""
    cells = {"a": (2, 1, 1, 2), "b": (1, 0, 1, 4), "c": (3, 2, 1, 0)}
    found = compare_groups(
        {
            name: Confusion(("0", "1"), np.array([[tn, fp], [fn, tp]]))
            for name, (tp, fp, fn, tn) in cells.items()
        }
    )
    values = {name: estimate.value for name, estimate in found.measures.items()}

    assert values == pytest.approx(
        {
            "demographic_parity_difference": 0.666667,
            "demographic_parity_ratio": 0.2,
            "equalized_odds_difference": 1.0,
            "equalized_odds_ratio": 0.0,
            "equal_opportunity_difference": 0.25,
            "equal_opportunity_ratio": 0.666667,
        },
        abs=1e-6,
    )
    assert found.smallest == ("a", 6)


def test_a_group_without_positives_makes_no_difference_of_true_positive_rates() -> None:
    labels, predictions, groups = [1, 1, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0], list("aaabbc")
    found = ours(labels, predictions, groups)

    assert found.measures["equal_opportunity_difference"].value == 1.0
    assert "true_positive_rate" not in found.groups["c"]
    both = ours([1, 1, 0, 0], [1, 1, 0, 0], list("aabb"))
    assert "equal_opportunity_difference" not in both.measures
    assert both.measures["demographic_parity_difference"].value == 1.0


def test_one_group_or_none_is_not_compared() -> None:
    assert ours([1, 0], [1, 0], list("aa")).measures == {}
    assert compare_groups({"a": Confusion.empty()}).smallest is None


@pytest.mark.parametrize(("rows", "k"), [(300, 3), (3000, 10)])
def test_groups_that_are_alike_pass_the_noise_once_in_a_hundred_windows(rows: int, k: int) -> None:
    draw = np.random.default_rng(9)
    alarms = dict.fromkeys(
        ("demographic_parity_difference", "equal_opportunity_difference", "equalized_odds_difference"), 0
    )
    for _ in range(400):
        groups, labels = draw.integers(0, k, rows), draw.integers(0, 2, rows)
        found = ours(labels, np.where(draw.random(rows) < 0.7, labels, 1 - labels), groups)
        for name in alarms:
            alarms[name] += found.measures[name].value > found.noise[name]

    assert max(alarms.values()) <= 12, alarms  # 400 windows at 0.01, two rates in the last


def test_errors_are_those_of_repeated_samples() -> None:
    draw = np.random.default_rng(10)
    runs = []
    for _ in range(300):
        groups, labels = draw.integers(0, 2, 2000), draw.integers(0, 2, 2000)
        right = draw.random(2000) < np.where(groups, 0.9, 0.7)
        runs.append(ours(labels, np.where(right, labels, 1 - labels), groups).measures)
    for name in ("equal_opportunity_difference", "equal_opportunity_ratio", "equalized_odds_ratio"):
        spread = np.std([run[name].value for run in runs])

        assert np.mean([run[name].stderr for run in runs]) == pytest.approx(spread, rel=0.12), name
