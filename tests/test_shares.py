"""Two distributions for people to look at: every value is in one bin with a name, and what is new stands alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolfpack.stats import profile
from wolfpack.stats.shares import WANTED, Share, shares

DRAW = np.random.default_rng(41)


def of(before: object, now: object) -> tuple[Share, ...]:
    reference = profile(pa.table({"x": before}))
    return shares(reference["x"], profile(pa.table({"x": now}), baseline=reference)["x"])


def test_numbers_are_in_some_twenty_bins_of_equal_share() -> None:
    found = of(DRAW.normal(size=5000), DRAW.normal(1, 1, 5000))

    assert 18 <= len(found) <= WANTED + 2
    assert max(one.before for one in found) < 0.07
    assert sum(one.before for one in found) == pytest.approx(1)
    assert sum(one.now for one in found) == pytest.approx(1)
    assert found[0].moved < 0 < found[-1].moved
    assert found[0].label.startswith("under ") or " to " in found[0].label


def test_a_new_value_stands_alone() -> None:
    now = np.append(DRAW.normal(size=980), np.full(20, -999.0))
    found = of(DRAW.normal(size=5000), now)

    assert [(one.before, one.now) for one in found if one.new] == [(0.0, 0.02)]
    assert found[0].new
    assert found[0].label.startswith("under -")


def test_a_frequent_value_has_its_own_name() -> None:
    values = np.where(DRAW.random(5000) < 0.3, 0.0, DRAW.normal(size=5000))
    found = {one.label: one for one in of(values, np.where(values == 0, 1e-9, values))}

    assert found["0"].before == pytest.approx(0.3, abs=0.03)
    assert found["0"].gone


def test_categories_are_named_and_new_ones_are_the_others() -> None:
    found = {one.label: one for one in of(["a"] * 60 + ["b"] * 40, ["a"] * 50 + ["z"] * 50)}

    assert (found["a"].before, found["a"].now) == (0.6, 0.5)
    assert found["b"].gone
    assert (found["all others"].now, found["all others"].new) == (0.5, True)


def test_many_categories_are_cut_to_the_most_frequent() -> None:
    words = [f"w{n}" for n in range(100) for _ in range(100 - n)]
    found = of(words, words)

    assert len(found) == WANTED + 1
    assert [one.label for one in found[:2]] == ["w0", "w1"]
    assert sum(one.now for one in found) == pytest.approx(1)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
)
def test_every_value_is_in_one_bin(before: list[float], now: list[float]) -> None:
    found = of(before, now)

    assert sum(one.before for one in found) == pytest.approx(1)
    assert sum(one.now for one in found) == pytest.approx(1)
    assert len({one.label for one in found}) >= len(found) - 1  # two ends may print alike


def test_kinds_that_are_only_counted_have_none() -> None:
    assert of([b"x"], [b"y"]) == ()
