"""Scores against scipy and slow twins, and floors against the tests that they come from."""

from __future__ import annotations

import naive
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from wolfpack.stats import compare, profile
from wolfpack.stats.distances import jensen_shannon, wasserstein
from wolfpack.stats.drift import COARSE, coarse_bins, group_bins, ks, psi
from wolfpack.stats.floors import alpha, increase_floor, ks_floor, psi_floor, tail_chance

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=30)


@FIXED
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=30))
def test_psi_equals_its_slow_twin(pairs: list[tuple[int, int]]) -> None:
    reference, current = (
        [1 + pair[side] for pair in pairs[:1]] + [pair[side] for pair in pairs[1:]] for side in (0, 1)
    )
    score, bins = psi(np.array(reference), np.array(current))

    assert score == pytest.approx(naive.psi(reference, current), abs=1e-12)
    assert bins == sum(r + c > 0 for r, c in zip(reference, current, strict=True))


def test_psi_agrees_with_the_field_s_on_large_samples() -> None:
    """Without the half rows and the bias it is the sum of (p - q) ln(p / q)."""
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])

    assert psi(p * 1e9, q * 1e9)[0] == pytest.approx(float(((p - q) * np.log(p / q)).sum()), abs=1e-6)


def test_scores_of_many_windows_equal_the_scores_of_each() -> None:
    draw = np.random.default_rng(1)
    one, two = draw.integers(1, 50, (2, 7, 12))

    assert psi(one, two)[0].tolist() == [psi(a, b)[0] for a, b in zip(one, two, strict=True)]
    assert ks(one, two).tolist() == [ks(a, b) for a, b in zip(one, two, strict=True)]


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", ["normal", "heavy tail", "integers"])
def test_ks_is_that_of_the_values_within_one_bin(shape: str, shift: float) -> None:
    draw = np.random.default_rng(4)
    make = {
        "normal": lambda n: draw.normal(size=n),
        "heavy tail": lambda n: np.exp(2 * draw.normal(size=n)),
        "integers": lambda n: draw.poisson(6, n).astype(float),
    }[shape]
    before, after = make(5000), make(2000) + shift
    reference = profile(pa.table({"x": before}))
    found = compare(reference, profile(pa.table({"x": after}), baseline=reference))["x"]
    exact = stats.ks_2samp(before, after).statistic
    bias = 0.87 * (1 / 5000 + 1 / 2000) ** 0.5

    assert found.ks == pytest.approx(max(exact - bias, 0), abs=1 / 100)
    assert found.exact


@FIXED
@given(COUNTS, st.integers(1, 20), st.data())
def test_groups_take_every_bin_once_and_keep_the_heavy_ones_alone(
    counts: list[int], wanted: int, data: st.DataObject
) -> None:
    reference = np.array(counts)
    apart = np.array(data.draw(st.lists(st.booleans(), min_size=len(counts), max_size=len(counts))))
    apart |= reference == 0
    member = group_bins(reference, apart, wanted)

    assert (member.sum(1) == 1).all()
    assert ((member[:, -1] == 1) == apart).all()
    heavy = (reference >= max(reference.sum() / wanted, 1e-9)) & ~apart
    assert (member[:, member[heavy].any(0)].sum(0) == 1).all()
    assert (reference @ member).sum() == reference.sum()


def test_groups_of_a_continuous_column_have_about_equal_mass() -> None:
    counts = np.full(128, 40)
    groups = (counts @ group_bins(counts, np.zeros(128, bool), COARSE))[:-1]

    assert len(groups) == COARSE
    assert groups.min() >= 5 * 40


def test_small_samples_have_fewer_bins() -> None:
    assert [coarse_bins(rows) for rows in (3, 10, 30, 99, 100, 10_000)] == [2, 2, 6, 19, 20, 20]


@FIXED
@given(st.integers(1, 3000), st.integers(0, 3000), st.integers(1, 2000), st.integers(0, 2000))
def test_the_tail_chance_is_fisher_s(n: int, hits: int, m: int, now: int) -> None:
    hits, now = min(hits, n), min(now, m)
    if now * n <= hits * m:
        assert tail_chance(n, hits, m, now) == 1
        return
    expected = stats.hypergeom.sf(now - 1, n + m, hits + now, m)

    assert tail_chance(n, hits, m, now) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@FIXED
@given(
    st.integers(1, 3000), st.integers(0, 3000), st.integers(1, 2000), st.sampled_from([1e-2, 1e-4, 2.5e-5])
)
def test_an_increase_is_above_its_floor_exactly_when_fisher_finds_it_significant(
    n: int, hits: int, m: int, chance: float
) -> None:
    hits = min(hits, n)
    floor = increase_floor(n, hits, m, chance)
    last = round((floor + hits / n) * m)

    assert last == m or tail_chance(n, hits, m, last + 1) <= chance
    assert last * n <= hits * m or tail_chance(n, hits, m, last) > chance


def test_fisher_s_floor_is_that_of_scipy() -> None:
    now = round((increase_floor(5000, 50, 1000, 1e-4) + 0.01) * 1000)
    chances = [
        stats.fisher_exact([[k, 1000 - k], [50, 4950]], alternative="greater").pvalue for k in (now, now + 1)
    ]

    assert chances[0] > 1e-4 >= chances[1]


def test_novel_values_are_expected_where_the_reference_ends() -> None:
    """Of n continuous values 2 / n lie beyond the extremes on average; of integers, as many as occurred once."""
    draw = np.random.default_rng(6)
    chance = alpha(1)
    for values, surprise in (
        (draw.normal(size=5000), 2),
        (np.repeat(np.arange(12.0), [*[400] * 6, *[1] * 6]), 6),
    ):
        reference = profile(pa.table({"x": values}))
        found = compare(reference, profile(pa.table({"x": draw.choice(values, 300)}), baseline=reference))[
            "x"
        ]
        n = len(values)

        assert found.novel_noise == pytest.approx(increase_floor(n, surprise, 300, chance) + surprise / n)


def test_floors_are_the_quantiles_of_their_tests_less_the_mean() -> None:
    h = 1 / 5000 + 1 / 300
    chance = alpha(100)

    assert chance == 2.5e-5
    assert psi_floor(20, 5000, 300, chance) == pytest.approx((stats.chi2.isf(chance, 19) - 19) * h)
    assert ks_floor(5000, 300, chance) == pytest.approx((stats.kstwobign.isf(chance) - 0.87) * h**0.5)
    assert psi_floor(1, 5000, 300, chance) == 0


def test_the_distances_are_those_of_the_field_on_its_golden_vectors() -> None:
    """Evidently 0.7.23 and NannyML 0.13.1 were run on these (Evidently's natural logarithm)."""
    reference = pa.table({"x": np.linspace(0, 10, 1000), "c": ["a"] * 500 + ["b"] * 300 + ["c"] * 200})
    current = pa.table({"x": np.linspace(1, 12, 500)})
    words = pa.table({"c": ["a"] * 200 + ["b"] * 150 + ["d"] * 50})
    base = profile(reference)
    numbers = compare(base, profile(current, baseline=base))["x"]
    found = compare(base, profile(words, baseline=base))["c"]
    bias = 0.87 * (1 / 1000 + 1 / 500) ** 0.5

    assert found.js == pytest.approx(0.3387094008, abs=1e-9)
    assert numbers.ks + bias == pytest.approx(0.183, abs=1 / 128)


@FIXED
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=30))
def test_jensen_shannon_is_scipy_s(pairs: list[tuple[int, int]]) -> None:
    p, q = (np.array([1 + pairs[0][side], *(pair[side] for pair in pairs[1:])], float) for side in (0, 1))

    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q), abs=1e-7)


@pytest.mark.parametrize("shape", ["normal", "heavy tail", "integers"])
@pytest.mark.parametrize("rows", [200, 20_000])
def test_wasserstein_is_scipy_s_of_the_clipped_values(shape: str, rows: int) -> None:
    draw = np.random.default_rng(5)
    make = {
        "normal": lambda n: draw.normal(size=n),
        "heavy tail": lambda n: np.exp(2 * draw.normal(size=n)),
        "integers": lambda n: draw.poisson(6, n).astype(float),
    }[shape]
    before, after = np.sort(make(rows)), make(rows) + 0.5
    states = [profile(pa.table({"x": values}))["x"] for values in (before, after)]
    cut = max(int(np.ceil(0.001 * rows)), 2)
    low, high = before[cut - 1], before[-cut]
    inside = np.clip(before, low, high)
    expected = stats.wasserstein_distance(inside, np.clip(after, low, high)) / inside.std()
    score, error = wasserstein(*states)

    assert score == pytest.approx(expected, abs=error + 1e-9)
    assert score == pytest.approx(expected, rel=0.02, abs=error / 2 + 1e-9)  # not everywhere at its worst
    assert (error == 0) == (rows == 200)


@pytest.mark.parametrize("side", ["reference", "current"])
def test_one_far_value_does_not_move_wasserstein(side: str) -> None:
    draw = np.random.default_rng(3)
    before, after = draw.normal(size=5000), draw.normal(size=1000) + 1
    far = [
        np.append(x, 1e6) if side == name else x for x, name in ((before, "reference"), (after, "current"))
    ]
    plain, moved = (
        wasserstein(*(profile(pa.table({"x": x}))["x"] for x in pair)) for pair in ((before, after), far)
    )

    assert moved[0] == pytest.approx(plain[0], rel=0.01)


def test_there_is_no_wasserstein_without_values_variation_or_a_sketch() -> None:
    table = pa.table(
        {"x": [5.0] * 20, "y": [1.0, 2.0] * 10, "s": ["a"] * 20, "n": pa.nulls(20, pa.float64())}
    )
    found = profile(table, by=["s"])

    assert wasserstein(found["x"], found["y"]) is None
    assert wasserstein(found["y"], found["n"]) is None
    assert wasserstein(found["y", "s", "a"], found["y"]) is None
    assert wasserstein(found["y"], found["y"]) == (0.0, 0.0)
