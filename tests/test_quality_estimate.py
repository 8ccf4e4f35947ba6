"""Quality before labels: equal to NannyML's golden numbers; its error is that of labels' luck; drift shows in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from wolfpack.stats import (
    Calibrator,
    Confusion,
    OpenScores,
    ScoreCounts,
    binary_rates,
    estimate_error,
    estimate_quality,
    learn_calibrator,
)
from wolfpack.stats.calibrator import AS_IT_IS, isotonic


def drawn(rows: int, seed: int, sharp: float = 1.0, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and labels; scores are chances if `sharp` is 1."""
    draw = np.random.default_rng(seed)
    odds = draw.normal(-1, 1.5, rows)
    labels = draw.random(rows) < 1 / (1 + np.exp(-odds - noise))
    return 1 / (1 + np.exp(-sharp * odds)), labels.astype(int)


def test_nannyml_s_golden_numbers() -> None:
    found = estimate_quality(OpenScores.from_array(np.linspace(0.05, 0.95, 10)), threshold=0.5)
    expected = {
        "roc_auc": 0.83,
        "pr_auc": 0.8075,
        "f1": 0.75,
        "accuracy": 0.75,
        "precision": 0.75,
        "recall": 0.75,
        "specificity": 0.75,
    }

    assert {name: found[name].value for name in expected} == pytest.approx(expected, abs=1e-9)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_certain_chances_give_the_realised_quality(pairs: list[tuple[float, int]]) -> None:
    """If each score means 0 or 1 the estimate is what scikit-learn says of labels, without an error."""
    scores = np.array([0.2 * score + 0.7 * label for score, label in pairs])
    labels = np.array([label for _, label in pairs])
    found = estimate_quality(
        OpenScores.from_array(scores), Calibrator(np.array([0.2, 0.7]), np.array([0.0, 1.0])), 0.5
    )
    if 0 < labels.sum() < len(labels):
        assert found["roc_auc"].value == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)
        assert found["pr_auc"].value == pytest.approx(average_precision_score(labels, scores), abs=1e-9)
    assert found["brier"].value == pytest.approx(brier_score_loss(labels, scores), abs=1e-9)
    assert found["log_loss"].value == pytest.approx(log_loss(labels, scores, labels=[0, 1]), abs=1e-9)
    assert max(estimate.stderr for estimate in found.values()) < 1e-6


def test_the_error_is_the_spread_of_realised_quality() -> None:
    """The same predictions, labels drawn again and again with the chances that the scores are."""
    scores, _ = drawn(500, 1)
    draw = np.random.default_rng(2)
    found = estimate_quality(OpenScores.from_array(scores), threshold=0.5)
    runs = []
    for _ in range(1500):
        labels = (draw.random(500) < scores).astype(int)
        decided = binary_rates(*Confusion.at_threshold(scores, labels, 0.5).cells_of("1"))
        runs.append(ScoreCounts.from_arrays(scores, labels).measures() | decided)
    for name, estimate in found.items():
        values = [run[name].value for run in runs]

        assert estimate.stderr == pytest.approx(np.std(values), rel=0.08), name
        assert estimate.value == pytest.approx(np.mean(values), abs=0.15 * estimate.stderr), name


@pytest.mark.parametrize(("reference", "chunk"), [(500, 4000), (2000, 2000), (20_000, 500)])
def test_the_error_knows_how_little_the_curve_was_learnt_from(reference: int, chunk: int) -> None:
    """References and chunks drawn again and again: the difference from labels is as large as the error says."""
    sizes: dict[str, list[float]] = {}
    for seed in range(60):
        counts = ScoreCounts.from_arrays(*drawn(reference, 1000 + seed, sharp=2))
        curve = isotonic(counts.scores, counts.positives_at, counts.negatives_at)
        scores, labels = drawn(chunk, 2000 + seed, sharp=2)
        decided = binary_rates(*Confusion.at_threshold(scores, labels, 0.5).cells_of("1"))
        realised = ScoreCounts.from_arrays(scores, labels).measures() | decided
        found = estimate_error(estimate_quality(OpenScores.from_array(scores), curve, 0.5), realised)
        for name, one in found.items():
            sizes.setdefault(name, []).append(one.value / one.stderr)
    for name, values in sizes.items():
        assert 0.6 < np.sqrt(np.mean(np.square(values))) < 1.5, name


def test_a_few_rows_that_agree_are_not_certain() -> None:
    """The curve says 1 above 0.9, from three rows: precision is expected to be 1, with an error."""
    curve = isotonic(np.array([0.1, 0.91, 0.95, 0.99]), np.array([10, 1, 1, 1]), np.array([90, 0, 0, 0]))
    found = estimate_quality(OpenScores.from_array([0.1] * 50 + [0.95] * 5), curve, 0.9)

    assert found["precision"].value == 1
    assert found["precision"].stderr > 0.15


@pytest.mark.parametrize("rows", [3000, 80_000])
def test_the_curve_is_scikit_learn_s_isotonic_regression(rows: int) -> None:
    """From exact counts to 1e-9; from rounded ones nearly."""
    scores, labels = drawn(rows, 3, sharp=2)
    counts = ScoreCounts.from_arrays(scores, labels)
    ours = isotonic((counts.scores + counts.highest) / 2, counts.positives_at, counts.negatives_at)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    where = np.linspace(-0.1, 1.1, 1001)

    gaps = np.abs(ours(where) - theirs.predict(where))
    assert gaps.max() < 1e-9 if not counts.rounded else gaps.mean() < 2e-3


def test_a_score_that_is_a_chance_is_taken_as_it_is_or_hardly_changed() -> None:
    scores, labels = drawn(5000, 4)
    curve = learn_calibrator(ScoreCounts.from_arrays(scores, labels))

    assert curve.identity or np.abs(curve(scores) - scores).mean() < 0.03


def test_a_score_that_is_too_sure_is_calibrated() -> None:
    curve = learn_calibrator(ScoreCounts.from_arrays(*drawn(5000, 5, sharp=3)))
    scores, labels = drawn(5000, 6, sharp=3)
    found = estimate_quality(OpenScores.from_array(scores), curve, 0.5)
    realised = ScoreCounts.from_arrays(scores, labels).measures()
    raw = estimate_quality(OpenScores.from_array(scores), threshold=0.5)

    assert not curve.identity
    assert abs(found["roc_auc"].value - realised["roc_auc"].value) < 0.02
    assert abs(raw["roc_auc"].value - realised["roc_auc"].value) > 0.05


def test_margins_are_calibrated_and_without_labels_of_both_kinds_there_is_no_curve() -> None:
    scores, labels = drawn(3000, 7)
    margins = np.log(scores / (1 - scores))

    assert learn_calibrator(ScoreCounts.from_arrays(margins, labels)) is not None
    assert learn_calibrator(ScoreCounts.from_arrays(margins, labels * 0)) is None
    assert learn_calibrator(ScoreCounts.from_arrays(scores, labels * 0)) is AS_IT_IS
    with pytest.raises(ValueError, match="give a calibrator"):
        estimate_quality(OpenScores.from_array(margins))


def test_the_error_of_the_estimate_is_small_while_a_score_means_the_same_and_large_when_it_does_not() -> None:
    curve = learn_calibrator(ScoreCounts.from_arrays(*drawn(20_000, 8)))
    sizes = {}
    for noise in (0.0, 1.0):
        scores, labels = drawn(4000, 9, noise=noise)
        decided = binary_rates(*Confusion.at_threshold(scores, labels, 0.5).cells_of("1"))
        realised = ScoreCounts.from_arrays(scores, labels).measures() | decided
        found = estimate_error(estimate_quality(OpenScores.from_array(scores), curve, 0.5), realised)
        sizes[noise] = {name: abs(one.value) / one.stderr for name, one in found.items()}

    assert set(sizes[0.0]) >= {
        "roc_auc",
        "pr_auc",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "brier",
        "log_loss",
    }
    assert max(sizes[0.0].values()) < 4
    assert sizes[1.0]["recall"] > 5
    assert sizes[1.0]["brier"] > 5


def test_rounded_scores_are_estimated_nearly_as_exact_ones() -> None:
    scores, _ = drawn(200_000, 10)
    parts = [OpenScores.from_array(part) for part in np.split(scores, 5)]
    whole = estimate_quality(parts[0].merge(*parts[1:]), threshold=0.5)
    labels = np.concatenate([np.ones_like(scores), np.zeros_like(scores)])
    twice, weights = np.concatenate([scores, scores]), np.concatenate([scores, 1 - scores])

    assert parts[0].merge(*parts[1:]).gathered.level > 0
    assert whole["roc_auc"].value == pytest.approx(
        roc_auc_score(labels, twice, sample_weight=weights), abs=1e-4
    )
    assert whole["pr_auc"].value == pytest.approx(
        average_precision_score(labels, twice, sample_weight=weights), abs=1e-3
    )


@pytest.mark.parametrize(
    ("scores", "names"),
    [
        ([], set()),
        ([0.0], {"brier", "log_loss", "accuracy", "specificity"}),
        ([1.0], {"pr_auc", "brier", "log_loss", "accuracy", "precision", "recall", "f1"}),
        ([0.0, 0.0], {"brier", "log_loss", "accuracy", "specificity"}),
    ],
)
def test_what_cannot_be_defined_is_left_out(scores: list[float], names: set[str]) -> None:
    assert set(estimate_quality(OpenScores.from_array(scores), threshold=0.5)) == names
