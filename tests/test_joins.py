"""Labels that come late, twice, early, never, for another version or under a hashed key, through the service."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from conftest import THREE_LINES, families_of
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from sending import ARROW
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    ndcg_score,
    r2_score,
    roc_auc_score,
)

from wolfpack.client.hashing import hash_keys
from wolfpack.client.job import to_arrow_bytes
from wolfpack.spec.measures import measures_of
from wolfpack.spec.names import OF_FAIRNESS
from wolfpack.stats import Judging, QualityCounts

ROWS = 400
BINARY = THREE_LINES + """\
prediction: {column: score, threshold: 0.4}
label: {column: late, key: id, matures_after: 1d}
segments: {origin: {}}
fairness: [origin]
"""


def made(seed: int, rows: int = ROWS) -> pa.Table:
    random = np.random.default_rng(seed)
    score = random.random(rows).round(3)
    late = (random.random(rows) < score).astype(float)
    origin = random.choice(["JFK", "LGA", "EWR"], rows)
    return pa.table({"id": [f"{seed}-{n}" for n in range(rows)], "score": score, "late": late, "origin": origin})


def shows_all(one, task: str) -> bool:
    """Tell whether every measure of a task is on the page, with its standard error."""
    wanted = {family.name for its in measures_of(task) for family in (its.value, its.stderr)}
    return wanted <= families_of(one.http.get("/metrics").text)


def predict(one, table: pa.Table, at: str, version: str = "1", **params: str) -> None:
    rows = table.drop_columns([name for name in ("late", "truth") if name in table.column_names])
    answer = one.send("/api/v1/predictions", to_arrow_bytes(rows), ARROW, at=at, version=version, **params)
    assert answer.status_code == 200, answer.text


def label(one, table: pa.Table, column: str = "late") -> dict:
    answer = one.send("/api/v1/labels", to_arrow_bytes(table.select(["id", column])), ARROW)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.fixture
def binary(make_exporter):
    one = make_exporter(BINARY)
    one.at("2024-05-01T06:00:00Z")
    return one


def test_labels_that_come_late_are_counted_at_the_time_of_their_predictions(binary) -> None:
    first, second = made(1), made(2)
    predict(binary, first, "2024-05-01")
    binary.at("2024-05-10T06:00:00Z")
    predict(binary, second, "2024-05-10")
    binary.at("2024-05-12T06:00:00Z")
    answer = label(binary, first)
    label(binary, second)
    binary.at("2024-05-12T06:10:00Z")
    query = {"match": 'ml_model_roc_auc{version="",segment=""}', "as": "event"}
    points = binary.http.get("/api/v1/series", query_string=query).json["series"][0]["points"]
    found = {end: value for end, value, _ in points}
    expected = [roc_auc_score(table["late"], table["score"]) for table in (first, second)]

    assert answer["panes"] == ["2024-05-01T00:00:00+00:00"]
    assert [found[min(found)], found[max(found)]] == pytest.approx(expected, abs=1e-12)
    assert binary.value("ml_model_roc_auc") == pytest.approx(expected[1], abs=1e-12)


@pytest.mark.both_ledgers
def test_labels_that_come_twice_before_their_predictions_or_never(binary) -> None:
    table = made(3)
    wrong = table.set_column(2, "late", pa.array(1 - table["late"].to_numpy()))
    label(binary, wrong.slice(0, 300))
    binary.at("2024-05-01T06:10:00Z")
    early = binary.value("ml_model_unmatched_labels"), binary.value("ml_model_unmatched_label_ratio")
    predict(binary, table, "2024-05-01")
    label(binary, table.slice(0, 300))
    label(binary, made(99).slice(0, 20))
    binary.at("2024-05-03T06:00:00Z")
    known = table.slice(0, 300)

    assert early == (300, 1.0)
    assert binary.value("ml_model_roc_auc") == pytest.approx(
        roc_auc_score(known["late"], known["score"]), abs=1e-12
    )
    assert binary.value("ml_model_label_coverage_ratio") == 0.75
    assert binary.value("ml_model_mature_label_coverage_ratio") == 0.75
    assert binary.value("ml_model_label_age_coverage_ratio", age="1d") == 0.75
    assert binary.value("ml_model_unlabelled_predictions") == 100
    assert binary.value("ml_model_unmatched_labels") == 20
    assert binary.value("ml_model_unmatched_label_ratio") == 20 / 320


def test_labels_are_of_the_version_that_predicted_their_key(binary) -> None:
    """Two versions predict the same keys; a shadow is shown by itself and is not among all together."""
    table, other = made(4), made(5)
    shadow = table.set_column(1, "score", pa.array(1 - table["score"].to_numpy()))
    told = {"version": "2", "stage": "shadow", "time": "2024-04-30T00:00:00Z"}
    query = {"project": "travel", "model": "arrival-delay"}
    assert binary.http.post("/api/v1/deployments", json=told, query_string=query).status_code == 200
    predict(binary, table, "2024-05-01", "1")
    predict(binary, shadow, "2024-05-01", "2")
    predict(binary, other, "2024-05-01", "3")
    label(binary, table)
    binary.at("2024-05-02T06:00:00Z")
    expected = roc_auc_score(table["late"], table["score"])

    assert binary.value("ml_model_roc_auc") == pytest.approx(expected, abs=1e-12)
    assert binary.value("ml_model_roc_auc", version="1") == pytest.approx(expected, abs=1e-12)
    assert binary.value("ml_model_roc_auc", version="2") == pytest.approx(1 - expected, abs=1e-12)
    assert binary.value("ml_model_roc_auc", version="3") is None
    assert binary.value("ml_model_label_coverage_ratio", version="3") == 0


def test_keys_that_were_hashed_by_the_client_join(binary) -> None:
    table = made(6)
    predict(binary, hash_keys(table, "id", "secret"), "2024-05-01")
    label(binary, hash_keys(table, "id", b"secret"))
    label(binary, hash_keys(made(6), "id", "another"))
    binary.at("2024-05-02T06:00:00Z")

    assert binary.value("ml_model_label_coverage_ratio") == 1
    assert binary.value("ml_model_unmatched_labels") == ROWS


def test_a_prediction_that_is_sent_again_for_another_day_is_counted_there_alone(binary) -> None:
    table = made(7)
    predict(binary, table, "2024-04-29")
    label(binary, table)
    binary.at("2024-05-01T07:00:00Z")
    predict(binary, table.slice(0, 100), "2024-04-30")
    binary.at("2024-05-02T06:00:00Z")
    with binary.service.ledger.read() as connection:
        from sqlalchemy import select

        from wolfpack.exporter.schema import judged

        rows = connection.execute(select(judged.c.predictions).order_by(judged.c.start)).scalars().all()

    assert rows == [300, 100]
    assert binary.value("ml_model_roc_auc") == pytest.approx(roc_auc_score(table["late"], table["score"]), abs=1e-12)


def test_measures_by_segment_and_between_groups_are_those_of_the_libraries(binary) -> None:
    table = made(8)
    predict(binary, table, "2024-05-01")
    label(binary, table)
    binary.at("2024-05-02T06:00:00Z")
    truth, score = table["late"].to_numpy(), table["score"].to_numpy()
    chosen, origin = score >= 0.4, np.array(table["origin"].to_pylist())
    jfk = origin == "JFK"

    assert shows_all(binary, "binary")
    assert {one.name for one in OF_FAIRNESS} <= families_of(binary.http.get("/metrics").text)
    assert binary.value("ml_model_brier") == pytest.approx(brier_score_loss(truth, score), abs=1e-12)
    assert binary.value("ml_model_pr_auc") == pytest.approx(average_precision_score(truth, score), abs=1e-12)
    assert binary.value("ml_model_f1", segment="origin", segment_value="JFK") == pytest.approx(
        f1_score(truth[jfk], chosen[jfk]), abs=1e-12
    )
    assert binary.value("ml_fairness_demographic_parity_difference", segment="origin") == pytest.approx(
        demographic_parity_difference(truth, chosen, sensitive_features=origin), abs=1e-12
    )
    assert binary.value("ml_fairness_equalized_odds_difference", segment="origin") == pytest.approx(
        equalized_odds_difference(truth, chosen, sensitive_features=origin), abs=1e-12
    )
    rows = min((origin == one).sum() for one in set(origin))
    assert binary.value("ml_fairness_smallest_group_rows", segment="origin") == rows
    assert binary.value("ml_fairness_selection_rate", segment="origin", segment_value="JFK") == pytest.approx(
        chosen[jfk].mean()
    )


def test_a_job_that_has_both_sends_counts_alone(binary) -> None:
    """They add to what was joined, and replace what the same part was before; counted otherwise they are refused."""
    joined, own = made(9), made(10)
    predict(binary, joined, "2024-05-01")
    label(binary, joined)
    said = binary.http.get("/api/v1/projects/travel/models/arrival-delay/judging").json
    judging = Judging(said["task"], said["threshold"], edges=tuple(said["edges"]), k=said["k"])
    counts = [
        QualityCounts.of(judging, table["score"], table["late"], segments={"origin": table["origin"]})
        for table in (made(11), own)
    ]
    answers = [
        binary.send("/api/v1/quality", one.to_bytes(), at="2024-05-01", version="1", part="a") for one in counts
    ]
    other = QualityCounts.of(Judging(threshold=0.9), own["score"], own["late"])
    refused = binary.send("/api/v1/quality", other.to_bytes(), at="2024-05-01")
    binary.at("2024-05-02T06:00:00Z")
    both = pa.concat_tables([joined, own])

    assert [answer.json["replaced"] for answer in answers] == [False, True]
    assert refused.status_code == 422
    assert "decided at 0.9" in refused.json["detail"]
    assert "decided at 0.4" in refused.json["detail"]
    assert binary.value("ml_model_roc_auc") == pytest.approx(roc_auc_score(both["late"], both["score"]), abs=1e-12)


def test_classes_with_chances(make_exporter) -> None:
    one = make_exporter(
        THREE_LINES
        + "prediction: {column: said, task: multiclass, chances: {cat: p_cat, dog: p_dog, owl: p_owl}}\n"
        + "label: {column: truth, key: id}\nquality: {recall: {warning: '< 0.5', classes: [owl]}}\n"
    )
    one.at("2024-05-01T06:00:00Z")
    random = np.random.default_rng(3)
    chances = random.dirichlet([1, 1, 1], ROWS)
    kinds = np.array(["cat", "dog", "owl"])
    truth = np.array([random.choice(kinds, p=p) for p in chances])
    table = pa.table(
        {"id": np.arange(ROWS), "said": kinds[chances.argmax(1)], "truth": truth}
        | {f"p_{kind}": chances[:, at] for at, kind in enumerate(kinds)}
    )
    predict(one, table, "2024-05-01")
    label(one, table, "truth")
    one.at("2024-05-02T06:00:00Z")

    assert shows_all(one, "multiclass")
    assert one.value("ml_model_f1") == pytest.approx(
        f1_score(truth, kinds[chances.argmax(1)], average="macro"), abs=1e-12
    )
    assert one.value("ml_model_roc_auc") == pytest.approx(
        roc_auc_score(truth, chances, multi_class="ovr", average="macro"), abs=1e-12
    )
    assert one.value("ml_model_roc_auc", **{"class": "owl"}) == pytest.approx(
        roc_auc_score(truth == "owl", chances[:, 2]), abs=1e-12
    )


def test_numbers(make_exporter) -> None:
    one = make_exporter(
        THREE_LINES + "prediction: {column: score, task: regression}\nlabel: {column: truth, key: id}\n"
    )
    one.at("2024-05-01T06:00:00Z")
    random = np.random.default_rng(4)
    truth = random.normal(50, 10, ROWS)
    table = pa.table({"id": np.arange(ROWS), "score": truth + random.normal(1, 3, ROWS), "truth": truth})
    predict(one, table, "2024-05-01")
    label(one, table, "truth")
    one.at("2024-05-02T06:00:00Z")
    error = table["score"].to_numpy() - truth

    assert shows_all(one, "regression")
    assert one.value("ml_model_mae") == pytest.approx(np.abs(error).mean(), abs=1e-12)
    assert one.value("ml_model_r2") == pytest.approx(r2_score(truth, table["score"].to_numpy()), abs=1e-12)
    assert one.value("ml_model_mean_error_stderr") == pytest.approx(error.std(ddof=1) / np.sqrt(ROWS))


def test_ranked_lists_count_once_every_row_has_its_label(make_exporter) -> None:
    one = make_exporter(
        THREE_LINES
        + "prediction: {column: score, task: ranking, lists: query, k: 5}\nlabel: {column: truth, key: id}\n"
    )
    one.at("2024-05-01T06:00:00Z")
    random = np.random.default_rng(5)
    score, truth = random.random(ROWS), random.integers(0, 3, ROWS).astype(float)
    query = np.repeat(np.arange(ROWS // 10), 10)
    table = pa.table({"id": np.arange(ROWS), "query": query, "score": score, "truth": truth})
    predict(one, table, "2024-05-01")
    label(one, table.slice(0, ROWS - 5), "truth")
    one.at("2024-05-02T06:00:00Z")
    lists = ROWS // 10 - 1
    shape = (lists, 10)
    expected = ndcg_score(truth[: lists * 10].reshape(shape), score[: lists * 10].reshape(shape), k=5)

    assert shows_all(one, "ranking")
    assert one.value("ml_model_ndcg", k="5") == pytest.approx(expected, abs=1e-12)
    assert one.value("ml_model_label_coverage_ratio") == (ROWS - 10) / ROWS
