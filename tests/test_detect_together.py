"""Many series together, point by point, or one alone by the slow twin: the same numbers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_auto import NaiveScorer

from wolfpack.detectors import METHODS, RECIPES, Detection, detect, detect_together, stream

DAY, HOUR = 86_400.0, 3600.0
NAMES = ("score", "expected", "lower", "upper", "ready")


def eventful(n: int, step: float, series: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return series with a season, heavy noise, gaps, ties, shifts and spikes."""
    random = np.random.default_rng(seed)
    times = 1.4e9 // DAY * DAY + step * np.arange(n)
    values = 3 * np.sin(2 * np.pi * times / DAY)[:, None] + random.standard_t(4, size=(n, series))
    values[n // 2 :] += 5 * random.random(series)
    values[random.random(values.shape) < 0.02] = np.nan
    values[random.random(values.shape) < 0.01] *= 8
    values[-20:-10] = values[-20]
    values[n // 3, 0] = np.inf
    return times, values


def assert_same(one: Detection, other: Detection, **tolerance: float) -> None:
    for name in NAMES:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), **tolerance)


@pytest.mark.parametrize("method", RECIPES)
@pytest.mark.parametrize("step", [300.0, HOUR, DAY])
def test_the_slow_twin_says_the_same(method, step):
    """State by state, value by value: past values kept and counted instead of a table of ranks."""
    recipe = RECIPES[method]
    times, values = eventful(500, step, 3, seed=int(step))
    found = detect_together(times, values, method)
    for j in range(3):
        twin = NaiveScorer(dict(recipe.statistics), recipe.prior, recipe.course, step)
        rows = np.array([twin.score(t, x) for t, x in zip(times, values[:, j], strict=True)])

        np.testing.assert_allclose(found.score[:, j], rows[:, 0], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(found.expected[:, j], rows[:, 1], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.lower[:, j], rows[:, 2], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.upper[:, j], rows[:, 3], rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(found.ready[:, j], rows[:, 4].astype(bool))
    assert np.sum(np.abs(found.score) > 1) > 0


@pytest.mark.parametrize("method", METHODS)
def test_together_is_each_alone(method):
    times, values = eventful(300, HOUR, 5, seed=1)
    found = detect_together(times, values, method)

    for j in range(5):
        alone = detect(times, values[:, j], method)
        for name in NAMES:
            np.testing.assert_allclose(getattr(found, name)[:, j], getattr(alone, name), rtol=1e-12)
        words = [(one.point, one.words) for one in found.reasons if one.series == j]
        assert words == [(one.point, one.words) for one in alone.reasons]


@pytest.mark.parametrize("method", RECIPES)
@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 260), max_size=6), seed=st.integers(0, 9))
def test_any_split_of_the_points_gives_the_same(method, cuts, seed):
    """Ticks, days or the whole history at once, and a stream that was pickled in between."""
    times, values = eventful(260, HOUR, 3, seed)
    whole = detect_together(times, values, method)
    running, parts = stream(method, 3), []
    for first, last in zip([0, *sorted(cuts)], [*sorted(cuts), 260], strict=True):
        running = pickle.loads(pickle.dumps(running))
        parts.append(running.advance(times[first:last], values[first:last]))

    for name in NAMES:
        got = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(got, getattr(whole, name), rtol=1e-12, atol=1e-12)
    starts = np.cumsum([0] + [len(part.score) for part in parts])
    said = [
        (start + one.point, one.series)
        for start, part in zip(starts, parts, strict=False)
        for one in part.reasons
    ]
    assert said == [(one.point, one.series) for one in whole.reasons]


def test_more_series_than_go_together_come_back_in_their_order():
    times, values = eventful(80, HOUR, 1203, seed=3)
    found = detect_together(times, values)

    for j in (0, 999, 1000, 1202):
        np.testing.assert_array_equal(found.expected[:, j], detect(times, values[:, j]).expected)
    assert {(one.point, one.series) for one in found.reasons} == set(
        zip(*(axis.tolist() for axis in np.nonzero(np.abs(found.score) > 1)), strict=True)
    )


def test_no_series_and_no_points_are_answered():
    times, values = eventful(60, HOUR, 2, seed=1)

    assert detect_together(times, values[:, :0]).score.shape == (60, 0)
    assert detect_together(times[:0], values[:0]).score.shape == (0, 2)
    assert detect_together(times, values[:, :0], "seasonal_esd").score.shape == (60, 0)


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        ([5.0], [[1.0, 2.0]], r"times\[0\]: 5.0 is not after 9.0, the last point given"),
        ([10.0], [[1.0]], r"values are of 1 series; this stream is of 2"),
        ([11.0, 10.0], [[1.0, 2.0]] * 2, r"times\[1\]: 10.0 comes after 11.0"),
        ([10.0], [1.0], r"they must be \(n,\) and \(n, series\)"),
    ],
)
def test_points_that_do_not_follow_are_refused_and_nothing_is_learnt(times, values, message):
    running = stream("auto", 2)
    running.advance([8.0, 9.0], [[1.0, 2.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match=message):
        running.advance(times, values)

    assert running.advance([10.0], [[1.0, 2.0]]).score.shape == (1, 2)


def test_methods_that_need_a_whole_history_have_no_stream():
    with pytest.raises(ValueError, match="'seasonal_esd' needs a whole history; point by point go auto, "):
        stream("seasonal_esd", 2)
