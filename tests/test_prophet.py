"""Prophet behind the contract: causal, the same each time, with its own interval and holidays."""

from __future__ import annotations

import numpy as np
import pytest

from wolfpack.detectors import detect
from wolfpack.detectors.judging import judged
from wolfpack.detectors.policy import Policy
from wolfpack.detectors.watch import Watch
from wolfpack.spec import Calendar

pytest.importorskip("prophet", reason="the extra prophet is not installed")
DAY = 86_400.0
MONDAY = 1_388_966_400.0
WEEK = np.array([0, 1, 2, 1, 0, -8, -9.0])


def series(n: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Return days with a week, a trend and noise of 1."""
    noise = np.random.default_rng(3).normal(size=n)
    return MONDAY + DAY * np.arange(n), 100 + 2 * WEEK[np.arange(n) % 7] + 0.1 * np.arange(n) + noise


def test_a_missing_weekend_is_found_and_its_forecast_is_near() -> None:
    times, values = series()
    values[145] = 100 + 14.5  # a Saturday with the value of a Friday
    found = detect(times, values, "prophet")

    alarms = np.flatnonzero(np.abs(found.score) > 1).tolist()
    assert 145 in alarms
    assert len(alarms) <= 4  # the ranks of few points are no promise
    assert found.reasons[-1].words.startswith("114.5 where ")
    assert not found.ready[:60].any()
    assert found.ready[60:].all()
    rest = found.ready & (np.arange(150) != 145)
    assert np.abs(values - found.expected)[rest].mean() < 1.5
    assert ((values >= found.lower) & (values <= found.upper))[rest].mean() > 0.95


def test_what_comes_later_changes_nothing_and_the_generator_is_left_alone() -> None:
    times, values = series(100)
    values[80] = np.nan
    state = np.random.get_state()[1].copy()
    whole, part = detect(times, values, "prophet"), detect(times[:90], values[:90], "prophet")

    for name in ("score", "expected", "lower", "upper", "ready"):
        np.testing.assert_array_equal(getattr(whole, name)[:90], getattr(part, name))
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_a_holiday_that_a_policy_names_is_learnt_and_expected() -> None:
    """Two years of quiet Christmases: the third is no surprise, and it is judged."""
    times = MONDAY + DAY * np.arange(1090)
    days = times.astype("datetime64[s]").astype("datetime64[D]")
    christmas = np.array([str(day)[5:] == "12-25" for day in days])
    values = 100 + np.random.default_rng(1).normal(size=len(times)) - 40 * christmas
    watch = Watch("p", "m", "ml_pane_rows", "prophet", policy=Policy(holidays=("US",)))
    found = judged(times + DAY, values, watch, Calendar())

    third = int(np.flatnonzero(christmas)[2])
    assert found.reason(third) is None
    assert abs(found.detection.expected[third] - 60) < 10
    plain = detect(times, values, "prophet")
    assert abs(plain.expected[third] - 60) > 30
