"""Areas and losses of a binary score from counts: equal to scikit-learn, errors that hold, bounds when rounded.

The laws of merging and of bytes are in test_quality_states.py.
"""

from __future__ import annotations

import math
from typing import Any

import naive
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from wolfpack.stats import ScoreCounts
from wolfpack.stats.score_counts import LEAST_POSITIVES
from wolfpack.stats.score_grid import CELLS, MOST_SCORES

FIXED = settings(derandomize=True, deadline=None)
PAIRS = st.lists(st.tuples(st.floats(0, 1) | st.sampled_from([0.1, 0.5]), st.integers(0, 1)), max_size=60)


def counted(pairs: list[tuple[float, int]]) -> ScoreCounts:
    return ScoreCounts.from_arrays([s for s, _ in pairs], [y for _, y in pairs])


def sample(rows: int, share: float = 0.3, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = (draw.random(rows) < share).astype(int)
    return 1 / (1 + np.exp(-draw.normal(labels * 1.2 - 1.0, 1.0))), labels


@FIXED
@given(PAIRS)
def test_roc_auc_brier_and_stderr_equal_their_slow_twins(pairs: list[Any]) -> None:
    found = counted(pairs)
    scores, labels = [s for s, _ in pairs], [y for _, y in pairs]
    positives = sum(labels)

    assert (found.rows, found.positives) == (len(pairs), positives)
    if 0 < positives < len(pairs):
        assert found.roc_auc() == pytest.approx(naive.roc_auc(scores, labels), abs=1e-12)
        assert found.roc_auc() == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
        assert found.pr_auc() == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
        assert found.roc_auc_error() == found.pr_auc_error() == 0
    else:
        assert found.roc_auc() is None
    if 2 <= positives <= len(pairs) - 2:
        assert found.roc_auc_stderr() == pytest.approx(naive.roc_auc_stderr(scores, labels), abs=1e-9)
    else:
        assert found.roc_auc_stderr() is None
    if pairs:
        mean = math.fsum((s - y) ** 2 for s, y in pairs) / len(pairs)
        assert found.brier() == pytest.approx(mean, abs=1e-12)
        theirs = log_loss(labels, np.array(scores), labels=[0, 1])
        assert found.measures()["log_loss"].value == pytest.approx(theirs, abs=1e-9)
    else:
        assert found.brier() is None
        assert found.measures() == {}


def test_large_samples_equal_scikit_learn() -> None:
    scores, labels = sample(40_000)
    found = ScoreCounts.from_arrays(scores, labels)

    assert not found.rounded
    assert found.roc_auc() == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert found.brier() == pytest.approx(brier_score_loss(labels, scores), abs=1e-12)


def test_the_standard_error_is_that_of_repeated_samples() -> None:
    runs = [ScoreCounts.from_arrays(*sample(400, seed=seed)) for seed in range(400)]
    spread = np.std([run.roc_auc() for run in runs])

    assert np.mean([run.roc_auc_stderr() for run in runs]) == pytest.approx(spread, rel=0.1)
    measures = [run.measures() for run in runs]
    for name in ("roc_auc", "pr_auc", "brier", "log_loss"):
        spread = np.std([one[name].value for one in measures])
        assert np.mean([one[name].stderr for one in measures]) == pytest.approx(spread, rel=0.1), name


def shapes(rows: int, share: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return scores of one quality that lie in many ways, with labels of so large a share of positives."""
    draw = np.random.default_rng(7)
    labels = (draw.random(rows) < share).astype(int)
    odds = draw.normal(labels * 2 - 1, 1) + math.log(share / (1 - share))
    chances = 1 / (1 + np.exp(-odds))
    return {
        "chances": (chances, labels),
        "too sure": (1 / (1 + np.exp(-4 * odds - 5)), labels),
        "margins": (odds, labels),
        "in a narrow range": (0.5 + 1e-4 * chances, labels),
        "far from 0": (1000 + odds, labels),
        "over many magnitudes": (np.exp(4 * odds), labels),
        "many tied at the ends": (np.clip(chances, *np.quantile(chances, [0.3, 0.95])), labels),
    }


@pytest.mark.parametrize("share", [0.3, 0.01, 0.001])
@pytest.mark.parametrize("shape", shapes(10, 0.3))
def test_many_distinct_scores_are_rounded_within_the_stated_error(shape: str, share: float) -> None:
    """ROC AUC within 1e-3, average precision within 1e-2; losses to the last digit."""
    scores, labels = shapes(200_000, share)[shape]
    found = ScoreCounts.from_arrays(scores, labels)
    roc = found.roc_auc() - roc_auc_score(labels, scores)
    precision = found.pr_auc() - average_precision_score(labels, scores)

    assert found.rounded
    assert len(found.scores) <= 3 * CELLS
    assert abs(roc) <= found.roc_auc_error() + 1e-12 < 1e-3
    assert abs(precision) <= found.pr_auc_error() + 1e-12 < 1e-2
    assert ScoreCounts.from_bytes(found.to_bytes()).equals(found)
    if found.losses.outside == 0:
        assert found.brier() == pytest.approx(brier_score_loss(labels, scores), abs=1e-9)
        assert found.measures()["log_loss"].value == pytest.approx(log_loss(labels, scores), abs=1e-9)
    else:
        assert found.measures().keys() == {"roc_auc", "pr_auc"}


def test_a_bound_is_wide_where_it_must_be() -> None:
    """Nine in ten scores in 1e-9 of the range, the others over all of it: no few cells can tell both apart."""
    scores, labels = shapes(200_000, 0.3)["chances"]
    crowded = np.where(np.arange(len(scores)) % 10 > 0, 0.5 + 1e-9 * scores, scores)
    found = ScoreCounts.from_arrays(crowded, labels)

    assert abs(found.roc_auc() - roc_auc_score(labels, crowded)) <= found.roc_auc_error()
    assert abs(found.pr_auc() - average_precision_score(labels, crowded)) <= found.pr_auc_error()
    assert found.roc_auc_error() > 0.1


@FIXED
@given(st.lists(st.tuples(st.floats(-3, 3), st.integers(0, 1)), min_size=2, max_size=40), st.integers(45, 60))
def test_bounds_hold_for_any_rows_on_any_grid(pairs: list[Any], level: int) -> None:
    scores, labels = [s for s, _ in pairs], [y for _, y in pairs]
    exact = counted(pairs)
    grid = ScoreCounts(np.empty(0), np.empty(0), exact.positives_at[:0], exact.negatives_at[:0], level=level)
    found = exact.merge(grid)

    assert found.rows == len(pairs)
    if 0 < sum(labels) < len(labels):
        assert abs(found.roc_auc() - roc_auc_score(labels, scores)) <= found.roc_auc_error() + 1e-12
        many = found.merge(*[found] * LEAST_POSITIVES)  # copies of every row change no area
        assert abs(many.pr_auc() - average_precision_score(labels, scores)) <= many.pr_auc_error() + 1e-12


def test_under_100_positives_the_average_precision_of_rounded_scores_is_left_out() -> None:
    scores, labels = shapes(60_000, 0.01)["chances"]
    few, enough = (np.flatnonzero(labels)[:n] for n in (LEAST_POSITIVES - 1, LEAST_POSITIVES))
    more = np.arange(60_000, dtype=float) / 60_000

    for kept, known in ((few, False), (enough, True)):
        ones = np.concatenate([np.zeros(60_000), np.ones(len(kept))])
        found = ScoreCounts.from_arrays(np.concatenate([more, scores[kept]]), ones)

        assert found.rounded
        assert ("pr_auc" in found.measures()) == known
        assert (found.pr_auc_error() is not None) == known


def test_rounding_does_not_depend_on_how_the_rows_were_split() -> None:
    scores, labels = sample(90_000)
    whole = ScoreCounts.from_arrays(scores, labels)
    parts = [
        ScoreCounts.from_arrays(s, y) for s, y in zip(np.split(scores, 6), np.split(labels, 6), strict=True)
    ]

    assert whole.rounded
    assert not any(part.rounded for part in parts)
    assert parts[0].merge(*parts[1:]).equals(whole)
    assert parts[5].merge(parts[0].merge(parts[2], parts[1], parts[3])).merge(parts[4]).equals(whole)


def test_scores_that_are_no_probabilities_have_a_roc_auc_and_no_brier_score() -> None:
    draw = np.random.default_rng(3)
    labels = draw.integers(0, 2, MOST_SCORES + 10_000)
    margins = draw.normal(labels * 3.0 - 1, 2.0)
    found = ScoreCounts.from_arrays(margins, labels)

    assert (found.rounded, found.brier(), found.losses.outside > 0) == (True, None, True)
    assert abs(found.roc_auc() - roc_auc_score(labels, margins)) <= found.roc_auc_error() < 0.01


@pytest.mark.parametrize("score", [-0.1, 1.1])
def test_one_score_outside_0_to_1_leaves_no_brier_score(score: float) -> None:
    assert ScoreCounts.from_arrays([0.5, score], [1, 0]).brier() is None


def test_pairs_without_a_score_or_a_label_are_left_out() -> None:
    found = ScoreCounts.from_arrays(pa.array([0.1, None, 0.7, 0.9]), np.array([0, 1, None, True], object))

    assert (found.rows, found.positives, found.missing) == (2, 1, 2)


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([0.5], [2], "label 2.0 is neither 0 nor 1"),
        ([0.5, 0.1], [1], r"shapes \(2,\) and \(1,\)"),
        ([0.5, float("inf")], [1, 0], r"scores\[1\] is infinite"),
    ],
)
def test_wrong_pairs_are_refused(scores: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ScoreCounts.from_arrays(scores, labels)
