"""Regression from sums: equal to scikit-learn, far from 0 too, and standard errors that hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from wolfpack.stats import RegressionErrors

DRAW = np.random.default_rng(4)
ROWS = 1_000_000
TRUTH = DRAW.exponential(3.0, ROWS)
CASES = {
    "a million rows": (TRUTH + DRAW.normal(0.2, 1, ROWS), TRUTH),
    "far from 0": (1e9 + TRUTH[:5000] + DRAW.normal(0, 1, 5000), 1e9 + TRUTH[:5000]),
    "small": (1e-9 * (TRUTH[:5000] + DRAW.normal(0, 1, 5000)), 1e-9 * TRUTH[:5000]),
    "heavy tails": (TRUTH[:5000] + DRAW.standard_cauchy(5000), TRUTH[:5000]),
    "worse than the mean": (-TRUTH[:500], TRUTH[:500]),
    "ties": (np.round(TRUTH[:500]), np.round(TRUTH[:500] + 1)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("parts", [1, 37])
def test_measures_are_those_of_scikit_learn(name: str, parts: int) -> None:
    predictions, labels = CASES[name]
    first, *rest = [
        RegressionErrors.from_arrays(x, y)
        for x, y in zip(np.array_split(predictions, parts), np.array_split(labels, parts), strict=True)
    ]
    found = {key: estimate.value for key, estimate in first.merge(*rest).measures().items()}
    there = labels != 0

    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(labels, predictions), rel=1e-9)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(labels, predictions), rel=1e-9)
    assert found["r2"] == pytest.approx(metrics.r2_score(labels, predictions), rel=1e-9, abs=1e-9)
    assert found["mean_error"] == pytest.approx(np.mean(predictions - labels), rel=1e-9, abs=1e-12)
    assert found["mape"] == pytest.approx(
        metrics.mean_absolute_percentage_error(labels[there], predictions[there]), rel=1e-9
    )
    assert found["zero_label_ratio"] == pytest.approx((~there).mean(), abs=1e-12)


def test_evidently_s_golden_spread_of_the_mean_error() -> None:
    """Five rows with errors of mean 0.3, deviation 0.570088 and mean absolute value 0.5: RMSE 0.5916080."""
    found = RegressionErrors.from_arrays([0.5, 0.5, -0.5, 1.0, 0.0], np.zeros(5)).measures()

    assert found["mean_error"].value == pytest.approx(0.3)
    assert found["mean_error"].stderr == pytest.approx(0.570088 / math.sqrt(5), abs=1e-6)
    assert found["mae"].value == pytest.approx(0.5)
    assert found["rmse"].value == pytest.approx(0.5916080, abs=1e-7)


def test_rows_that_fit_evidently_s_golden_share_of_explained_variance() -> None:
    """R² 0.9420530: the same errors on the labels of scikit-learn's example and one that was solved for."""
    labels, predictions = [3, -0.5, 2, 7, 4], [2.5, 0.0, 2, 8, 4.5]
    found = RegressionErrors.from_arrays(predictions, labels).measures()

    assert found["r2"].value == pytest.approx(0.9420530, abs=1e-7)
    assert found["mean_error"].value == pytest.approx(0.3)
    assert found["rmse"].value == pytest.approx(0.5916080, abs=1e-7)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=30))
def test_deviations_of_means_are_their_slow_twins(rows: list[tuple[float, float]]) -> None:
    predictions, labels = (np.array(column) for column in zip(*rows, strict=True))
    found = RegressionErrors.from_arrays(predictions, labels).measures()
    for name, values in (("mean_error", predictions - labels), ("mae", np.abs(predictions - labels))):
        expected = np.std(values, ddof=1) / math.sqrt(len(values))

        assert found[name].stderr == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_standard_errors_are_those_of_repeated_samples() -> None:
    draw = np.random.default_rng(8)
    runs = []
    for _ in range(500):
        labels = draw.gamma(4, 1, 400)
        runs.append(RegressionErrors.from_arrays(labels * draw.normal(1, 0.2, 400) + 0.3, labels).measures())
    for name in ("mae", "rmse", "mean_error", "mape", "r2"):
        spread = np.std([run[name].value for run in runs])

        assert np.mean([run[name].stderr for run in runs]) == pytest.approx(spread, rel=0.1), name


def test_zeros_among_labels_are_left_out_of_mape_and_said() -> None:
    """Evidently and scikit-learn divide by the smallest number instead: 1e15 and more."""
    found = RegressionErrors.from_arrays([1.0, 3.0, 0.0, 1.0], [0.0, 2.0, 0.0, 5e-324]).measures()

    assert found["mape"].value == 0.5
    assert found["zero_label_ratio"].value == 0.75


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        (([], []), set()),
        (([1.0], [2.0]), {"mae", "mape", "mean_error", "rmse", "zero_label_ratio"}),
        (([1.0, 2.0], [2.0, 2.0]), {"mae", "mape", "mean_error", "rmse", "zero_label_ratio"}),
        (([1.0, 2.0], [0.0, 0.0]), {"mae", "mean_error", "rmse", "zero_label_ratio"}),
    ],
)
def test_what_is_not_defined_is_left_out(rows: Any, known: set[str]) -> None:
    assert set(RegressionErrors.from_arrays(*rows).measures()) == known


def test_a_perfect_model_is_perfect() -> None:
    found = RegressionErrors.from_arrays([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]).measures()

    assert (found["r2"].value, found["r2"].stderr, found["rmse"].value, found["rmse"].stderr) == (1, 0, 0, 0)


def test_numbers_as_large_as_are_allowed_do_not_overflow() -> None:
    found = RegressionErrors.from_arrays([1e35, -1e35, 0.0], [-1e35, 1e35, 1e35])
    again = found.merge(found, found)

    assert again.measures()["rmse"].value == pytest.approx(math.sqrt(3) * 1e35)
    assert math.isfinite(again.measures()["r2"].stderr)
    assert RegressionErrors.from_bytes(again.to_bytes()).equals(again)
