"""The sidecar between cycles: what it keeps, and what the deadline of a cycle leaves undone."""

from __future__ import annotations

from detector_cases import Clock, Ledger, ledger
from tables import day, inputs, reference
from test_sidecar import COLUMN_MEAN, DAY, FIRST, LABELS, MEAN, Exporter, history, points, spec

from wolfpack.client.transport import ServiceError
from wolfpack.detectors import (
    Deadline,
    ExporterSink,
    ExporterSource,
    Memory,
    cycle,
    watches,
)
from wolfpack.detectors.memory import REFRESH
from wolfpack.detectors.sink import FEEDBACK_PATH
from wolfpack.spec import names
from wolfpack.stats import profile


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
                (float(at), float(value))
                for at, value in zip(track.times, track.values, strict=True)
                if value == value
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
