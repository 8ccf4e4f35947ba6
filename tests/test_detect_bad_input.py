"""Bad input, once over all methods: one answer each, nothing scored that is not there, nothing learnt from it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wolfpack.detectors import METHODS, RECIPES, Detection, detect

DAY = 86_400.0
MONDAY = 1.4e9 // DAY * DAY
FINDS_SPIKES = [name for name in METHODS if name not in ("flat", "trend")]
"""The others tell of what stays: equal values, and changes of several points."""


def days(n: int) -> np.ndarray:
    return MONDAY + DAY * np.arange(n)


def noisy(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 1, size=n)


def alarms(found: Detection) -> list[int]:
    return np.flatnonzero(np.abs(found.score) > 1).tolist()


def arrays(found: Detection) -> list[np.ndarray]:
    return [found.score, found.expected, found.lower, found.upper, found.ready]


pytestmark = pytest.mark.parametrize("method", METHODS)


def test_nothing_but_missing_values_is_never_ready_and_never_scored(method):
    found = detect(days(200), np.full(200, math.nan), method)

    assert not found.ready.any()
    assert np.isnan(found.score).all()


def test_one_point_is_not_ready(method):
    found = detect([MONDAY], [5.0], method)

    assert not found.ready.any()
    assert len(found.score) == 1


@pytest.mark.parametrize("seed", range(3))
def test_missing_values_are_neither_scored_nor_learnt(method, seed):
    """Rows without a value change nothing that is said of the others by their own history."""
    values = noisy(240, seed)
    lost = np.random.default_rng(seed).random(240) < 0.1
    found = detect(days(240), np.where(lost, math.nan, values), method)
    other = detect(days(240), np.where(lost, math.nan, np.where(lost, 1e9, values)), method)

    assert np.isnan(found.score[lost]).all()
    for left, right in zip(arrays(found), arrays(other), strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_constant_is_silent_for_ever(method):
    for level in (0.0, 5.0, -1e15, 1e-12, 0.1 + 0.2):
        found = detect(days(300), np.full(300, level), method)

        assert alarms(found) == []
        assert found.ready[-100:].all()


@pytest.mark.parametrize("name", FINDS_SPIKES)
@pytest.mark.parametrize("level", [0.0, 5.0, -1e15, 1e-12])
def test_the_end_of_a_constant_is_an_alarm(method, name, level):
    if name != method:
        pytest.skip("one method at a time")
    values = np.full(200, level)
    values[190] += max(1.0, 1e-9 * abs(level))

    assert 190 in alarms(detect(days(200), values, method))


def test_infinity_is_an_alarm_of_full_size_and_is_not_learnt(method):
    values = noisy(200)
    values[150] = math.nan
    without = detect(days(200), values, method)
    for sign in (-1, 1):
        values[150] = sign * math.inf
        found = detect(days(200), values, method)

        assert found.score[150] == sign * 100
        for left, right in zip(arrays(found), arrays(without), strict=True):
            np.testing.assert_array_equal(np.delete(left, 150), np.delete(right, 150))


@pytest.mark.parametrize(
    ("level", "spread"), [(1e15, 1e3), (1e-12, 1e-13), (0.0, 1e-12), (-1e6, 1e-3), (1e290, 1e288)]
)
def test_the_unit_does_not_matter(method, level, spread):
    """Scaled and shifted, a series has the same alarms; a spread of 1e3 on 1e15 is not taken for a constant."""
    plain = noisy(300) - 100
    plain[250] += 12
    expected = alarms(detect(days(300), plain, method))
    got = alarms(detect(days(300), level + spread * plain, method))

    if method in RECIPES:
        assert got == expected
    if method in FINDS_SPIKES:
        assert 250 in got


def test_huge_values_overflow_nothing(method):
    values = noisy(200)
    values[100:110] = [1e300, -1e300, 1e308, -1e308, 1e299, -1e299, 1e150, -1e150, 1e-300, 0]
    found = detect(days(200), values, method)

    assert not np.isnan(found.score[found.ready]).any()
    assert np.isfinite(found.expected[found.ready]).all()


def test_unsorted_and_duplicate_times_are_refused_by_name(method):
    times = days(100)
    times[[50, 51]] = times[[51, 50]]
    with pytest.raises(ValueError, match=r"times\[51\]: .* comes after .* sort the points"):
        detect(times, noisy(100), method)
    times = days(100)
    times[51] = times[50]
    with pytest.raises(ValueError, match=r"times\[51\]: .* is there twice"):
        detect(times, noisy(100), method)


def test_a_clock_change_is_no_alarm(method):
    """Days of 23 and 25 hours: ends of days at local midnight, as the exporter has them."""
    week = np.array([0, 1, 2, 1, 0, -40, -45.0])
    values = noisy(300, 3) + week[np.arange(300) % 7]
    times = days(300)
    times[70:220] -= 3600
    moved, straight = detect(times, values, method), detect(days(300), values, method)

    assert alarms(moved) == alarms(straight)


def test_a_gap_is_no_alarm(method):
    """Forty days are missing; what comes after is as before."""
    keep = np.r_[0:150, 190:300]
    found = detect(days(300)[keep], noisy(300, 2)[keep], method)

    assert alarms(found) == alarms(detect(days(260), noisy(300, 2)[keep], method))


def test_a_series_that_begins_late_is_one_that_was_missing_before(method):
    """A renamed metric: the new name has no history, and is not judged until it has one of its own."""
    values = noisy(300, 4)
    values[:150] = math.nan
    found = detect(days(300), values, method)

    assert not found.ready[:180].any()
    assert found.ready[-50:].all()


def test_a_counter_reset_is_one_alarm_at_the_most_and_is_learnt(method):
    """A counter is to be watched by its increase; given raw it must not cry for ever."""
    values = np.cumsum(100 + noisy(400))
    values[300:] -= values[300]
    found = alarms(detect(days(400), values, method))

    assert len([i for i in found if i >= 300]) <= 25
    assert [i for i in found if i >= 380] == []
