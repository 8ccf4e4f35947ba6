"""A version that is worse than the one before it: what is exposed of it, and when it is told."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sklearn.metrics import roc_auc_score
from test_releases import SPEC, made, send

from wolfpack.rules import alerts_for
from wolfpack.rules.judge import evaluate
from wolfpack.spec import load

NORMAL_99 = 2.3263478740408408
"""The 99th percentile of the normal distribution."""
ROC, BASELINE, LIMIT = ("ml_model_roc_auc", "ml_model_roc_auc_baseline", "ml_model_roc_auc_noise_limit")


@pytest.fixture
def service(make_exporter):
    one = make_exporter(SPEC)
    one.at("2024-05-01T06:00:00Z")
    return one


def deployed(service, version: str, stage: str) -> None:
    told = {"version": version, "stage": stage, "time": "2024-04-30T00:00:00Z"}
    query = {"project": "travel", "model": "arrival-delay"}
    assert service.http.post("/api/v1/deployments", json=told, query_string=query).status_code == 200


def told(service, tmp_path: Path) -> set[tuple[str, str]]:
    """Return name and version of the alerts on quality that the page's samples give."""
    (tmp_path / "m.yml").write_text(SPEC)
    instant: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(service.http.get("/metrics").text):
        for one in family.samples:
            instant.setdefault(one.name, []).append((one.labels, one.value))
    alerts = [one for one in alerts_for(load(tmp_path / "m.yml").spec) if one.check in ("quality", "release")]
    found = [dict(identity) for one in alerts for identity in evaluate(one, instant, 0.0)]
    return {(one["alertname"], one.get("version", "")) for one in found if one.get("metric")}


@pytest.mark.both_ledgers
def test_a_canary_is_measured_from_the_version_before_it_and_told_where_it_is_worse(service, tmp_path: Path) -> None:
    deployed(service, "4", "canary")
    good, bad = made(1), made(2, blur=2, rows=600)
    send(service, good, "3")
    send(service, bad, "4")
    service.at("2024-05-02T06:00:00Z")
    stderr = [service.value(f"{ROC}_stderr", version=version) for version in ("3", "4")]
    reach = NORMAL_99 * math.hypot(*stderr)
    before = roc_auc_score(good["late"].to_numpy(), good["score"].to_numpy())

    assert service.value(BASELINE, version="4") == pytest.approx(before, abs=1e-3)
    assert service.value(BASELINE, version="4") == service.value(ROC, version="3")
    assert service.value(LIMIT, version="4") == pytest.approx(service.value(BASELINE, version="4") - reach)
    assert service.value(BASELINE, version="3") is None
    assert told(service, tmp_path) == {("ModelReleaseWorse", "4")}


@pytest.mark.parametrize(
    ("blur", "rows", "why"),
    [(0.0, 600, "as good"), (0.3, 600, "less than `drop`"), (1.0, 40, "no more than chance"), (9.0, 29, "a handful")],
)
def test_a_version_is_not_told_for_less(service, tmp_path: Path, blur: float, rows: int, why: str) -> None:
    send(service, made(1), "3")
    send(service, made(2, blur=blur, rows=rows), "4")
    service.at("2024-05-02T06:00:00Z")

    assert told(service, tmp_path) == set(), why
    assert (service.value(BASELINE, version="4") is None) == (rows < 30)


def test_a_shadow_is_measured_and_nothing_is_measured_from_it(service, tmp_path: Path) -> None:
    deployed(service, "4", "shadow")
    for version, blur in (("3", 0.0), ("4", 2.0), ("5", 2.0)):
        send(service, made(int(version), blur=blur), version)
    service.at("2024-05-02T06:00:00Z")

    assert {service.value(BASELINE, version=one) for one in ("4", "5")} == {service.value(ROC, version="3")}
    assert {("ModelReleaseWorse", "4"), ("ModelReleaseWorse", "5")} <= told(service, tmp_path)
