"""The sidecar between cycles: what it keeps, when it looks, what it says of itself, and where faults stay."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tables import day, inputs, reference
from test_sidecar import COLUMN_MEAN, DAY, FIRST, LABELS, MEAN, Exporter, history, points, spec

from wolfpack.client.transport import ServiceError
from wolfpack.detectors import (
    Deadline,
    ExporterSink,
    ExporterSource,
    Memory,
    Report,
    Service,
    cycle,
    wait_for_panes,
    watches,
)
from wolfpack.detectors.agenda import REVISIONS, Agenda, last_due, next_look
from wolfpack.detectors.memory import REFRESH
from wolfpack.detectors.report import Run
from wolfpack.detectors.server import create_app, serving
from wolfpack.detectors.sink import FEEDBACK_PATH
from wolfpack.rules.service_rules import STALE_SECONDS
from wolfpack.spec import Calendar, Spec, names
from wolfpack.stats import profile

NOW = FIRST + 81 * DAY + 7 * 3600


class Clock:
    """Seconds that the test sets."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Ledger(Exporter):
    """An exporter that knows `changed`, and models apart."""

    def get(self, path, params=None):
        answer = super().get(path, params)
        if path == FEEDBACK_PATH:
            return answer
        since = float(params.get("changed", 0))
        kept = [one | {"points": [p for p in one["points"] if p[2] >= since]} for one in answer["series"]]
        return answer | {"series": [one for one in kept if one["points"]]}


def ledger(values=None, **more) -> Ledger:
    return Ledger(**{COLUMN_MEAN.name: [(LABELS, points(history() if values is None else values))]} | more)


def service(exporter, *specs: Spec, clock=None, **more) -> Service:
    return Service(lambda: specs or (spec(MEAN),), ExporterSource(exporter), ExporterSink(exporter),
                   clock=clock or Clock(), **more)  # fmt: skip


# --- what is kept


class TestClient:
    """The reader of a real exporter in this process."""

    __test__ = False

    def __init__(self, exporter) -> None:
        self.exporter, self.asked = exporter, []

    def get(self, path, params=None):
        if path != FEEDBACK_PATH:
            self.asked.append(params)
        answer = self.exporter.http.get(path, query_string=params)
        assert answer.status_code == 200, answer.text
        return answer.json


def test_what_is_kept_is_what_a_real_exporter_says_anew(make_exporter) -> None:
    """Days, a correction, a day late, a column that goes and comes back: never another series than reading it all."""
    exporter = make_exporter()
    exporter.at("2024-05-01T06:00:00-04:00")
    baseline = reference()
    exporter.http.put("/api/v1/projects/travel/models/arrival-delay/reference", data=baseline.to_bytes())
    exporter.at("2024-05-01T06:05:00-04:00")
    reader = TestClient(exporter)
    memory = Memory(ExporterSource(reader), lambda: 0.0)
    (watched,) = watches(spec({"metric": names.COLUMN_MISSING.name}, model="arrival-delay"))

    def known(one: Memory) -> dict[str, list[tuple[float, float]]]:
        return {
            track.labels["role"] + track.labels["column"]: [
                (float(at), float(value)) for at, value in zip(track.times, track.values, strict=True) if value == value
            ]
            for track in one.tracks(watched)
        }

    def send(number: int, date: str, rows: int = 200, **changes) -> None:
        table = inputs(day(number, rows, **changes))
        body = profile(table, baseline=baseline).to_bytes()
        assert exporter.send("/api/v1/profiles", body, at=date, role="input").status_code == 200

    known(memory)
    steps = [
        lambda: send(61, "2024-05-01"), lambda: send(62, "2024-05-02", delay=[None] * 200),
        lambda: send(62, "2024-05-02"), lambda: send(64, "2024-05-04"),
        lambda: send(63, "2024-05-03", delay=[None] * 200),
        lambda: send(61, "2024-05-01", carrier=[None] * 200), lambda: None,
    ]  # fmt: skip
    for number, step in enumerate(steps):
        step()
        exporter.at(f"2024-05-{number + 2:02}T06:10:00-04:00")
        reader.asked.clear()
        assert known(memory) == known(Memory(ExporterSource(TestClient(exporter))))
        assert all("changed" in params for params in reader.asked)
    assert {len(series) for series in known(memory).values()} >= {64}


def test_what_has_not_changed_is_neither_judged_nor_sent_again() -> None:
    exporter = ledger()
    memory, sink = Memory(ExporterSource(exporter), Clock()), ExporterSink(exporter)
    reports = [cycle([spec(MEAN)], memory, sink) for _ in range(3)]
    again = cycle([spec(MEAN)], memory, sink, everything=True)

    assert [report.scored for report in reports] == [1, 0, 0]
    assert [report.runs[0].unchanged for report in reports] == [0, 1, 1]
    assert len(exporter.rows) == 2
    assert again.scored == 1
    assert exporter.rows[0] == exporter.rows[1]


def test_a_correction_of_an_old_day_is_judged_again() -> None:
    values = history()
    exporter = ledger(values)
    memory, sink = Memory(ExporterSource(exporter), Clock()), ExporterSink(exporter)
    cycle([spec(MEAN)], memory, sink)
    values[68:76] = [value + 40 for value in values[68:76]]
    corrected = points(values)
    for point in corrected[68:76]:
        point[2] = corrected[-1][2] + 60
    exporter.series[COLUMN_MEAN.name] = [(LABELS, corrected)]
    report = cycle([spec(MEAN)], memory, sink)

    assert report.scored == 1
    assert len(exporter.rows) == 2
    assert exporter.rows[0]["expected"] != exporter.rows[1]["expected"]
    fresh = Exporter(**exporter.series)
    fresh.cycle(spec(MEAN))
    assert exporter.rows[1] == fresh.rows[0]


def test_once_a_day_everything_is_read_anew() -> None:
    """A ledger that was restored to an older state changes nothing that `changed` would show."""
    exporter, clock = ledger(), Clock()
    memory, sink = Memory(ExporterSource(exporter), clock), ExporterSink(exporter)
    cycle([spec(MEAN)], memory, sink)
    exporter.series[COLUMN_MEAN.name] = [(LABELS, points(history(78)))]
    before = cycle([spec(MEAN)], memory, sink)
    clock.now += REFRESH
    after = cycle([spec(MEAN)], memory, sink)

    assert (before.scored, after.scored) == (0, 1)
    assert [row["window_end"] for row in exporter.rows] == [FIRST + 80 * DAY, FIRST + 78 * DAY]


def test_a_finding_that_was_not_taken_is_sent_in_the_next_cycle() -> None:
    """The exporter is restarted in the middle of a cycle."""

    class Restarting(Ledger):
        down = True

        def send(self, *args, **more):
            if self.down:
                raise ServiceError("POST: no answer", 0)
            super().send(*args, **more)

    exporter = Restarting(**ledger().series)
    memory, sink = Memory(ExporterSource(exporter), Clock()), ExporterSink(exporter)
    failed = cycle([spec(MEAN)], memory, sink)
    exporter.down = False
    done = cycle([spec(MEAN)], memory, sink)

    assert [fault.stage for fault in failed.runs[0].faults] == ["send"]
    assert (done.scored, done.errors, len(exporter.rows)) == (1, (), 1)


def test_a_source_that_is_down_loses_nothing_that_is_kept() -> None:
    exporter = ledger()
    memory, sink = Memory(ExporterSource(exporter), Clock()), ExporterSink(exporter)
    cycle([spec(MEAN)], memory, sink)
    rows = exporter.series[COLUMN_MEAN.name]
    exporter.series[COLUMN_MEAN.name] = ServiceError("GET: no answer", 0)
    down = cycle([spec(MEAN)], memory, sink)
    exporter.series[COLUMN_MEAN.name] = [(LABELS, [*rows[0][1], [FIRST + 81 * DAY, 101.0, FIRST + 82 * DAY]])]
    up = cycle([spec(MEAN)], memory, sink)

    assert (down.scored, len(down.errors), down.runs[0].faults[0].stage) == (0, 1, "read")
    assert (up.scored, up.errors) == (1, ())
    assert exporter.asked[-1][1]["changed"]
    assert exporter.rows[-1]["window_end"] == FIRST + 81 * DAY


# --- the deadline


def test_what_the_deadline_leaves_undone_is_counted_and_done_first_the_next_time() -> None:
    ticks = iter(range(1000))
    many = [(LABELS | {"column": f"c{number}"}, points(history(seed=number))[number:]) for number in range(6)]
    exporter = Ledger(**{COLUMN_MEAN.name: many})
    memory, sink = Memory(ExporterSource(exporter), Clock()), ExporterSink(exporter)
    specs = [spec(MEAN), spec(MEAN, model="price")]
    first = cycle(specs, memory, sink, Deadline(3.0, lambda: float(next(ticks))))
    rest = cycle(specs, memory, sink)

    assert first.missed == ("travel/delay", "travel/price")
    assert first.runs[0].scored + first.skipped["deadline"] == 6
    assert 0 < first.runs[0].scored < 6
    assert (rest.runs[0].scored, rest.runs[0].unchanged) == (6 - first.runs[0].scored, first.runs[0].scored)
    assert len({row["labels"]["column"] for sent in exporter.sent[:2] for row in sent[3]["anomalies"]}) == 6


# --- the agenda


CALENDAR = Calendar(schedule="0 6 * * *", timezone="America/New_York")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=CALENDAR.zone).timestamp()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2024-05-02T05:59", "2024-05-01T00:00"), ("2024-05-02T06:00", "2024-05-02T00:00"),
        ("2024-03-10T12:00", "2024-03-10T00:00"), ("2024-03-11T06:00", "2024-03-11T00:00"),
    ],
)  # fmt: skip
def test_the_last_pane_that_was_due(now: str, expected: str) -> None:
    assert last_due(CALENDAR, at(now)) == at(expected)


def test_planned_gaps_are_not_awaited() -> None:
    holiday = frozenset({datetime(2024, 5, 1).date()})
    skipping = Calendar(schedule="0 6 * * *", timezone="America/New_York", skip=holiday)

    assert last_due(skipping, at("2024-05-02T07:00")) == at("2024-05-01T00:00")
    assert last_due(Calendar(skip=frozenset(datetime(2024, 1, 1).date() + timedelta(i) for i in range(500))), NOW) > 0


@pytest.mark.parametrize(
    ("newest", "faults", "expected"),
    [
        ("2024-05-01T00:00", [], "2024-05-02T07:01"),  # the day is awaited
        ("2024-05-02T00:00", [], "2024-05-02T08:00"),  # it is there: only corrections may come, looked for hourly
        ("2024-05-02T00:00", ["x"], "2024-05-02T07:01"),
    ],
)
def test_a_model_is_looked_at_again_in_time(newest: str, faults: list, expected: str) -> None:
    run = Run("p", "m", newest=at(newest), faults=faults)

    assert next_look(CALENDAR, run, at("2024-05-02T07:00"), 60.0) == at(expected)


def test_a_model_counts_as_stale_after_two_of_the_longest_pauses() -> None:
    assert 2 * REVISIONS[1] == STALE_SECONDS


def test_the_scheduled_time_is_not_slept_through() -> None:
    run = Run("p", "m", newest=at("2024-05-01T00:00"))

    assert next_look(CALENDAR, run, at("2024-05-02T05:40"), 60.0) == at("2024-05-02T06:00")


def test_only_models_whose_time_has_come_are_looked_at_and_the_longest_waiting_first() -> None:
    agenda = Agenda(60.0)
    specs = [spec(MEAN, model=name, schedule="0 6 * * *") for name in ("a", "b", "c")]
    assert [one.model for one in agenda.due(specs, NOW)] == ["a", "b", "c"]

    done = [Run("travel", name, newest=last_due(specs[0].calendar, NOW)) for name in ("a", "b")]
    agenda.note(specs, Report.of([*done, Run("travel", "c", missed=True)]), NOW)
    assert [one.model for one in agenda.due(specs, NOW + 60)] == ["c"]
    agenda.note(specs, Report.of([Run("travel", "a", newest=0.0)]), NOW - 3600)
    assert [one.model for one in agenda.due(specs, NOW + 7200)] == ["c", "a", "b"]
    assert agenda.due([spec()], NOW) == []


# --- health


def shown(its: Service) -> dict[tuple[str, ...], float]:
    """Return the samples of the sidecar's page by name and labels besides the project."""
    text = create_app(its).test_client().get("/metrics").text
    return {
        (sample.name, *(value for key, value in sorted(sample.labels.items()) if key != "project")): sample.value
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


# --- its own port


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


# --- a step of a workflow


def waited(exporter, *specs: Spec, timeout: float = 30.0, at: str | None = None, after=None):
    """Return what is missing at the end, and how long was waited."""
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if after is not None:
            after(clock.now)

    missing = wait_for_panes(specs, Memory(ExporterSource(exporter), clock), timeout, at, clock, sleep)
    return missing, clock.now - NOW


def test_waiting_ends_when_the_pane_is_computed() -> None:
    exporter = ledger(history(80))
    daily = spec(MEAN)

    def compute(now: float) -> None:
        if now - NOW >= 10:
            exporter.series[COLUMN_MEAN.name] = [(LABELS, points(history(81)))]

    assert waited(exporter, daily, after=compute) == ([], 10.0)
    assert waited(exporter, daily) == ([], 0.0)


def test_waiting_gives_up_and_names_what_is_missing() -> None:
    missing, seconds = waited(ledger(history(80)), spec(MEAN), timeout=5.0)

    assert seconds == 5.0
    assert len(missing) == 1
    assert f"no window that ends at {FIRST + 81 * DAY:.0f} or later" in missing[0]
    assert COLUMN_MEAN.name in missing[0]


def test_a_named_day_is_awaited_even_of_a_watch_without_history() -> None:
    named = datetime.fromtimestamp(FIRST + 79 * DAY, UTC).date().isoformat()

    assert waited(ledger(history(80)), spec(MEAN), at=named) == ([], 0.0)
    assert waited(Ledger(), spec(MEAN)) == ([], 0.0)
    assert len(waited(Ledger(), spec(MEAN), at=named)[0]) == 1
    with pytest.raises(ValueError, match="is no date"):
        waited(Ledger(), spec(MEAN), at="tomorrow")


def test_quality_is_awaited_when_its_labels_are_mature() -> None:
    quality = {k: v for k, v in LABELS.items() if k not in ("role", "column")}
    exporter = Ledger(**{names.ROC_AUC.name: [(quality, points(np.full(79, 0.8)))]})
    label = {"prediction": {"column": "score"}, "label": {"column": "late", "key": "id", "matures_after": "2d"}}
    entry = {"metric": names.ROC_AUC.name}

    assert waited(exporter, spec(entry, **label)) == ([], 0.0)
    assert len(waited(exporter, spec(entry, **label | {"label": {"column": "late", "key": "id"}}))[0]) == 1


def test_a_series_that_grows_beyond_what_is_kept_keeps_its_newest_points(monkeypatch) -> None:
    monkeypatch.setattr("wolfpack.detectors.memory.MOST_POINTS", 60)
    exporter = ledger()
    memory = Memory(ExporterSource(exporter), Clock())
    (watched,) = watches(spec(MEAN))
    (track,) = memory.tracks(watched)

    assert len(track.times) == 60
    assert track.newest == FIRST + 80 * DAY
    assert not math.isnan(track.values[-1])
