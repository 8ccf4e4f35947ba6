"""What a plan is frozen to: bins of equal mass, frequent values alone, tails that the reference left empty."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.spec import ColumnPlan
from wolfpack.stats import freeze, profile

DRAW = np.random.default_rng(21)


def plan_of(values: object) -> ColumnPlan:
    return freeze(pa.table({"x": values})).columns["x"]


def test_a_continuous_column_has_fine_bins_of_equal_mass_and_empty_tails() -> None:
    values = DRAW.normal(size=12_800)
    plan = plan_of(values)
    bins = profile(pa.table({"x": values}))["x"].bins

    assert 120 <= len(plan.edges) <= 128
    assert values.min() - 5 < plan.edges[0] < values.min()
    assert values.max() < plan.edges[-1] < values.max() + 5
    assert (bins[0], bins[-1], bins[1:-1].min() > 90, bins.max() < 130) == (0, 0, True, True)
    assert plan.seen == (False, *[True] * (len(bins) - 2), False)


def test_one_far_value_moves_no_edge_and_hides_no_other() -> None:
    values = DRAW.normal(size=5000)
    plain, far = plan_of(values), plan_of(np.append(values, 1e6))
    now = pa.table({"x": [9999.0]})

    assert far.edges[:-1] == plain.edges[:-1]
    assert far.edges[-1] < 20
    assert not far.seen[-1]
    assert profile(now, plan=profile(pa.table({"x": np.append(values, 1e6)})).plan)["x"].bins[-1] == 1


@pytest.mark.parametrize("rows", [999, 1000])
def test_a_bounded_column_reaches_little_further_than_its_values(rows: int) -> None:
    values = DRAW.random(rows)
    plan = plan_of(values)

    assert -0.1 < plan.edges[0] <= values.min()
    assert values.max() < plan.edges[-1] < 1.1


def test_zeros_at_the_end_have_no_margin() -> None:
    """What is negative then is new."""
    for share in (0.9, 0.005):
        plan = plan_of(np.where(DRAW.random(5000) < share, 0.0, DRAW.exponential(size=5000)))

        assert plan.edges[0] == 0.0
        assert plan.edges[-1] > 7


def test_a_frequent_value_has_a_bin_of_its_own() -> None:
    values = np.where(DRAW.random(5000) < 0.3, 0.0, DRAW.normal(size=5000))
    plan = plan_of(values)
    place = plan.edges.index(0.0)

    assert plan.edges[place + 1] == np.nextafter(0.0, 1.0)
    assert profile(pa.table({"x": values}))["x"].bins[place + 1] == (values == 0).sum()


@pytest.mark.parametrize("frequent", [-9.0, 0.0, 9.0])
def test_what_is_not_frequent_lies_in_bins_of_equal_mass(frequent: float) -> None:
    """Wherever the frequent value is among the others."""
    values = np.where(np.arange(20_000) % 10 < 6, frequent, DRAW.normal(size=20_000))
    found = profile(pa.table({"x": values}))["x"]
    rest = found.bins[(found.bins > 0) & (found.bins < 5000)]

    assert 110 <= len(rest) <= 127
    assert np.sort(rest)[1:-1].max() <= 1.6 * np.median(rest)


def test_a_few_repeated_values_leave_everything_between_them_novel() -> None:
    plan = plan_of(np.tile([1.0, 2.0, 5.0], 50))

    assert plan.edges == tuple(x for v in (1.0, 2.0, 5.0) for x in (v, np.nextafter(v, np.inf)))
    assert plan.seen == (False, True, False, True, False, True, False)


def test_a_few_rows_of_a_continuous_column_are_not_taken_for_all_its_values() -> None:
    assert plan_of(DRAW.normal(size=30)).seen[1:-1] == (True,) * 30


@pytest.mark.parametrize("distinct", [40, 100, 128, 1000])
def test_there_are_never_many_more_than_128_bins(distinct: int) -> None:
    plan = plan_of(DRAW.integers(0, distinct, 50_000).astype(float))

    assert len(plan.edges) <= 130
    assert all(plan.seen[1:-1])


@pytest.mark.parametrize("values", [[], [None, None], [float("nan"), float("inf")]])
def test_a_column_without_numbers_has_one_bin(values: list[float]) -> None:
    assert plan_of(pa.array(values, pa.float64())) == ColumnPlan("numeric")


@pytest.mark.parametrize("value", [1.7976931348623157e308, -1.7976931348623157e308, 5e-324])
def test_the_ends_of_the_number_line_can_be_frozen(value: float) -> None:
    found = profile(pa.table({"x": [value] * 20}))["x"]

    assert (int(found.bins.sum()), found.minimum) == (20, value)


def test_up_to_1000_categories_are_all_kept_by_their_counts() -> None:
    plan = plan_of([f"c{k}" for k in range(1000)] + ["c7", "c5", "c7"])

    assert (len(plan.categories), plan.complete, plan.categories[:3]) == (1000, True, ("c7", "c5", "c0"))


def test_of_more_categories_those_above_one_count_are_kept() -> None:
    plan = plan_of([f"c{k:04d}" for k in range(1500) for _ in range(1 + (k < 900) + (k < 20))])

    assert (plan.categories[:2], len(plan.categories), plan.complete) == (("c0000", "c0001"), 900, False)


def test_a_category_longer_than_256_characters_is_text() -> None:
    plan = plan_of(["a" * 256, "b" * 257])

    assert (plan.categories, plan.complete) == (("a" * 256,), False)


def test_the_pivot_is_the_median_against_cancellation() -> None:
    values = 1e9 + DRAW.normal(size=1001)
    found = profile(pa.table({"x": values}))["x"]

    assert found.plan.pivot == np.median(values)
    assert found.stddev == pytest.approx(values.std(), rel=1e-9)
