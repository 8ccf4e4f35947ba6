"""What is expected before labels come, its error once they have, and concept drift, through the service."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from conftest import THREE_LINES
from sending import REFERENCE
from sklearn.metrics import roc_auc_score
from test_joins import label, predict

from wolfpack.stats import OpenScores, ScoreCounts, estimate_quality, learn_calibrator, profile

SPEC = THREE_LINES + """\
prediction: {column: score}
label: {column: late, key: id}
quality: {roc_auc: {warning: "< 0.7"}, accuracy: {}}
"""
ROWS = 3000


def made(seed: int, turned: float = 0.0) -> pa.Table:
    """Return scores that are chances; of a share `turned` the label is the other one."""
    random = np.random.default_rng(seed)
    score = random.beta(2, 2, ROWS)
    late = (random.random(ROWS) < score) ^ (random.random(ROWS) < turned)
    return pa.table({"id": [f"{seed}-{n}" for n in range(ROWS)], "score": score, "late": late.astype(float)})


@pytest.fixture
def learnt(make_exporter):
    """An exporter whose reference has scores with labels."""
    one, table = make_exporter(SPEC), made(1)
    one.at("2024-05-01T06:00:00Z")
    assert one.http.put(REFERENCE, data=profile(table.select(["score"])).to_bytes()).status_code == 200
    scores = ScoreCounts.from_arrays(table["score"].to_numpy(), table["late"].to_numpy()).to_bytes()
    assert one.http.put(f"{REFERENCE}/scores", data=scores).status_code == 200
    return one


def test_quality_is_expected_of_predictions_without_labels(learnt) -> None:
    reference, table = made(1), made(2)
    predict(learnt, table, "2024-05-01")
    learnt.at("2024-05-02T06:00:00Z")
    calibrator = learn_calibrator(ScoreCounts.from_arrays(reference["score"].to_numpy(), reference["late"].to_numpy()))
    expected = estimate_quality(OpenScores.from_array(table["score"].to_numpy()), calibrator, 0.5)

    assert learnt.value("ml_model_roc_auc") is None
    for name in ("roc_auc", "accuracy"):
        assert learnt.value(f"ml_model_{name}_estimate") == pytest.approx(expected[name].value, abs=1e-12)
        assert learnt.value(f"ml_model_{name}_estimate_stderr") == pytest.approx(expected[name].stderr, abs=1e-12)
    assert learnt.value("ml_model_brier_estimate") is None  # the spec names others


@pytest.mark.parametrize("turned", [0.0, 0.4])
def test_labels_say_whether_the_estimate_held_and_whether_the_concept_drifted(learnt, turned) -> None:
    table = made(3, turned)
    predict(learnt, table, "2024-05-01")
    label(learnt, table)
    learnt.at("2024-05-02T06:00:00Z")
    realised = roc_auc_score(table["late"], table["score"])
    error, noise = (learnt.value(f"ml_model_roc_auc_estimate_{one}") for one in ("error", "error_noise"))
    change, floor = learnt.value("ml_model_label_change"), learnt.value("ml_model_label_change_noise")
    calibration, luck = learnt.value("ml_model_expected_calibration_error"), learnt.value("ml_model_calibration_noise")

    assert error == pytest.approx(learnt.value("ml_model_roc_auc_estimate") - realised, abs=1e-12)
    assert (abs(error) > noise) == (turned > 0)
    assert (change > floor) == (turned > 0)
    assert (calibration > luck) == (turned > 0)
    assert (change > 0.05) == (turned > 0)
    if turned:  # of low scores more come true than they say
        assert learnt.value("ml_model_region_error", region="03") < 0


def test_without_a_reference_the_windows_before_are_learnt_from(make_exporter) -> None:
    one = make_exporter(SPEC)
    one.at("2024-05-01T06:00:00Z")
    before, table = made(4), made(5)
    predict(one, before, "2024-05-01")
    label(one, before)
    one.at("2024-05-10T06:00:00Z")
    predict(one, table, "2024-05-09")
    one.at("2024-05-10T06:10:00Z")
    calibrator = learn_calibrator(ScoreCounts.from_arrays(before["score"].to_numpy(), before["late"].to_numpy()))
    expected = estimate_quality(OpenScores.from_array(table["score"].to_numpy()), calibrator, 0.5)["roc_auc"]

    assert one.value("ml_model_roc_auc_estimate") == pytest.approx(expected.value, abs=1e-12)
