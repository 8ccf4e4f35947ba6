"""Calibration and concept drift by region: equal to definitions, silent without drift, found with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from wolfpack.stats import (
    Regions,
    calibration_noise,
    error_by_region,
    expected_calibration_error,
    label_change,
    label_habit,
)


def window(draw: np.random.Generator, rows: int, base: float = 0.0, change: float = 0.0) -> Regions:
    """Return predictions of chances, of which labels have `change` more."""
    chances = 1 / (1 + np.exp(-draw.normal(base, 1, rows)))
    return Regions.from_arrays(chances, draw.random(rows) < chances + change)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.integers(0, 1)), min_size=1, max_size=60))
def test_the_calibration_error_is_that_of_the_definition(rows: list[tuple[float, int]]) -> None:
    scores, labels = (np.array(column) for column in zip(*rows, strict=True))
    place = np.minimum((scores * 10 + 1e-12).astype(int), 9)
    gaps = [abs((labels - scores)[place == i].sum()) for i in range(10)]

    assert expected_calibration_error(Regions.from_arrays(scores, labels)).value == pytest.approx(
        sum(gaps) / len(rows), abs=1e-9
    )


def test_regions_are_those_of_scikit_learn_s_calibration_curve() -> None:
    draw = np.random.default_rng(1)
    scores = draw.random(5000)
    labels = draw.random(5000) < scores**2
    true, predicted = calibration_curve(labels, scores, n_bins=10)
    found = Regions.from_arrays(scores, labels)

    assert found.labels.means == pytest.approx(true, abs=1e-12)
    assert (found.labels.means + found.errors.means) == pytest.approx(predicted, abs=1e-12)
    assert [one.value for one in error_by_region(found)] == pytest.approx(predicted - true, abs=1e-12)


def test_a_region_without_rows_has_no_error() -> None:
    assert [one is None for one in error_by_region(Regions.from_arrays([0.1], [0], [0.5]))] == [False, True]
    assert expected_calibration_error(Regions.empty()) is None
    assert calibration_noise(Regions.empty()) is None


@pytest.mark.parametrize(("rows", "base"), [(50, 0.0), (50, -4.0), (1000, 0.0), (1000, -4.0)])
def test_chances_that_come_true_pass_the_noise_once_in_a_hundred_windows(rows: int, base: float) -> None:
    draw = np.random.default_rng(2)
    runs = [window(draw, rows, base) for _ in range(400)]

    assert sum(expected_calibration_error(run).value > calibration_noise(run) for run in runs) <= 12


def test_a_model_that_is_off_is_found_and_its_error_has_its_deviation() -> None:
    draw = np.random.default_rng(3)
    runs = [window(draw, 1000, change=0.1) for _ in range(200)]
    found = [expected_calibration_error(run) for run in runs]

    assert sum(one.value > calibration_noise(run) for one, run in zip(found, runs, strict=True)) >= 190
    spread = np.std([one.value for one in found])
    assert 0.9 * spread < np.mean([one.stderr for one in found]) < 1.3 * spread


def test_the_noise_of_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="give chances"):
        calibration_noise(Regions.from_arrays([2.0, 3.0], [1, 0]))


# --- change of the label given the prediction


@pytest.mark.parametrize(("n", "m"), [(5000, 100), (5000, 1000), (1000, 1000), (100_000, 300)])
@pytest.mark.parametrize("base", [0.0, -4.0])
def test_without_drift_one_window_in_a_hundred_passes_the_noise(n: int, m: int, base: float) -> None:
    """Also where the predictions themselves have drifted: that is for other scores to say."""
    draw = np.random.default_rng(4)
    alarms = sum(label_change(window(draw, n, base), window(draw, m, base + 0.5)).drifted for _ in range(300))

    assert alarms <= 10


@pytest.mark.parametrize(("m", "change"), [(300, 0.2), (1000, 0.1), (10_000, 0.03)])
def test_a_change_of_labels_at_the_same_predictions_is_found(m: int, change: float) -> None:
    draw = np.random.default_rng(5)
    found = [label_change(window(draw, 20_000), window(draw, m, change=change)) for _ in range(50)]

    assert sum(one.drifted for one in found) >= 45
    shifts = [one.shift.value for one in found]
    assert np.mean(shifts) == pytest.approx(change, rel=0.15)
    assert np.mean([one.shift.stderr for one in found]) == pytest.approx(np.std(shifts), rel=0.4)


def test_a_turn_that_leaves_the_mean_as_it_is_is_found_and_seen_by_region() -> None:
    """More positives where few were predicted, fewer where many were."""
    draw = np.random.default_rng(6)
    scores = draw.random(5000)
    now = Regions.from_arrays(scores, draw.random(5000) < 0.5 + 0.6 * (scores - 0.5))
    found = label_change(Regions.from_arrays(scores, draw.random(5000) < scores), now)

    assert found.drifted
    assert abs(found.shift.value) < 0.05
    assert found.regions[0][2].value > 0.1
    assert found.regions[-1][2].value < -0.1
    assert [(first, last) for first, last, _ in found.regions] == [(i, i) for i in range(10)]


def test_labels_that_are_numbers_change_in_their_own_unit() -> None:
    draw = np.random.default_rng(7)
    edges = [-1.0, 0.0, 1.0]
    before, now = draw.normal(0, 1, 3000), draw.normal(0, 1, 3000)
    reference = Regions.from_arrays(before, 1e6 + 100 * before + draw.normal(0, 50, 3000), edges)
    same = Regions.from_arrays(now, 1e6 + 100 * now + draw.normal(0, 50, 3000), edges)
    other = Regions.from_arrays(now, 1e6 + 100 * now + 30 + draw.normal(0, 50, 3000), edges)

    assert not label_change(reference, same).drifted
    assert label_change(reference, other).drifted
    assert label_change(reference, other).change == pytest.approx(30, rel=0.2)


def test_thin_regions_are_joined_and_too_few_rows_are_not_judged() -> None:
    draw = np.random.default_rng(8)
    found = label_change(window(draw, 5000), window(draw, 60))

    assert len(found.regions) <= 3
    assert found.regions[0][0] == 0
    assert found.regions[-1][1] == 9
    assert label_change(window(draw, 5000), window(draw, 19)) is None
    assert label_change(window(draw, 19), window(draw, 5000)) is None


def test_labels_that_are_all_alike_have_not_changed() -> None:
    same = Regions.from_arrays([0.1] * 50, [0] * 50)

    assert (label_change(same, same).change, label_change(same, same).drifted) == (0, False)


def test_other_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be added; count both on the bins of one plan"):
        label_change(Regions.empty([0.5]), Regions.empty([0.6]))


def test_habit_is_twice_the_largest_change_of_the_reference_s_own_windows() -> None:
    """Days that differ among themselves raise the floor, so that one more such day does not alarm."""
    draw = np.random.default_rng(9)
    steady = [window(draw, 500) for _ in range(20)]
    restless = [window(draw, 500, change=draw.normal(0, 0.05)) for _ in range(20)]
    reference = restless[0].merge(*restless[1:])
    days = [window(draw, 500, change=draw.normal(0, 0.05)) for _ in range(200)]
    habit = label_habit(restless, 1)

    assert label_habit(steady, 1) < habit
    assert sum(label_change(reference, day).drifted for day in days) > 20
    assert sum(label_change(reference, day, habit=habit).drifted for day in days) <= 4
    assert label_habit(restless[:19], 2) == 0
    with pytest.raises(ValueError, match="window: 0 is not in the range x>=1"):
        label_habit(restless, 0)
