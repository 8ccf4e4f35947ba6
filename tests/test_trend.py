"""`trend`: changes that stay are found with the time they began, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.detectors import change_points, detect
from wolfpack.detectors.partition import PRIOR_POINTS, SHORTEST, gain_of_cut, partition

DAY = 86_400.0
BEGIN = 200


def series(n: int = 260, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, a weekly season with noise of 1, and the noise."""
    times = DAY * np.arange(n)
    noise = np.random.default_rng(seed).normal(size=n)
    return times, 3 * np.sin(2 * np.pi * np.arange(n) / 7) + noise, noise


def slow_cost(y: np.ndarray, a: int, b: int, phi: float, variance: float, n: int) -> float:
    """Return the cost of a piece by least squares on the whole covariance."""
    m, t = b - a, np.arange(a, b) / len(y)
    inverse = np.linalg.inv(phi ** np.abs(np.subtract.outer(np.arange(m), np.arange(m))) / (1 - phi**2))
    costs = []
    for design in (np.ones((m, 1)), np.column_stack([np.ones(m), t])):
        beta = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ y[a:b])
        off = y[a:b] - design @ beta
        squares = off @ inverse @ off
        fit = (m + PRIOR_POINTS) * np.log((squares + PRIOR_POINTS * variance) / (m + PRIOR_POINTS))
        costs.append(fit + (design.shape[1] + 2) * np.log(n))
    return min(costs) - np.log(1 - phi**2) - PRIOR_POINTS * np.log(variance)


def slow_best(y: np.ndarray, phi: float, variance: float) -> float:
    """Return the cost of the best cuts by trying pieces of every length."""
    best = {0: 0.0}
    for b in range(SHORTEST, len(y) + 1):
        best[b] = min(best[a] + slow_cost(y, a, b, phi, variance, len(y)) for a in best if b - a >= SHORTEST)
    return best[len(y)]


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 1000), shift=st.sampled_from([0.0, 2.0, 9.0]), phi=st.sampled_from([0.0, 0.6, 0.95])
)
def test_the_best_cuts_are_those_of_generalised_least_squares(seed: int, shift: float, phi: float) -> None:
    y = np.random.default_rng(seed).normal(size=24)
    y[14:] += shift

    cuts = partition(y, np.array([phi]), np.array([0.7]), len(y))

    assert cuts.cost[0, -1] == pytest.approx(slow_best(y, phi, 0.7))
    both = slow_cost(y, 0, 14, phi, 0.7, 24) + slow_cost(y, 14, 24, phi, 0.7, 24)
    assert gain_of_cut(y, 14, phi, 0.7, 24) == pytest.approx(slow_cost(y, 0, 24, phi, 0.7, 24) - both)


def changed(kind: str) -> tuple[np.ndarray, np.ndarray]:
    times, values, noise = series()
    late = slice(BEGIN, None)
    values[late] += {
        "level": 4 + 0 * noise[late],
        "slope": 0.4 * np.arange(len(noise[late])),
        "spread": 4 * noise[late],
    }[kind]
    return times, values


@pytest.mark.parametrize(("kind", "within", "near"), [("level", 10, 1), ("slope", 30, 10), ("spread", 30, 6)])
def test_a_change_is_told_with_what_changed_and_when_it_began(kind: str, within: int, near: int) -> None:
    times, values = changed(kind)

    found = detect(times, values, "trend")
    (change,) = change_points(times, values)

    alarms = np.flatnonzero(np.abs(found.score) > 1)
    assert BEGIN <= alarms[0] < BEGIN + within
    assert abs(change.point - BEGIN) <= near
    assert change.kind == kind
    assert change.direction == 1
    assert change.began == times[change.point]
    assert "it began at 1970-0" in found.reasons[-1].words


def test_without_a_change_nothing_is_told() -> None:
    times, values, _ = series(seed=5)

    assert change_points(times, values) == ()
    assert detect(times, values, "trend").reasons == ()


def test_one_spike_is_no_change() -> None:
    times, values, _ = series()
    values[BEGIN] += 30

    assert np.nanmax(np.abs(detect(times, values, "trend").score)) <= 1


def test_what_comes_later_changes_no_score() -> None:
    times, values = changed("level")

    whole, half = detect(times, values, "trend"), detect(times[:215], values[:215], "trend")

    for name in ("score", "expected", "lower", "upper", "ready"):
        np.testing.assert_array_equal(getattr(whole, name)[:215], getattr(half, name))


def test_a_constant_that_moves_is_told() -> None:
    values = np.full(120, 5.0)
    values[100:] = 6.0
    (change,) = change_points(DAY * np.arange(120), values)

    assert (change.point, change.kind) == (100, "level")
    assert np.abs(detect(DAY * np.arange(120), values, "trend").score[:100][FIRST:]).max() == 0


FIRST = 32


def test_the_band_holds_the_values_and_gaps_are_left_out() -> None:
    times, values, _ = series()
    values[[50, 51, 150]] = np.nan
    values[160] = np.inf
    found = detect(times, values, "trend")

    assert np.isnan(found.score[[50, 51, 150]]).all()
    assert found.score[160] == 100
    inside = (values >= found.lower) & (values <= found.upper)
    assert inside[found.ready & np.isfinite(values)].mean() > 0.97
    assert not found.ready[:FIRST].any()
