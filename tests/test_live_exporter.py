"""The exporter's live side: parts are taken once, windows are those of now, and hours go into the model's own panes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from conftest import THREE_LINES

from wolfpack.client.call_rows import Answered
from wolfpack.client.live_terms import LiveTerms
from wolfpack.client.slicing import Slicer
from wolfpack.exporter import store
from wolfpack.stats import Profile, merge_all, profile
from wolfpack.stats.live_slice import LiveSlice, merge_slices

SPEC = THREE_LINES + "prediction: {column: score}\nsegments: {shop: {}}\nlive: {}\n"
NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"
TERMS = "/api/v1/projects/travel/models/arrival-delay/live"


def table(rows: int, seed: int, shift: float = 0.0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "delay": random.normal(100 + shift, 10, rows),
            "shop": random.choice(["x", "y"], rows),
            "score": random.random(rows),
        }
    )


@pytest.fixture
def live(make_exporter):
    """A live model's exporter with a reference, at noon."""
    one = make_exporter(SPEC)
    one.at(NOON.isoformat())
    one.reference = profile(table(2000, 1), by=["shop"])
    assert one.http.put(REFERENCE, data=one.reference.to_bytes()).status_code == 200
    return one


def calls(rows: pa.Table, at: datetime, seconds: float = 0.004, outlier: bool | None = None, failed: int = 0):
    """Return a call for each row, all of which ended then; the first `failed` of them failed."""
    when = at.timestamp()
    made: list[Answered] = []
    for place, row in enumerate(rows.to_pylist()):
        score = row.pop("score")
        made.append((when, seconds, "/predict", place < failed, row, score, "", outlier, None))
    return made


def part(exporter, some, at: datetime, number: int = 1, worker: str = "w1", **params: str):
    """Send a part of calls; returns the answer and the slice."""
    terms = LiveTerms.from_dict(exporter.http.get(TERMS).json)
    (taken,) = Slicer(pause=lambda: None).take(some, terms)
    query = {"at": at.isoformat(), "worker": worker, "sequence": str(number), **params}
    return exporter.send("/api/v1/live", taken.slice.to_bytes(), **query), taken.slice


def word(exporter, at: datetime, worker: str = "w1", **params: str):
    return exporter.send("/api/v1/live", b"", at=at.isoformat(), worker=worker, sequence="0", **params)


def test_a_part_is_on_the_page_at_once(live) -> None:
    answer, _ = part(live, calls(table(100, 2), NOON, seconds=0.2, failed=10), NOON)

    assert answer.json == {"taken": True}
    assert live.value("ml_live_requests_total", endpoint="/predict") == 100
    assert live.value("ml_live_errors_total", endpoint="/predict") == 10
    assert live.value("ml_live_duration_seconds_bucket", endpoint="/predict", le="0.25") == 100
    assert live.value("ml_live_duration_seconds_bucket", endpoint="/predict", le="0.1") == 0
    assert live.value("ml_live_duration_seconds_sum", endpoint="/predict") == pytest.approx(20)
    assert live.value("ml_live_error_ratio", endpoint="/predict") == 0.1
    assert live.value("ml_live_rows", endpoint="/predict") == 90
    assert 0.1 < live.value("ml_live_duration_p95_seconds", endpoint="/predict") <= 0.25
    assert live.value("ml_live_workers") == 1


def test_the_window_moves_with_the_clock_and_counters_stay(live) -> None:
    part(live, calls(table(50, 2), NOON, outlier=True), NOON)
    assert live.value("ml_live_outlier_ratio", endpoint="/predict") == 1.0

    live.at((NOON + timedelta(seconds=100)).isoformat())
    part(
        live,
        calls(table(150, 3), NOON + timedelta(seconds=100), outlier=False),
        NOON + timedelta(seconds=100),
        2,
    )
    assert live.value("ml_live_outlier_ratio", endpoint="/predict") == 0.25

    live.at((NOON + timedelta(seconds=130)).isoformat())
    assert live.value("ml_live_outlier_ratio", endpoint="/predict") == 0.0
    assert live.value("ml_live_requests_total", endpoint="/predict") == 200

    live.at((NOON + timedelta(seconds=300)).isoformat())
    assert live.value("ml_live_outlier_ratio", endpoint="/predict") is None
    assert live.value("ml_live_requests", endpoint="/predict") == 0


def test_rows_are_told_apart_by_segment(live) -> None:
    rows = table(200, 4)
    part(live, calls(rows, NOON), NOON)
    its = {"endpoint": "/predict", "segment": "shop", "segment_value": "x"}

    assert live.value("ml_live_rows", **its) == rows["shop"].to_pylist().count("x")


def test_a_mean_is_compared_with_training_and_its_noise(live) -> None:
    rows = table(500, 5, shift=20)
    part(live, calls(rows, NOON), NOON)
    its = {"role": "input", "column": "delay"}
    trained = live.reference["delay"].mean

    mean = float(np.mean(rows["delay"].to_numpy()))
    assert live.value("ml_live_mean", **its) == pytest.approx(mean)
    assert live.value("ml_live_mean_change_ratio", **its) == pytest.approx((mean - trained) / trained)
    # Welch: 2.58 standard errors at 1 % of one column, over the mean
    error = np.sqrt(live.reference["delay"].stddev ** 2 / 2000 + np.var(rows["delay"].to_numpy()) / 500)
    assert live.value("ml_live_mean_change_noise", **its) * trained / error == pytest.approx(2.8, abs=0.5)


def test_the_same_part_again_is_not_counted_again(live) -> None:
    some = calls(table(100, 2), NOON)
    answers = [part(live, some, NOON, 1)[0].json for _ in range(3)]

    assert answers == [{"taken": True}, {"taken": False}, {"taken": False}]
    assert live.value("ml_live_requests_total", endpoint="/predict") == 100


def test_parts_that_never_came_are_counted_until_they_come(live) -> None:
    for number in (1, 4):
        part(live, calls(table(10, number), NOON), NOON, number)
    assert live.value("ml_live_parts_missing") == 2

    part(live, calls(table(10, 3), NOON), NOON, 3)
    assert live.value("ml_live_parts_missing") == 1
    assert live.value("ml_live_requests_total", endpoint="/predict") == 30


def test_a_worker_without_a_closing_part_is_lost(live) -> None:
    for worker in ("w1", "w2", "w3"):
        part(live, calls(table(10, 2), NOON), NOON, worker=worker)
    word(live, NOON, "w2", closing="1")
    assert live.value("ml_live_workers") == 2

    later = NOON + timedelta(seconds=65)
    live.at((later - timedelta(seconds=20)).isoformat())
    word(live, later - timedelta(seconds=20), "w3")
    live.at(later.isoformat())
    assert live.value("ml_live_workers") == 1
    assert live.value("ml_live_workers_lost") == 1

    word(live, later, "w1")  # it was cut off, and is back
    assert live.value("ml_live_workers_lost") == 0


def test_usual_traffic_is_that_of_the_hour_before(live) -> None:
    for minute in range(30):
        at = NOON + timedelta(minutes=minute)
        live.at(at.isoformat())
        part(live, calls(table(60, minute), at), at, minute + 1)
    live.at((NOON + timedelta(minutes=34)).isoformat())

    assert live.value("ml_live_requests", endpoint="/predict") == 0
    # 30 parts of 60 calls in the 32 minutes before the window
    assert live.value("ml_live_requests_trailing", endpoint="/predict") == pytest.approx(
        1800 * 2 / 32, rel=0.02
    )


def test_a_restart_goes_on_with_the_window_the_workers_and_their_numbers(live, tmp_path) -> None:
    from conftest import Exporter

    some = calls(table(100, 2), NOON, outlier=True)
    part(live, some, NOON, 1)
    live.close()
    again = Exporter(tmp_path / "exporter", SPEC, f"sqlite:///{tmp_path / 'exporter' / 'ledger.db'}")
    try:
        again.at((NOON + timedelta(seconds=20)).isoformat())
        assert again.value("ml_live_outlier_ratio", endpoint="/predict") == 1.0
        assert again.value("ml_live_workers") == 1
        assert again.value("ml_live_requests_total", endpoint="/predict") is None
        assert part(again, some, NOON, 1)[0].json == {"taken": False}
    finally:
        again.close()


def test_hours_of_several_workers_add_up_to_the_profile_of_all_rows(live) -> None:
    """Counts and bins exactly, sketches within their error."""
    whole = table(6000, 7)
    for place in range(60):
        at = NOON + timedelta(minutes=place * 2, seconds=place % 50)
        live.at(at.isoformat())
        rows = whole.slice(place * 100, 100)
        part(live, calls(rows, at), at, place // 4 + 1, worker=f"w{place % 4}")
    live.at("2024-05-01T23:59:00+00:00")
    hours = _parts(live, "input")
    live.at("2024-05-02T00:01:00+00:00")

    expected = profile(whole.drop_columns(["score"]), plan=live.reference.plan)
    with live.service.ledger.read() as connection:
        found = merge_all([Profile.from_bytes(store.part_data(connection, one.id)) for one in hours])
    assert [one.part.split()[1] for one in hours] == ["2024-05-01T12:00Z", "2024-05-01T13:00Z"]
    assert found.rows == expected.rows
    for column in ("delay", "shop"):
        assert found[column].bins.tolist() == expected[column].bins.tolist()
    for segment in (("shop", "x"), ("shop", "y")):
        assert found["delay", *segment].bins.tolist() == expected["delay", *segment].bins.tolist()
    ranks = np.searchsorted(
        np.sort(whole["delay"].to_numpy()), [found["delay"].quantile(q) for q in (0.1, 0.5, 0.9)]
    )
    assert np.abs(ranks / 6000 - [0.1, 0.5, 0.9]).max() < 0.01
    assert live.value("ml_window_rows", role="input") == 6000
    assert live.value("ml_window_rows", role="prediction") == 6000


def test_a_part_that_comes_late_changes_its_hour_and_no_other(live) -> None:
    part(live, calls(table(100, 2), NOON), NOON, 1)
    live.at("2024-05-01T14:30:00+00:00")
    assert [one.rows for one in _parts(live, "input")] == [100]

    late = NOON + timedelta(minutes=30)
    part(live, calls(table(50, 3), late), late, 2)
    live.at("2024-05-01T14:31:00+00:00")
    assert [one.rows for one in _parts(live, "input")] == [150]


def test_live_parts_become_one_a_pane_and_are_deleted_after_their_time(live) -> None:
    for number in range(8):
        at = NOON + timedelta(seconds=5 * number)
        live.at(at.isoformat())
        part(live, calls(table(10, number), at), at, number + 1)
    assert len(_live_rows(live)) == 8

    live.at((NOON + timedelta(seconds=75)).isoformat())
    assert len(_live_rows(live)) == 1
    assert merge_slices(_live_rows(live)).counts.calls["/predict"].requests == 80

    live.at("2024-05-03T12:02:00+00:00")
    assert _live_rows(live) == []


def test_a_shadow_version_is_by_itself(live) -> None:
    body = {"version": "2", "stage": "shadow", "time": (NOON - timedelta(hours=1)).isoformat()}
    live.http.post("/api/v1/deployments?project=travel&model=arrival-delay", json=body)
    live.at((NOON + timedelta(seconds=16)).isoformat())
    for version, rows in (("1", 40), ("2", 70)):
        part(live, calls(table(rows, 2), NOON), NOON, worker=f"w{version}", version=version)

    assert live.value("ml_live_requests_total", endpoint="/predict") == 40
    assert live.value("ml_live_requests_total", endpoint="/predict", version="2") == 70
    assert live.value("ml_live_rows", endpoint="/predict") == 40


@pytest.mark.parametrize(
    ("body", "params", "status", "said"),
    [
        (b"nonsense", {}, 400, "live slice"),
        (b"", {}, 422, "a part has a number"),
        (b"x", {"sequence": "0"}, 422, "a part has a number"),
        (b"", {"sequence": "0", "at": "2024-05-01T12:02:00Z"}, 422, "begins at 2024-05-01T12:02:00"),
        (b"", {"sequence": "0", "at": "2024-04-01T12:00:00Z"}, 422, "over 2d ago"),
        (b"", {"sequence": "0", "worker": "a\nb"}, 422, "worker"),
        (b"", {"sequence": "-1"}, 422, "whole numbers from 0"),
    ],
)
def test_what_is_no_part_is_refused_and_changes_nothing(live, body, params, status, said) -> None:
    answer = live.send(
        "/api/v1/live", body, **{"at": NOON.isoformat(), "worker": "w", "sequence": "1", **params}
    )

    assert answer.status_code == status
    assert said in answer.json["detail"]
    assert live.value("ml_live_workers") == 0


def test_a_model_that_is_not_live_says_what_its_spec_needs(exporter) -> None:
    answer = exporter.send("/api/v1/live", b"", at="2024-05-01T10:00:00Z", worker="w", sequence="0")

    assert answer.status_code == 409
    assert "add `live: {}`" in answer.json["detail"]


def _parts(exporter, role: str):
    (known,) = exporter.service.registry.all()
    with exporter.service.ledger.read() as connection:
        return store.live_parts(connection, known.id, role, 0, 2**40)


def _live_rows(exporter) -> list[LiveSlice]:
    from wolfpack.exporter import live_store

    (known,) = exporter.service.registry.all()
    with exporter.service.ledger.read() as connection:
        found = live_store.stored(connection, known.id, 0, 2**40)
        return [LiveSlice.from_bytes(live_store.live_data(connection, one.id)) for one in found]
