"""The contract of `detect`: its law, its arguments, and what it finds in series with known answers."""

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.detectors import METHODS, Detection, detect

DAY, WEEK = 86_400.0, 7 * 86_400.0
SHAPE = np.array([100.0, 104.0, 103.0, 105.0, 108.0, 60.0, 55.0])


def weekly(n: int, seed: int, noise: float = 1.0) -> np.ndarray:
    """Return n days of a week with a dip at its end, and Gaussian noise."""
    return SHAPE[np.arange(n) % 7] + noise * np.random.default_rng(seed).normal(size=n)


def esd(times, values) -> Detection:
    return detect(times, values, "seasonal_esd")


def days(n: int) -> np.ndarray:
    return 1.4e9 + DAY * np.arange(n)


def alarms(found: Detection) -> list[int]:
    return np.flatnonzero(np.abs(found.score) > 1).tolist()


def rows(found: Detection, n: int) -> list[np.ndarray]:
    return [getattr(found, name)[:n] for name in ("score", "expected", "lower", "upper", "ready")]


values_of_any_kind = st.one_of(
    st.floats(-1e3, 1e3),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 5.0, 1e15, 1e300, -1e308, 1e-300]),
)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_run_over_the_first_points_gives_the_same_rows(method, data):
    """What is said of a point depends on it and those before it, whatever comes later."""
    n = data.draw(st.integers(1, 80))
    steps = data.draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 5, 400]), min_size=n, max_size=n))
    values = data.draw(st.lists(values_of_any_kind, min_size=n, max_size=n))
    cut = data.draw(st.integers(0, n))
    season = data.draw(st.sampled_from([3 * DAY, WEEK]))
    times = DAY * np.cumsum(steps)

    def run(k):
        try:
            return detect(times[:k], values[:k], method, season)
        except ValueError as error:
            if "not a whole number" not in str(error):
                raise
            return None  # the first points have a step that the season is no multiple of

    whole, part = run(n), run(cut)

    if whole is None or part is None:
        assert part is None or not part.ready.any()
    else:
        for left, right in zip(rows(whole, cut), rows(part, cut), strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None)
@given(values=st.lists(values_of_any_kind, max_size=90), seed=st.integers(0, 99))
def test_rows_agree_with_each_other(method, values, seed):
    """A score exists exactly where ready and known, and never leaves its limits; a band where ready."""
    values = np.array([*weekly(50, seed), *values])
    found = detect(days(len(values)), values, method)

    np.testing.assert_array_equal(np.isnan(found.score), ~found.ready | np.isnan(values))
    for name in ("expected", "lower", "upper"):
        np.testing.assert_array_equal(np.isnan(getattr(found, name)), ~found.ready)
    assert (np.abs(found.score[~np.isnan(found.score)]) <= 100).all()
    assert (found.lower[found.ready] <= found.upper[found.ready]).all()
    if found.reasons:
        assert [one.point for one in found.reasons] == alarms(found)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(values_of_any_kind, max_size=90), seed=st.integers(0, 99))
def test_seasonal_esd_passes_1_exactly_where_the_value_leaves_the_band(values, seed):
    values = np.array([*weekly(50, seed), *values])
    found = esd(days(len(values)), values)

    scored = ~np.isnan(found.score)
    outside = (values > found.upper) | (values < found.lower)
    clear = scored & (np.abs(np.abs(found.score) - 1) > 1e-6)
    np.testing.assert_array_equal(np.abs(found.score[clear]) > 1, outside[clear])


@pytest.mark.parametrize("method", METHODS)
def test_restart_in_the_middle_changes_no_score(method):
    """Scoring each day as it comes gives what scoring all days at once gives."""
    times, values = days(100), weekly(100, seed=4)
    daily = [detect(times[: i + 1], values[: i + 1], method).score[-1] for i in range(100)]

    assert np.count_nonzero(~np.isnan(daily)) > 40
    np.testing.assert_array_equal(daily, detect(times, values, method).score)


@pytest.mark.parametrize("method", METHODS)
def test_a_change_of_rhythm_changes_no_earlier_row(method):
    """The step of the points, and with it the season, is not read from points to come."""
    times = np.r_[days(60), days(60)[-1] + DAY / 4 * np.arange(1, 150)]
    values = weekly(len(times), seed=2)
    whole, part = detect(times, values, method), detect(times[:60], values[:60], method)

    assert part.ready.any()
    for left, right in zip(rows(whole, 60), rows(part, 60), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        ([0, 2, 1], [1, 2, 3], r"times\[2\]: 1.0 comes after 2.0; .*sort"),
        ([0, 1, 1], [1, 2, 3], r"times\[2\]: 1.0 is there twice; .*newest"),
        ([0, math.nan], [1, 2], r"times\[1\]: nan is no time"),
        ([0, 1], [1, 2, 3], r"shape \(2,\), values \(3,\)"),
        ([[0, 1]], [[1, 2]], r"both must be \(n,\)"),
    ],
)
def test_times_that_are_none_are_refused(method, times, values, message):
    with pytest.raises(ValueError, match=message):
        detect(times, values, method)


@pytest.mark.parametrize("method", ["arima", "seasonal_esq", ""])
def test_methods_of_other_releases_are_refused_by_name(method):
    with pytest.raises(ValueError, match=f"'{method}' is not in this release.*available: auto, .*seasonal_esd"):
        detect(days(3), [1, 2, 3], method)


@pytest.mark.parametrize("season", [0, -1.0, math.nan, math.inf, timedelta(0)])
def test_seasons_that_are_no_length_are_refused(season):
    with pytest.raises(ValueError, match=r"season: .* is no positive length"):
        detect(days(3), [1, 2, 3], season=season)


@pytest.mark.parametrize("season", [3600.0, DAY, 2.5 * DAY])
def test_seasons_that_do_not_fit_the_step_are_refused(season):
    with pytest.raises(ValueError, match=r"not a whole number, two or more, of the points' step, 86400 s"):
        detect(days(20), np.arange(20), season=season)


def test_season_as_timedelta_or_seconds_or_left_out_is_one():
    times, values = days(80), weekly(80, seed=1)
    expected = detect(times, values, season=WEEK).score

    np.testing.assert_array_equal(expected, detect(times, values, season=timedelta(days=7)).score)
    np.testing.assert_array_equal(expected, detect(times, values).score)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 10])
def test_few_points_are_answered_not_ready(method, n):
    found = detect(days(n), np.arange(n), method)

    assert len(found.score) == n
    assert not found.ready.any()
    assert np.isnan(found.score).all()


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("seed", range(5))
def test_planted_spike_of_8_sd_is_found(seed, sign):
    values = weekly(120, seed)
    values[100] += 8 * sign
    score = esd(days(120), values).score

    assert sign * score[100] > 1


@pytest.mark.parametrize("seed", range(5))
def test_missing_weekly_dip_is_found_though_its_value_is_an_ordinary_one(seed):
    """Day 103 is the sixth of its week; it has the value of the fifth."""
    values = weekly(120, seed)
    values[103] += SHAPE[4] - SHAPE[5]
    found = esd(days(120), values)

    assert 103 in alarms(found)
    assert values[103] < values[:100].max() + 3


def test_phase_is_by_time_so_a_gap_of_days_raises_no_alarm():
    """Ten days are missing; counting points instead would compare the dip with working days."""
    keep = np.r_[0:80, 90:140]
    values = weekly(140, seed=3, noise=0.3)[keep]
    found = esd(days(140)[keep], values)

    assert found.ready[-50:].sum() >= 40
    assert alarms(found) == []


def test_clock_changes_raise_no_alarm():
    """Days of 23 and 25 hours: window ends at local midnight, as the exporter has them."""
    times = days(300)
    times[70:220] -= 3600
    found = esd(times, weekly(300, seed=3, noise=0.3))

    assert alarms(found) == alarms(esd(days(300), weekly(300, seed=3, noise=0.3)))
    assert found.ready[60:].all()


def test_a_gap_of_years_costs_nothing_and_starts_warm_up_anew():
    times = days(200)
    times[100:] += 40_000 * WEEK
    found = esd(times, weekly(200, seed=2))

    assert found.ready[99]
    assert not found.ready[100:130].any()
    assert found.ready[150:].all()


def test_missing_values_are_not_scored_and_not_learnt():
    """Values of a tenth of the days are unknown; the rest is scored as if those days had not been."""
    values = weekly(200, seed=5)
    lost = np.random.default_rng(6).random(200) < 0.1
    with_nan = esd(days(200), np.where(lost, math.nan, values))
    without = esd(days(200)[~lost], values[~lost])

    assert np.isnan(with_nan.score[lost]).all()
    assert with_nan.ready[lost][-5:].all()
    np.testing.assert_array_equal(with_nan.score[~lost], without.score)


def test_infinity_is_an_alarm_and_is_not_learnt():
    values = weekly(100, seed=1)
    lost, infinite = values.copy(), values.copy()
    lost[80], infinite[80], infinite[90] = math.nan, math.inf, -math.inf
    lost[90] = math.nan
    score = esd(days(100), infinite).score

    assert (score[80], score[90]) == (100.0, -100.0)
    np.testing.assert_array_equal(
        np.delete(score, [80, 90]), np.delete(esd(days(100), lost).score, [80, 90])
    )


@pytest.mark.parametrize("level", [0.0, 5.0, -1e15, 1e-12, 0.1 + 0.2])
def test_a_constant_scores_zero_and_its_end_is_an_alarm(level):
    values = np.full(100, level)
    values[99] += max(1.0, 1e-9 * abs(level))
    found = esd(days(100), values)

    assert (found.score[60:99] == 0).all()
    assert found.score[99] == 100


def test_rounding_of_a_constant_is_no_alarm():
    """The mean of the same rows, summed in another order, differs in the last digits."""
    values = np.full(100, 0.1)
    values[80:] += 2e-17 * np.arange(20)
    assert np.unique(values).size > 1

    assert alarms(esd(days(100), values)) == []


@pytest.mark.parametrize(("level", "spread"), [(1e15, 1e3), (0.0, 1e-12), (-1e6, 1e-3)])
def test_small_spread_on_a_large_level_is_scored_on_its_spread(level, spread):
    values = level + spread * np.random.default_rng(1).normal(size=120)
    values[100] += 12 * spread
    score = esd(days(120), values).score

    assert score[100] > 1.5
    assert np.nanmedian(np.abs(score)) > 0.05


def test_rare_events_are_no_alarms_but_a_larger_one_is():
    """A count that is zero on four days of five hides no event, and does not cry at each."""
    values = np.zeros(200)
    values[::5] = 1.0
    quiet = alarms(esd(days(200), values))
    values[195] = 5.0
    loud = alarms(esd(days(200), values))

    assert [i for i in quiet if i > 60] == []
    assert 195 in loud


def test_level_shift_alarms_at_once_and_is_learnt_within_two_weeks():
    values = weekly(150, seed=8)
    values[100:] += 10
    found = alarms(esd(days(150), values))

    assert 100 in found
    assert [i for i in found if i >= 114] == []
