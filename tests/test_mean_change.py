"""How far a mean lies from another: the share, its noise, where it says nothing, and what the page shows of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from conftest import FULL
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sending import REFERENCE
from tables import day, inputs, reference

from wolfpack.stats import ColumnState, mean_change, profile

INPUT = {"role": "input", "column": "delay"}
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


def state(values: object) -> ColumnState:
    return profile(pa.table({"x": pa.array(values, pa.float64())})).segments["", ""]["x"]


@given(VALUES, VALUES)
def test_the_change_is_a_share_of_the_mean_before(before: list[float], now: list[float]) -> None:
    first, second = np.array(before), np.array(now)
    found = mean_change(state(before), state(now))

    size = abs(first.mean())
    if size > 0.11 * first.std() and size > 1e-3:
        assert found is not None
        assert found[0] == pytest.approx((second.mean() - first.mean()) / size, rel=1e-6, abs=1e-6)
        noise = norm.isf(0.01 / 4 / 2) * np.sqrt(first.var() / len(first) + second.var() / len(second)) / size
        assert found[1] == pytest.approx(noise, rel=1e-6, abs=1e-6)
    elif size < 0.09 * first.std():
        assert found is None


@pytest.mark.parametrize("before", [[0.0, 0.0], [-1.0, 1.0], [5.0], [], [None, None]])
def test_a_mean_near_zero_or_of_hardly_any_values_is_compared_with_nothing(before: list[float]) -> None:
    assert mean_change(state(before), state([1.0, 2.0])) is None


def test_without_a_change_the_noise_is_hardly_ever_passed() -> None:
    draw = np.random.default_rng(5)
    base = state(draw.normal(10, 5, 3000))
    passed = 0
    for _ in range(2000):
        change, noise = mean_change(base, state(draw.normal(10, 5, 200)), columns=1) or (0.0, 0.0)
        passed += abs(change) > noise

    assert passed <= 15  # 5 of 2,000 at 0.01 / 4, fixed seed


def test_the_reference_s_own_habit_lifts_the_noise() -> None:
    before, now = state([9.0, 10.0, 11.0] * 100), state([11.0, 12.0, 13.0] * 100)
    _, plain = mean_change(before, now) or (0.0, 0.0)

    assert plain < 0.05
    assert mean_change(before, now, habit=4.0) == (pytest.approx(0.2), pytest.approx(0.4))


def send(one, number: int, **changes: object) -> None:
    at = f"2024-05-{number - 60:02}"
    body = profile(inputs(day(number, **changes)), baseline=reference()).to_bytes()
    assert one.send("/api/v1/profiles", body, at=at).status_code == 200
    one.at(f"2024-05-{number - 59:02}T06:00:00-04:00")


def test_the_page_shows_changes_of_means_where_the_spec_asks(make_exporter) -> None:
    asked = FULL + "mean: {within: 0.05, against: [reference, previous]}\nwindow: 2d\n"
    for name, text in (("asked", asked), ("not", FULL + "window: 2d\n")):
        one = make_exporter(text, name)
        one.at("2024-05-01T06:00:00-04:00")
        assert one.http.put(REFERENCE, data=reference().to_bytes()).status_code == 200
        for number in range(61, 65):
            send(one, number, delay=np.full(200, 20.0 if number < 63 else 30.0))
        against = {baseline: one.value("ml_column_mean_change_ratio", baseline=baseline, **INPUT)
                   for baseline in ("reference", "previous")}  # fmt: skip

        if name == "asked":
            assert against == {"reference": pytest.approx(2, abs=0.05), "previous": pytest.approx(0.5)}
            assert 0 < one.value("ml_column_mean_change_noise", baseline="reference", **INPUT) < 1
            assert one.value("ml_column_psi", baseline="previous", **INPUT) is None
        else:
            assert against == {"reference": None, "previous": None}


def test_the_page_shows_the_rows_of_the_pane_before_where_the_spec_asks(make_exporter) -> None:
    text = FULL + "change: {rows: {against: previous}}\nskip: [2024-05-02]\n"
    one = make_exporter(text)
    one.at("2024-05-01T06:00:00-04:00")
    for number, rows in ((61, 120), (63, 40)):
        send_rows(one, number, rows)

    assert one.value("ml_pane_rows", role="input") == 40
    assert one.value("ml_pane_rows_previous", role="input") == 120


def send_rows(one, number: int, rows: int) -> None:
    one.at(f"2024-05-{number - 60:02}T12:00:00-04:00")
    body = profile(inputs(day(number)).slice(0, rows)).to_bytes()
    assert one.send("/api/v1/profiles", body, at=f"2024-05-{number - 60:02}").status_code == 200
    one.at(f"2024-05-{number - 59:02}T06:00:00-04:00")
