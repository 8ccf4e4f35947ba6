"""Classification from counts: equal to scikit-learn on what is random and on what is awkward; errors that hold."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from wolfpack.stats import ClassScores, Confusion, Judging, binary_rates, rate_classes

FIXED = settings(derandomize=True, deadline=None)
NAMES = ("precision", "recall", "f1")
TOLERANCE = 1e-9


def awkward() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield labels and predictions by name, of classes 0, 1 and more."""
    draw = np.random.default_rng(5)
    for rows, k in ((1_000_000, 3), (5000, 40), (10, 3)):
        labels = draw.integers(0, k, rows)
        yield (
            f"{rows} rows of {k} classes",
            labels,
            np.where(draw.random(rows) < 0.7, labels, draw.integers(0, k, rows)),
        )
    rare = (draw.random(100_000) < 0.001).astype(int)
    yield "one in a thousand", rare, (draw.random(100_000) < 0.01).astype(int) | rare
    yield "never predicted", np.array([0, 1, 2] * 10), np.array([0, 1, 1] * 10)
    yield "never true", np.array([0, 1, 1] * 10), np.array([0, 1, 2] * 10)
    yield "one class", np.ones(10, int), np.ones(10, int)
    yield "all wrong", np.array([0, 1] * 5), np.array([1, 0] * 5)
    yield "one row", np.array([1]), np.array([1])


@pytest.mark.parametrize(
    ("name", "labels", "predictions"), list(awkward()), ids=lambda x: x if isinstance(x, str) else ""
)
def test_rates_are_those_of_scikit_learn(name: str, labels: Any, predictions: Any) -> None:
    found = rate_classes(Confusion.from_arrays(predictions, labels))
    order = [str(x) for x in np.union1d(labels, predictions)]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predictions, zero_division=np.nan
    )

    assert set(found.by_class) == set(order)
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(labels, predictions), abs=TOLERANCE)
    for place, one in enumerate(order):
        assert found.rows[one] == support[place]
        for rate, theirs in zip(NAMES, (precision, recall, f1), strict=True):
            ours = found.by_class[one].get(rate)
            assert (ours is None) == bool(np.isnan(theirs[place])), (one, rate)
            if ours is not None:
                assert ours.value == pytest.approx(theirs[place], abs=TOLERANCE)
        others, right = labels != int(one), predictions != int(one)
        specificity = found.by_class[one].get("specificity")
        assert (specificity is None) == (not others.any())
        if specificity:
            assert specificity.value == pytest.approx(
                float((others & right).sum() / others.sum()), abs=TOLERANCE
            )
    macro = metrics.precision_recall_fscore_support(labels, predictions, average="macro", zero_division=0)
    for rate, theirs in zip(NAMES, macro, strict=False):
        assert found.macro[rate].value == pytest.approx(theirs, abs=TOLERANCE)


@FIXED
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=40))
def test_counts_are_those_of_scikit_learn(rows: list[tuple[str, str]]) -> None:
    labels, predictions = zip(*rows, strict=True)
    found = Confusion.from_arrays(list(predictions), list(labels))
    expected = metrics.confusion_matrix(labels, predictions, labels=[*found.classes, "z"])[:-1, :-1]

    assert np.array_equal(found.counts, expected)
    for name in found.classes:
        tp, fp, fn, tn = found.cells_of(name)
        inside = metrics.multilabel_confusion_matrix(labels, predictions, labels=[name])[0]
        assert [[tn, fp], [fn, tp]] == inside.tolist()


def test_a_threshold_says_yes_from_itself_on() -> None:
    found = Confusion.at_threshold([0.4, 0.5, 0.6, 0.7], [1, 1, 0, None], 0.5)

    assert found.cells_of("1") == (1, 1, 1, 0)
    assert found.missing == 1


@pytest.mark.parametrize(
    "labels",
    [
        [1, 0, 1],
        [1.0, 0.0, 1.0],
        [True, False, True],
        ["1", "0", "1"],
        np.array([1, 0, 1], object),
        np.array([1, "0", True], object),
        pa.array([1, 0, 1], pa.int8()),
        pa.chunked_array([["1"], ["0", "1"]]),
        pa.array(["1", "0", "1"]).dictionary_encode(),
    ],
    ids=str,
)
def test_one_class_has_one_name_however_it_is_written(labels: Any) -> None:
    found = Confusion.from_arrays([1, 0, 1], labels)

    assert found.classes == ("0", "1")
    assert found.counts.tolist() == [[1, 0], [0, 2]]


def test_a_class_that_never_occurred_has_no_rates_of_its_own() -> None:
    found = Confusion.from_arrays(["a"], ["a"])

    assert found.cells_of("z") == (0, 0, 0, 1)
    assert binary_rates(*found.cells_of("z")).keys() == {"accuracy", "specificity"}
    assert binary_rates(0, 0, 0, 0) == {}
    assert rate_classes(Confusion.empty()).measures() == {}


def test_standard_errors_are_those_of_repeated_samples() -> None:
    """Of accuracy, of one class's rates and of macro averages."""
    draw = np.random.default_rng(2)
    shares = np.array([[0.3, 0.05, 0.02], [0.06, 0.2, 0.04], [0.03, 0.05, 0.25]]).ravel()
    runs = [
        rate_classes(Confusion(("a", "b", "c"), draw.multinomial(300, shares).reshape(3, 3)))
        for _ in range(600)
    ]
    for estimates in (lambda run: run.measures(), lambda run: run.by_class["b"]):
        for name in estimates(runs[0]):
            spread = np.std([estimates(run)[name].value for run in runs])

            assert np.mean([estimates(run)[name].stderr for run in runs]) == pytest.approx(
                spread, rel=0.08
            ), name


def test_ten_rows_without_a_fault_are_not_certain() -> None:
    found = rate_classes(Confusion.from_arrays([1, 0] * 5, [1, 0] * 5))

    assert found.accuracy.value == 1
    for estimate in (*found.measures().values(), *found.by_class["1"].values()):
        assert estimate.stderr > 0.05


# --- chances of several classes


def chances(rows: int, k: int, seed: int, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, k, rows)
    z = np.exp(draw.normal(0, 1, (rows, k)) + 1.5 * (labels[:, None] == np.arange(k)))
    given = z / z.sum(1, keepdims=True)
    if ties:
        given = np.round(given, 1)
        given[:, 0] += 1 - given.sum(1)
        given = np.clip(given, 0, 1)
        given /= given.sum(1, keepdims=True)
    return given, labels


@pytest.mark.parametrize(("rows", "k", "ties"), [(40_000, 3, False), (2000, 10, False), (3000, 3, True)])
def test_chances_of_classes_are_judged_as_scikit_learn_does(rows: int, k: int, ties: bool) -> None:
    given, labels = chances(rows, k, 3, ties)
    found = ClassScores.from_arrays(given, labels, range(k))
    measures, by_class = found.measures(), found.by_class()
    each = metrics.roc_auc_score(labels, given, multi_class="ovr", average=None)
    hits = labels[:, None] == np.arange(k)

    assert measures["roc_auc_macro"].value == pytest.approx(each.mean(), abs=TOLERANCE)
    assert measures["log_loss"].value == pytest.approx(metrics.log_loss(labels, given), abs=TOLERANCE)
    assert measures["brier"].value == pytest.approx(np.square(given - hits).sum(1).mean(), abs=TOLERANCE)
    assert measures["pr_auc_macro"].value == pytest.approx(
        metrics.average_precision_score(hits, given, average="macro"), abs=TOLERANCE
    )
    for place in range(k):
        assert by_class[str(place)]["roc_auc"].value == pytest.approx(each[place], abs=TOLERANCE)


def test_the_error_of_the_macro_area_is_not_too_small() -> None:
    runs = [
        ClassScores.from_arrays(*chances(300, 3, seed), range(3)).measures()["roc_auc_macro"]
        for seed in range(200)
    ]
    spread = np.std([run.value for run in runs])

    assert spread < np.mean([run.stderr for run in runs]) < 2 * spread


def test_a_label_that_is_no_class_had_no_chance() -> None:
    found = ClassScores.from_arrays([[0.5, 0.5]], ["z"], ["a", "b"]).measures()

    assert found["brier"].value == 1.5
    assert found["log_loss"].value > 36


def test_scikit_learn_is_silent_here() -> None:
    """The comparisons above do not rest on what it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics.log_loss([0, 1, 2], chances(3, 3, 1)[0])


def test_rows_that_fit_the_results_of_evidently_s_golden_classification() -> None:
    """Accuracy 0.7, precision 0.75, recall 0.6, AUC 0.88, log loss 0.4376790; rows that were searched for."""
    truth = [1] * 5 + [0] * 5
    score = [0.6, 0.8, 0.9, 0.35, 0.4, 0.05, 0.1, 0.1, 0.1, 0.7]
    found = {name: one.value for name, one in Judging().judge(np.array(score), np.array(truth)).measures().items()}

    assert found["log_loss"] == pytest.approx(0.4376790, abs=1e-7)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, score), abs=1e-12)
    assert found["f1"] == pytest.approx(2 / 3)
    assert [found[name] for name in ("accuracy", "precision", "recall", "roc_auc")] == pytest.approx(
        [0.7, 0.75, 0.6, 0.88]
    )
