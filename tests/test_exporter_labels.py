"""Predictions and labels by key: joined in any order, corrected, kept as long as they can count."""

from __future__ import annotations

import pyarrow as pa
import pytest
from sending import ARROW, send_labels, send_predictions
from tables import day

from wolfpack.client.job import to_arrow_bytes

pytestmark = pytest.mark.both_ledgers


def test_labels_join_in_any_order_and_a_correction_replaces(registered, baseline) -> None:
    """ROC AUC equals scikit-learn's on the same rows; flipped labels turn it round."""
    from sklearn.metrics import roc_auc_score

    table = day(61)
    registered.at("2024-05-03T06:00:00-04:00")
    send_labels(registered, table)  # labels first
    send_predictions(registered, baseline, "2024-05-01", table)
    registered.at("2024-05-03T06:10:00-04:00")
    found = registered.value("ml_model_roc_auc")
    flipped = table.set_column(
        table.column_names.index("late"), "late", pa.array(1 - table["late"].to_numpy())
    )
    send_labels(registered, flipped)
    registered.at("2024-05-03T06:20:00-04:00")
    expected = roc_auc_score(table["late"].to_numpy(), table["score"].to_numpy())

    assert found == pytest.approx(expected, abs=1e-12)
    assert registered.value("ml_model_roc_auc") == pytest.approx(1 - expected, abs=1e-12)
    assert registered.value("ml_model_roc_auc", segment="origin", segment_value="JFK") is not None


def test_labels_before_the_day_is_over_wait_for_it(registered, baseline) -> None:
    """Labels may come while their pane is open; quality is there once it closes."""
    send_predictions(registered, baseline, "2024-05-01", day(61))
    send_labels(registered, day(61))
    registered.at("2024-05-01T20:00:00-04:00")
    before = registered.value("ml_model_roc_auc")
    registered.at("2024-05-02T06:00:00-04:00")

    assert before is None
    assert registered.value("ml_model_roc_auc") is not None


def test_predictions_that_no_window_can_change_are_forgotten(registered, baseline) -> None:
    from sqlalchemy import func, select

    from wolfpack.exporter.schema import labels, predictions

    def kept() -> list[int]:
        with registered.service.ledger.read() as connection:
            return [
                connection.execute(select(func.count()).select_from(t)).scalar_one()
                for t in (predictions, labels)
            ]

    send_predictions(registered, baseline, "2024-05-01", day(61))
    send_labels(registered, day(61))
    registered.at("2024-05-02T06:00:00-04:00")
    before = kept()
    registered.at("2024-06-10T06:00:00-04:00")
    send_predictions(registered, baseline, "2024-06-08", day(99))
    send_labels(registered, day(99))
    registered.at("2024-06-10T06:10:00-04:00")

    assert before == [200, 200]
    assert kept() == [200, 200]
    assert registered.value("ml_model_roc_auc") is not None


def test_keys_of_any_length_and_character_are_joined(exporter) -> None:
    """Those that no database indexes are kept by their hash."""
    keys = ["k" * 5000 + "a", "k" * 5000 + "b", "a\x00b", "a\x00c", *(f"plain-{n}" for n in range(96))]
    late = [float(n % 3 == 0) for n in range(100)]
    scores = [0.9 if one else 0.1 for one in late]
    exporter.at("2024-05-02T06:00:00-04:00")
    rows = pa.table({"id": keys, "score": scores, "origin": ["JFK"] * 100})
    assert exporter.send("/api/v1/predictions", to_arrow_bytes(rows), ARROW, at="2024-05-01").status_code == 200
    rows = pa.table({"id": keys, "late": late})
    assert exporter.send("/api/v1/labels", to_arrow_bytes(rows), ARROW).status_code == 200
    exporter.at("2024-05-02T06:10:00-04:00")

    assert exporter.value("ml_model_roc_auc") == 1
    assert exporter.value("ml_model_brier") == pytest.approx(0.01)
