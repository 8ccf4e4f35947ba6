"""What the sidecar says of itself, and its own port."""

from __future__ import annotations

import threading

from detector_cases import Clock, Ledger, ledger, service
from prometheus_client.parser import text_string_to_metric_families
from test_sidecar import COLUMN_MEAN, DAY, FIRST, LABELS, MEAN, history, points, spec

from wolfpack.detectors import (
    ExporterSink,
    ExporterSource,
    Service,
)
from wolfpack.detectors.server import create_app, serving
from wolfpack.spec import names


def shown(its: Service) -> dict[tuple[str, ...], float]:
    """Return the samples of the sidecar's page by name and labels besides the project."""
    text = create_app(its).test_client().get("/metrics").text
    return {
        (
            sample.name,
            *(value for key, value in sorted(sample.labels.items()) if key != "project"),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_family_of_the_sidecar_is_on_its_page_and_no_other() -> None:
    its = service(ledger())
    its.cycle()

    assert {name for name, *_ in shown(its)} == set(names.SIDECAR)


def test_counts_are_zero_before_the_first_cycle() -> None:
    """Else the first error is no increase, and no alert sees it."""
    found = shown(service(ledger()))

    for stage in ("read", "judge", "send"):
        assert found["wolfpack_detector_errors_total", "delay", stage] == 0
    assert found["wolfpack_detector_missed_total", "delay"] == 0
    assert found["wolfpack_detector_skipped_total", "delay", "deadline"] == 0
    assert ("wolfpack_detector_last_success_timestamp_seconds", "delay") not in found


def test_health_says_what_happened() -> None:
    bad = (LABELS | {"column": "bad"}, [[2.0, 1.0, 0], [1.0, 1.0, 0]])
    young = (LABELS | {"column": "young"}, points([1.0, 2.0]))
    exporter, clock = ledger(), Clock()
    exporter.series[COLUMN_MEAN.name] += [bad, young]
    its = service(exporter, clock=clock)
    its.cycle()
    once = shown(its)
    exporter.series[COLUMN_MEAN.name] = exporter.series[COLUMN_MEAN.name][:1]
    clock.now += 3600
    its.cycle()
    twice = shown(its)

    assert once["wolfpack_detector_runs_total", "delay"] == 1
    assert once["wolfpack_detector_scored_total", "delay"] == 1
    assert once["wolfpack_detector_errors_total", "delay", "judge"] == 1
    assert once["wolfpack_detector_skipped_total", "delay", "warming up"] == 1
    assert once["wolfpack_detector_series", "delay"] == 3
    assert once["wolfpack_detector_window_end_timestamp_seconds", "delay"] == FIRST + 80 * DAY
    assert ("wolfpack_detector_last_success_timestamp_seconds", "delay") not in once
    assert twice["wolfpack_detector_runs_total", "delay"] == 2
    assert twice["wolfpack_detector_last_success_timestamp_seconds", "delay"] == clock.now
    assert twice["wolfpack_detector_errors_total", "delay", "judge"] == 1


def test_a_model_without_a_spec_vanishes_from_the_page() -> None:
    specs = [spec(MEAN), spec(MEAN, model="price")]
    its = Service(lambda: list(specs), ExporterSource(ledger()), ExporterSink(ledger()), clock=Clock())
    its.cycle()
    specs.pop()
    its.reload()

    assert {model for _, model, *_ in (key for key in shown(its) if len(key) > 1)} == {"delay"}


def test_a_detection_on_demand_answers_what_is_wrong_now() -> None:
    exporter = ledger([*history(), 300.0])
    its = service(exporter)
    its.cycle()
    http = create_app(its).test_client()
    answer = http.post("/api/v1/detections", query_string={"project": "travel", "model": "delay"})

    assert answer.status_code == 200
    assert (answer.json["scored"], answer.json["errors"]) == (1, [])
    assert [alarm["labels"]["column"] for alarm in answer.json["alarms"]] == ["score"]
    assert http.post("/api/v1/detections").json["scored"] == 1
    assert http.get("/-/healthy").status_code == http.get("/-/ready").status_code == 200


def test_a_model_that_nobody_watches_is_refused_by_name() -> None:
    answer = create_app(service(ledger())).test_client().post("/api/v1/detections?model=prise")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "*/prise is not watched; watched are travel/delay" in answer.json["detail"]


def test_writes_need_the_token_if_there_is_one() -> None:
    http = create_app(service(ledger()), "secret").test_client()

    assert http.get("/metrics").status_code == 200
    assert http.post("/api/v1/detections").status_code == 401
    assert http.post("/-/reload", headers={"Authorization": "Bearer other"}).status_code == 401
    assert http.post("/api/v1/detections", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_a_bad_spec_leaves_the_old_one_in_force(tmp_path) -> None:
    from wolfpack.spec import load_all

    file = tmp_path / "m.yml"
    good = "version: wolfpack/v1\nproject: travel\nmodel: delay\ndetect: [{metric: ml_column_mean, role: prediction}]\n"
    file.write_text(good)
    exporter = ledger()
    its = Service(lambda: [one.spec for one in load_all([tmp_path])], ExporterSource(exporter),
                  ExporterSink(exporter), clock=Clock())  # fmt: skip
    http = create_app(its).test_client()
    file.write_text("version: wolfpack/v1\nproject: travel\nmodle: delay\n")
    refused = http.post("/-/reload")

    assert refused.status_code == 422
    assert "modle" in refused.json["detail"]
    assert shown(its)["wolfpack_detector_last_reload_successful",] == 0
    assert its.cycle().scored == 1
    file.write_text(good)
    assert http.post("/-/reload").json == {"models": 1}
    assert shown(its)["wolfpack_detector_last_reload_successful",] == 1


def test_the_port_answers_while_a_cycle_runs() -> None:
    """A scrape computes nothing and waits for nothing."""
    import requests

    entered, leave = threading.Event(), threading.Event()

    class Slow(Ledger):
        def get(self, path, params=None):
            entered.set()
            assert leave.wait(20)
            return super().get(path, params)

    its = service(Slow(**ledger().series))
    with serving(its, "127.0.0.1", 0) as port:
        thread = threading.Thread(target=its.cycle)
        thread.start()
        assert entered.wait(20)
        answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
        leave.set()
        thread.join(20)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "wolfpack_detector_runs_total" in answer.text
