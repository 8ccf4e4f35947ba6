"""Output health, two versions on the same keys, and what is said of an estimate."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, log_loss, mean_absolute_error

from wolfpack.stats import (
    Confusion,
    Estimate,
    OutputHealth,
    Repeats,
    differences,
    measure_agreement,
    paired_errors,
    paired_losses,
)
from wolfpack.stats.estimates import difference, rate, ratio
from wolfpack.stats.repeats import KEPT


def test_empty_constant_repeated_and_switching_outputs_are_counted() -> None:
    found = OutputHealth.from_arrays(
        outputs=["a", "a", "b", "", None, "b"],
        requests=["r", "r", "s", "t", "u", "v"],
        subjects=["x", "x", "x", "x", "y", "y"],
        times=[3, 1, 2, 4, 1, 2],  # x: a b a empty; y: empty b
    )
    measures = found.measures()

    assert measures["empty_ratio"].value == pytest.approx(2 / 6)
    assert measures["repeated_request_ratio"].value == pytest.approx(1 / 6)
    assert measures["switch_ratio"].value == pytest.approx(4 / 4)
    assert (found.pairs, found.switches) == (4, 4)
    assert measures["constant"].value == 0


@pytest.mark.parametrize(
    ("outputs", "constant"), [(["a", "a"], 1), (["a", "b"], 0), (["a"], 0), ([1.0, 1.0, None], 1)]
)
def test_several_outputs_of_one_value_are_constant(outputs: list[object], constant: float) -> None:
    assert OutputHealth.from_arrays(outputs).measures()["constant"].value == constant


def test_named_counts_are_added_and_divided() -> None:
    one, two = (
        OutputHealth.from_arrays([], events=events) for events in ({"shown": 90, "clicked": 4}, {"shown": 10})
    )
    found = one.merge(two)

    assert found.event_ratio("clicked", "shown").value == 0.04
    assert found.event_ratio("shown", "clicked").value == 25
    assert two.merge(two).events == {"shown": 20}
    with pytest.raises(ValueError, match="there is no 'sold'; there are clicked, shown"):
        found.event_ratio("sold", "shown")


@pytest.mark.parametrize("rows", [3000, 300_000])
def test_the_share_of_repeats_is_exact_while_they_are_few_and_then_within_its_error(rows: int) -> None:
    misses = []
    for seed in range(1 if rows < KEPT else 40):
        values = np.random.default_rng(seed).zipf(1.3, rows) % 10**9
        found = Repeats.from_array(values).repeated()
        misses.append((found.value - (1 - len(np.unique(values)) / rows), found.stderr))
    if rows < KEPT:
        assert misses[0] == (pytest.approx(0, abs=1e-12), 0)
    else:
        assert max(abs(miss) / error for miss, error in misses) < 4
        assert np.std([miss for miss, _ in misses]) == pytest.approx(
            np.mean([error for _, error in misses]), rel=0.4
        )


def test_many_values_give_the_same_sample_however_they_are_split() -> None:
    values = np.random.default_rng(2).integers(0, 20_000, 60_000)
    parts = [Repeats.from_array(part) for part in np.split(values, 6)]

    assert not parts[0].exact
    assert parts[3].merge(*parts[:3], *parts[4:]).equals(Repeats.from_array(values))
    assert Repeats.from_bytes(parts[0].to_bytes()).equals(parts[0])


# --- two versions


def versions(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    odds = draw.normal(0, 1.5, rows)
    old, new = (1 / (1 + np.exp(-odds - draw.normal(0, spread, rows))) for spread in (1.0, 0.6))
    return old, new, (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)


def test_agreement_is_scikit_learn_s_kappa() -> None:
    draw = np.random.default_rng(3)
    runs = []
    for _ in range(300):
        old = draw.integers(0, 3, 300)
        new = np.where(draw.random(300) < 0.7, old, draw.integers(0, 3, 300))
        runs.append(measure_agreement(Confusion.from_arrays(new, old)))
    for name in ("kappa", "agreement_ratio"):
        spread = np.std([run[name].value for run in runs])
        assert np.mean([run[name].stderr for run in runs]) == pytest.approx(spread, rel=0.12)

    assert runs[-1]["kappa"].value == pytest.approx(cohen_kappa_score(old, new), abs=1e-12)
    assert runs[-1]["agreement_ratio"].value == pytest.approx((old == new).mean(), abs=1e-12)
    assert measure_agreement(Confusion.from_arrays([1, 1], [1, 1])).keys() == {"agreement_ratio"}
    assert measure_agreement(Confusion.empty()) == {}


def test_paired_losses_are_differences_of_scikit_learn_s_with_less_noise_than_of_two_samples() -> None:
    old, new, labels = versions(2000, 4)
    found = paired_losses(old, new, labels, 0.5).measures()
    runs = [paired_losses(*versions(2000, seed), 0.5).measures() for seed in range(200)]

    assert found["log_loss"].value == pytest.approx(log_loss(labels, new) - log_loss(labels, old), abs=1e-9)
    assert found["brier"].value == pytest.approx(
        np.mean((new - labels) ** 2 - (old - labels) ** 2), abs=1e-12
    )
    right = [((chances >= 0.5) == labels).mean() for chances in (old, new)]
    assert found["accuracy"].value == pytest.approx(right[1] - right[0], abs=1e-12)
    for name in ("log_loss", "brier", "accuracy"):
        spread = np.std([run[name].value for run in runs])
        assert np.mean([run[name].stderr for run in runs]) == pytest.approx(spread, rel=0.15), name


def test_paired_errors_are_differences_of_scikit_learn_s() -> None:
    old, new, labels = versions(500, 5)
    found = paired_errors(old, new, labels).measures()
    expected = mean_absolute_error(labels, new) - mean_absolute_error(labels, old)

    assert found["mae"].value == pytest.approx(expected, abs=1e-12)
    assert found["mse"].value == pytest.approx(np.mean((new - labels) ** 2 - (old - labels) ** 2), abs=1e-12)


# --- estimates


def test_intervals_cover_what_they_are_about() -> None:
    """A rate of 50 rows in 95 of 100 samples, small and large ones too; the difference of two as well."""
    draw = np.random.default_rng(6)
    for share in (0.02, 0.3, 0.95):
        found = [rate(hits, 50) for hits in draw.binomial(50, share, 2000)]
        covered = [one.interval()[0] <= share <= one.interval()[1] for one in found]
        apart = [difference(one, two) for one, two in zip(found[::2], found[1::2], strict=True)]
        crossed = [one.interval()[0] <= 0 <= one.interval()[1] for one in apart]

        assert np.mean(covered) > 0.91, share
        assert np.mean(crossed) > 0.94, share


def test_what_is_not_known_is_none() -> None:
    assert rate(0, 0) is None
    assert ratio(3, 0) is None
    assert Estimate(1.0).interval() is None
    assert difference(Estimate(3.0, 0.1), Estimate(1.0)) == Estimate(2.0)
    assert differences({"a": Estimate(1.0)}, {"b": Estimate(1.0)}) == {}
    with pytest.raises(ValueError, match=r"level: 1\.5 is not in the range 0<x<1"):
        Estimate(1.0, 1.0).interval(1.5)
