"""ROC AUC, its error and the Brier score from counts: equal to scikit-learn, mergeable, refused when wrong."""

from __future__ import annotations

import math
from typing import Any

import naive
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from wolfpack.spec import ProfileFormatError
from wolfpack.stats import ScoreCounts
from wolfpack.stats.score_counts import MOST_SCORES

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
    else:
        assert found.roc_auc() is None
    if 2 <= positives <= len(pairs) - 2:
        assert found.roc_auc_stderr() == pytest.approx(naive.roc_auc_stderr(scores, labels), abs=1e-9)
    else:
        assert found.roc_auc_stderr() is None
    if pairs:
        mean = math.fsum((s - y) ** 2 for s, y in pairs) / len(pairs)
        assert found.brier() == pytest.approx(mean, abs=1e-12)
    else:
        assert found.brier() is None


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


@FIXED
@given(PAIRS, PAIRS, PAIRS)
def test_merge_commutes_associates_and_has_an_identity(a: Any, b: Any, c: Any) -> None:
    one, two, three = counted(a), counted(b), counted(c)

    assert one.merge(two).equals(two.merge(one))
    assert one.merge(two).merge(three).equals(one.merge(two.merge(three)))
    assert one.merge(two, three).equals(counted(a + b + c))
    assert one.merge(ScoreCounts.empty()).equals(one)
    assert one.equals(counted(a))


@FIXED
@given(PAIRS)
def test_bytes_round_trip(pairs: Any) -> None:
    found = counted(pairs)

    assert ScoreCounts.from_bytes(found.to_bytes()).equals(found)


@pytest.mark.parametrize("share", [0.3, 0.01])
def test_many_distinct_scores_are_rounded_within_the_stated_error(share: float) -> None:
    scores, labels = sample(200_000, share)
    found = ScoreCounts.from_arrays(scores, labels)
    error = found.roc_auc() - roc_auc_score(labels, scores)

    assert found.rounded
    assert len(found.scores) <= 1024
    assert abs(error) <= found.roc_auc_error() < 0.005
    assert abs(error) < 1e-4
    assert found.brier() == pytest.approx(brier_score_loss(labels, scores), abs=1e-12)
    assert ScoreCounts.from_bytes(found.to_bytes()).equals(found)


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

    assert (found.rounded, found.brier()) == (True, None)
    assert abs(found.roc_auc() - roc_auc_score(labels, margins)) <= found.roc_auc_error() < 0.01


@pytest.mark.parametrize("score", [-0.1, 1.1])
def test_one_score_outside_0_to_1_leaves_no_brier_score(score: float) -> None:
    assert ScoreCounts.from_arrays([0.5, score], [1, 0]).brier() is None


def test_pairs_without_a_score_or_a_label_are_left_out() -> None:
    found = ScoreCounts.from_arrays(pa.array([0.1, None, 0.7, 0.9]), np.array([0, 1, None, True], object))

    assert (found.rows, found.positives) == (2, 1)


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


def rewritten(scores: list[float], positives: list[int], **metadata: str) -> bytes:
    said = {"format": "wolfpack.score_counts/1", "squares": "0.5", "rounded": "0"} | metadata
    columns = [
        pa.array(scores, pa.float64()),
        *(pa.array(counts, pa.int64()) for counts in (positives, [1] * len(scores))),
    ]
    rows = pa.table(columns, ["score", "positives", "negatives"]).replace_schema_metadata(said)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def test_the_test_s_own_writing_is_read() -> None:
    assert ScoreCounts.from_bytes(rewritten([0.1, 0.2], [1, 0])).rows == 3


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"garbage", "score counts: 7 bytes"),
        (rewritten([0.2, 0.1], [1, 1]), "ascending"),
        (rewritten([0.1, math.nan], [1, 1]), "finite"),
        (rewritten([0.1], [-1]), "counts are in the range"),
        (rewritten([0.1], [10**18]), "counts are in the range"),
        (rewritten([0.1], [1], squares="-1"), "squares"),
        (rewritten([0.1], [1], squares="nan"), "squares"),
        (rewritten([0.1], [1], squares="many"), "metadata"),
        (rewritten([0.1], [1], rounded="1"), "on the grid"),
        (rewritten([0.1], [1], rounded="2"), "metadata"),
        (rewritten([0.1], [1], format="wolfpack.score_counts/2"), "this release reads"),
        (rewritten([k / 1e5 for k in range(60_000)], [1] * 60_000), "at most 50000"),
    ],
)
def test_bytes_that_are_no_score_counts_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(ProfileFormatError, match=message):
        ScoreCounts.from_bytes(data)
