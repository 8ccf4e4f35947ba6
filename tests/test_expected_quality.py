"""What is expected before labels come, its error once they have, and concept drift, through the service."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from conftest import THREE_LINES
from sending import REFERENCE
from sklearn.metrics import roc_auc_score
from test_joins import label, predict

from wolfpack.stats import (
    Judging,
    OpenScores,
    QualityCounts,
    ScoreCounts,
    estimate_quality,
    learn_calibrator,
    profile,
)

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


BY_ORIGIN = SPEC + "segments: {origin: {}}\n"


def origins(seed: int, kennedy: float) -> pa.Table:
    """Return rows of two airports; at Kennedy a share of the labels is the other one."""
    parts = [made(2 * seed + n, turned).append_column("origin", pa.array([name] * ROWS))
             for n, (name, turned) in enumerate([("JFK", kennedy), ("LGA", 0.0)])]  # fmt: skip
    return pa.concat_tables(parts)


def counts_of(table: pa.Table, segments: bool) -> bytes:
    """Return the reference's quality as a job counts it, with its segments or without."""
    score, late = table["score"].to_numpy(), table["late"].to_numpy()
    if not segments:
        return ScoreCounts.from_arrays(score, late).to_bytes()
    return QualityCounts.of(Judging("binary"), score, late, segments={"origin": table["origin"]}).to_bytes()


def label_changes(make_exporter, before: float, now: float, segments: bool) -> dict[str, float | None]:
    """Return the label's change by airport when Kennedy's labels are turned so often in the reference and now."""
    one, reference, table = make_exporter(BY_ORIGIN), origins(10, before), origins(20, now)
    one.at("2024-05-01T06:00:00Z")
    its = profile(reference.select(["score", "origin"]), by=["origin"]).to_bytes()
    assert one.http.put(REFERENCE, data=its).status_code == 200
    assert one.http.put(f"{REFERENCE}/scores", data=counts_of(reference, segments)).status_code == 200
    predict(one, table, "2024-05-01")
    label(one, table)
    one.at("2024-05-02T06:00:00Z")
    where = {"": {}, "JFK": {"segment": "origin", "segment_value": "JFK"},
             "LGA": {"segment": "origin", "segment_value": "LGA"}}  # fmt: skip
    return {name: one.value("ml_model_label_change", **labels) for name, labels in where.items()}


@pytest.mark.parametrize(("before", "now", "moved"), [(0.4, 0.4, False), (0.0, 0.4, True)])
def test_a_segment_is_compared_with_its_own_part_of_the_reference(make_exporter, before, now, moved) -> None:
    change = label_changes(make_exporter, before, now, segments=True)

    assert (change["JFK"] > 0.05) == moved  # that Kennedy was another airport all along is no drift
    assert change["LGA"] < 0.05


def test_no_label_change_of_segments_is_told_where_the_reference_knows_none(make_exporter) -> None:
    change = label_changes(make_exporter, 0.4, 0.4, segments=False)

    assert change[""] < 0.05
    assert (change["JFK"], change["LGA"]) == (None, None)
