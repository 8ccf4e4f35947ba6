"""The habit floor: what the reference's own windows reach, by a slow twin, and what it spares."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.stats import ALL, Profile, compare, habit_floors, merge_all, profile
from wolfpack.stats.drift import coarse_bins, group_bins, ks, psi, rare_bins


def reference(days: int, wobble: float = 0.0, per_day: int = 200, seed: int = 1) -> Profile:
    """Return a reference whose daily mean wobbles by so many standard deviations."""
    draw = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), per_day)
    values = draw.normal(size=days * per_day) + wobble * draw.normal(size=days)[day]
    missing = draw.random(len(values)) < np.where(day == 3, 0.3, 0.02)
    return profile(
        pa.table(
            {
                "t": np.datetime64("2013-01-01") + day,
                "x": np.where(missing, np.nan, values),
                "c": np.where(day == days - 1, "last", draw.choice(["a", "b"], len(values))),
                "s": draw.choice(["n", "o"], len(values)),
            }
        ),
        by=["s"],
        time="t",
        every="1d",
    )


@pytest.mark.parametrize("panes", [1, 2])
@pytest.mark.parametrize("segment", [ALL, ("s", "n")])
def test_floors_are_twice_the_worst_window_against_the_rest(panes: int, segment: tuple[str, str]) -> None:
    base = reference(21)
    found = habit_floors(base, panes, segment)
    parts = [base.panes[start] for start in sorted(base.panes)]
    worst: dict[str, list[float]] = {"missing": [], "ks": [], "novel": [], "psi": [], "mean": []}
    for first in range(len(parts) - panes + 1):
        inside = merge_all(parts[first : first + panes]).segments[segment]
        outside = merge_all(parts[:first] + parts[first + panes :]).segments[segment]
        worst["missing"].append(
            inside["x"].missing / inside["x"].rows - outside["x"].missing / outside["x"].rows
        )
        worst["ks"].append(float(ks(outside["x"].bins, inside["x"].bins)))
        unseen = outside["c"].bins == 0
        worst["novel"].append(inside["c"].bins[unseen].sum() / inside["c"].count)
        worst["mean"].append(abs(inside["x"].mean - outside["x"].mean))
        total = inside["c"].bins + outside["c"].bins
        member = group_bins(total, rare_bins(total, total == 0, False), coarse_bins(100))
        new = np.where(unseen, inside["c"].bins, 0).sum() * (
            np.arange(member.shape[1]) == member.shape[1] - 1
        )
        shares = np.where(unseen, 0, inside["c"].bins) @ member + new
        worst["psi"].append(float(psi(outside["c"].bins @ member, shares)[0]))

    assert found["x"].missing == pytest.approx(2 * max(worst["missing"]))
    assert found["x"].mean == pytest.approx(2 * max(worst["mean"]))
    assert found["x"].ks == pytest.approx(2 * max(worst["ks"]))
    assert found["c"].novel == pytest.approx(2 * max(worst["novel"]))
    assert found["c"].psi == pytest.approx(2 * max(worst["psi"]))
    assert found["c"].ks == 0


def test_under_ten_disjoint_windows_there_is_no_habit() -> None:
    base = reference(20)

    assert habit_floors(base, 2)
    assert habit_floors(base, 3) == {}
    assert habit_floors(profile(pa.table({"x": [1.0]})), 1) == {}


def test_a_window_has_at_least_one_pane() -> None:
    with pytest.raises(ValueError, match="panes: 0 is not in the range"):
        habit_floors(reference(10), 0)


def test_compare_takes_windows_as_long_as_the_current_profile() -> None:
    base = reference(40, 0.3)
    week = profile(pa.table({"x": [0.0] * 50}), baseline=base)
    panes = merge_all([base.panes[start] for start in sorted(base.panes)[:3]])
    three = Profile(base.plan, panes.segment_rows, panes.segments, dict(list(base.panes.items())[:3]))

    assert compare(base, week)["x"] == compare(base, week, habit=habit_floors(base, 1))["x"]
    assert compare(base, three)["x"] == compare(base, three, habit=habit_floors(base, 3))["x"]


def test_days_that_wobble_alarm_without_the_habit_and_not_with_it() -> None:
    """A wobble of 0.25 sd at 1,000 rows a day: significant and above the threshold on the worse days."""
    base = reference(30, 0.25, 1000, seed=2)
    draw = np.random.default_rng(9)
    alarms = {"sampling": 0, "habit": 0}
    for _ in range(60):
        today = profile(pa.table({"x": draw.normal(size=1000) + 0.25 * draw.normal()}), baseline=base)
        alarms["sampling"] += compare(base, today, habit={}, columns=["x"])["x"].drifted
        alarms["habit"] += compare(base, today, columns=["x"])["x"].drifted

    assert alarms["sampling"] >= 10
    assert alarms["habit"] <= 1
