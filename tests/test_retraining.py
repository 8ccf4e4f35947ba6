"""Training anew is due when quality or inputs say so, labels are there, and it is not too soon; through the service."""

from __future__ import annotations

import pyarrow as pa
import pytest
from conftest import THREE_LINES
from sending import ARROW, REFERENCE
from test_releases import made, reference

from wolfpack.client.job import to_arrow_bytes
from wolfpack.rules.table import alerts_for
from wolfpack.spec import SpecError, load

SPEC = THREE_LINES + """\
prediction: {column: score}
label: {column: late, key: id}
window: 1d
retrain: {quality: {roc_auc: "< 0.7"}, labels: 3500, every: 2d}
"""


@pytest.fixture
def model(make_exporter):
    one = make_exporter(SPEC)
    one.at("2024-05-01T06:00:00Z")
    assert one.http.put(REFERENCE, data=reference().to_bytes()).status_code == 200
    return one


def day(one, date: str, blur: float) -> None:
    """Send a day of 2,000 predictions, and the next morning their labels."""
    table: pa.Table = made(int(date[-2:]), blur=blur, rows=2000)
    one.at(f"{date}T12:00:00Z")
    rows = to_arrow_bytes(table.drop_columns(["late"]))
    assert one.send("/api/v1/predictions", rows, ARROW, at=date, version="1").status_code == 200
    assert one.send("/api/v1/labels", to_arrow_bytes(table.select(["id", "late"])), ARROW).status_code == 200
    one.at(f"{date[:-2]}{int(date[-2:]) + 1:02d}T06:00:00Z")


def due(one) -> tuple[float | None, float | None]:
    return one.value("ml_model_retrain_due", reason="quality"), one.value("ml_model_new_labels")


@pytest.mark.both_ledgers
def test_it_is_due_with_enough_labels_and_time_and_ends_with_a_new_version(model) -> None:
    found = []
    for date, blur in (("2024-05-02", 4.0), ("2024-05-03", 4.0), ("2024-05-04", 0.0), ("2024-05-05", 4.0)):
        day(model, date, blur)
        found.append(due(model))
    told = {"version": "2", "stage": "live", "time": "2024-05-05T20:00:00Z"}
    query = {"project": "travel", "model": "arrival-delay"}
    assert model.http.post("/api/v1/deployments", json=told, query_string=query).status_code == 200
    day(model, "2024-05-06", 4.0)

    assert found == [
        (0, 2000),  # bad, but too few labels
        (1, 4000),
        (0, 6000),  # good again
        (1, 8000),
    ]
    assert due(model) == (0, 2000)


def test_it_is_not_due_too_soon(make_exporter) -> None:
    one = make_exporter(SPEC.replace("labels: 3500", "labels: 0"))
    one.at("2024-05-01T06:00:00Z")
    assert one.http.put(REFERENCE, data=reference().to_bytes()).status_code == 200
    found = []
    for date in ("2024-05-01", "2024-05-02", "2024-05-03"):
        day(one, date, 4.0)
        found.append(due(one)[0])

    assert found == [0, 0, 1]


def test_a_share_of_drifted_inputs_is_a_reason_of_its_own(make_exporter) -> None:
    one = make_exporter(SPEC.replace('quality: {roc_auc: "< 0.7"}', "drift: 0.4").replace("3500", "10"))
    from wolfpack.stats import profile

    one.at("2024-05-01T06:00:00Z")
    train = made(0)
    inputs = profile(pa.table({"x": train["score"], "score": train["score"]}))
    assert one.http.put(REFERENCE, data=inputs.to_bytes()).status_code == 200
    found = []
    for date, shift in (("2024-05-04", 0.0), ("2024-05-05", 3.0)):
        rows = pa.table({"x": made(7, shift=shift)["score"]})
        one.at(f"{date}T12:00:00Z")
        body = profile(rows, baseline=inputs).to_bytes()
        assert one.send("/api/v1/profiles", body, at=date, role="input").status_code == 200
        day(one, date, 0.0)
        found.append(one.value("ml_model_retrain_due", reason="drift"))

    assert found == [0, 1]
    assert due(one)[0] is None


def test_the_policy_becomes_an_alert_and_needs_labels(tmp_path) -> None:
    (tmp_path / "m.yml").write_text(SPEC)
    (one,) = [one for one in alerts_for(load(tmp_path / "m.yml").spec) if one.name == "ModelRetrainDue"]

    assert (one.severity, one.by) == ("info", ("project", "model", "reason"))
    (tmp_path / "m.yml").write_text(THREE_LINES + "retrain: {drift: 0.5}\n")
    with pytest.raises(SpecError, match="retrain: needs `prediction` and `label`"):
        load(tmp_path / "m.yml")
