"""The sidecar: what it reads, what it sends, and that nothing bad in one series reaches another."""

import json
import logging
import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from wolfpack.client.transport import ServiceError
from wolfpack.detectors import (
    ExporterSink,
    ExporterSource,
    History,
    Report,
    Watch,
    detect,
    run,
    run_once,
    watches,
)
from wolfpack.detectors.sink import FEEDBACK_PATH
from wolfpack.spec import Spec
from wolfpack.spec.names import COLUMN_MEAN, COLUMN_MISSING, COLUMN_PSI, ROC_AUC, WINDOW_END

DAY = 86_400.0
FIRST = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
SHAPE = [100.0, 104.0, 103.0, 105.0, 108.0, 60.0, 55.0]
LABELS = {
    "project": "travel", "model": "delay", "version": "", "role": "prediction",
    "segment": "", "segment_value": "", "column": "score",
}  # fmt: skip


def spec(*entries: dict, **more) -> Spec:
    return Spec.model_validate(
        {
            "version": "wolfpack/v1",
            "project": "travel",
            "model": "delay",
            "detect": [{"method": "seasonal_esd"} | entry for entry in entries],
        }
        | more
    )


def points(values) -> list[list[float | None]]:
    """Return window ends, one a day, the values, and when they were computed."""
    return [
        [FIRST + DAY * (i + 1), None if math.isnan(value) else value, FIRST + DAY * (i + 2)]
        for i, value in enumerate(values)
    ]


def history(n: int = 80, seed: int = 1) -> list[float]:
    noise = np.random.default_rng(seed).normal(size=n)
    return [SHAPE[i % 7] + float(noise[i]) for i in range(n)]


class Exporter:
    """Answers every selector that starts with a known family, and keeps what is sent."""

    def __init__(self, **series):
        self.series, self.asked, self.sent, self.said = series, [], [], []

    def get(self, path, params=None):
        if path == FEEDBACK_PATH:
            return {"feedback": self.said, "next": None}
        self.asked.append((path, params))
        rows = self.series.get(params["match"].split("{")[0], [])
        if isinstance(rows, Exception):
            raise rows
        return {"series": [{"labels": labels, "points": p} for labels, p in rows], "next": None}

    def send(self, method, path, params, body, content_type, key=None):
        self.sent.append((method, path, params, json.loads(body), content_type, key))

    @property
    def rows(self):
        return [row for sent in self.sent for row in sent[3]["anomalies"]]

    def cycle(self, *specs) -> Report:
        return run_once(specs, ExporterSource(self), ExporterSink(self))


MEAN = {"metric": COLUMN_MEAN.name, "role": "prediction"}


def test_newest_window_is_sent_with_the_labels_of_its_series():
    values = [*history(), 300.0]
    found = detect([point[0] for point in points(values)], values, "seasonal_esd")
    exporter = Exporter(**{COLUMN_MEAN.name: [({"__name__": COLUMN_MEAN.name, **LABELS}, points(values))]})
    report = exporter.cycle(spec(MEAN))

    which = '{project="travel",model="delay",role="prediction",segment="",version=""}'
    assert exporter.asked == [
        ("/api/v1/series", {"match": f"{name}{which}", "as": "event"})
        for name in (WINDOW_END.name, COLUMN_MEAN.name)
    ]
    assert [sent[:3] + sent[4:] for sent in exporter.sent] == [
        ("POST", "/api/v1/anomalies", {"project": "travel", "model": "delay"}, "application/json", None)
    ]
    assert exporter.rows == [
        {
            "labels": LABELS | {"metric": COLUMN_MEAN.name, "detector": "seasonal_esd"},
            "window_end": FIRST + 81 * DAY,
            "score": found.score[-1],
            "expected": found.expected[-1],
            "lower": found.lower[-1],
            "upper": found.upper[-1],
            "ready": 1,
        }
    ]
    assert (report.scored, report.skipped, report.errors) == (1, {}, ())
    assert [alarm.score for alarm in report.alarms] == [found.score[-1]]
    assert found.score[-1] > 1


def test_labels_of_the_series_decide_which_labels_a_finding_has():
    quality = {"project": "travel", "model": "delay", "version": "", "segment": "", "segment_value": ""}
    drift = LABELS | {"baseline": "reference", "instance": "pod-1"}
    exporter = Exporter(
        **{ROC_AUC.name: [(quality, points(history()))], COLUMN_PSI.name: [(drift, points(history()))]}
    )
    exporter.cycle(spec({"metric": ROC_AUC.name}, {"metric": COLUMN_PSI.name}))

    assert [row["labels"] for row in exporter.rows] == [
        quality | {"metric": ROC_AUC.name, "detector": "seasonal_esd"},
        LABELS | {"baseline": "reference", "metric": COLUMN_PSI.name, "detector": "seasonal_esd"},
    ]


def test_days_one_by_one_with_restarts_give_the_scores_of_the_whole_history():
    """Nothing is kept between cycles: each day has a sidecar of its own."""
    values, scores = history(70), []
    for n in range(1, 71):
        exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, points(values[:n]))]})
        exporter.cycle(spec(MEAN))
        scores.append(exporter.rows[0]["score"])

    whole = detect([point[0] for point in points(values)], values, "seasonal_esd").score
    assert sum(score is not None for score in scores) > 20
    assert scores == [None if math.isnan(score) else score for score in whole]


def test_the_same_cycle_again_sends_the_same_bytes_without_a_key():
    exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, points(history()))]})
    first, second = exporter.cycle(spec(MEAN)), exporter.cycle(spec(MEAN))

    assert first == second
    assert exporter.sent[0] == exporter.sent[1]
    assert exporter.sent[0][-1] is None


@pytest.mark.parametrize(
    ("values", "reason", "ready"),
    [(history(20), "warming up", 0), ([*history(80), math.nan], "no value", 1)],
)
def test_a_window_that_cannot_be_scored_is_sent_without_a_score(values, reason, ready):
    """Else the alarm of the window before would stay."""
    exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, points(values))]})
    report = exporter.cycle(spec(MEAN))

    assert report == Report(0, (), {reason: 1}, ())
    assert [(row["score"], row["ready"]) for row in exporter.rows] == [(None, ready)]
    assert (exporter.rows[0]["expected"] is None) == (ready == 0)


def test_planned_gaps_are_neither_scored_nor_learnt():
    """The local day before the window's end is skipped: in New York that window ends at 4 or 5 UTC."""
    values = [*history(80), 500.0]
    skipped = date(2026, 1, 5) + timedelta(days=80)
    closed = spec(MEAN, skip=[skipped.isoformat()], timezone="UTC")
    exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, points(values))]})
    report = exporter.cycle(closed)
    after = Exporter(**{COLUMN_MEAN.name: [(LABELS, points([*values, 60.0]))]})
    after.cycle(closed)
    lost = [*values[:-1], math.nan, 60.0]

    assert report == Report(0, (), {"planned gap": 1}, ())
    assert exporter.rows[0]["score"] is None
    assert Exporter(**exporter.series).cycle(spec(MEAN)).scored == 1
    assert after.rows[0]["score"] == detect([p[0] for p in points(lost)], lost, "seasonal_esd").score[-1]


def test_planned_gaps_are_days_of_the_spec_zone():
    """A window that ends on 2 March 05:00 UTC is 1 March in New York."""
    ends = [FIRST + 5 * 3600 + DAY * i for i in range(1, 57)]
    assert datetime.fromtimestamp(ends[-1], UTC) == datetime(2026, 3, 2, 5, tzinfo=UTC)
    exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, [[end, 5.0, end] for end in ends])]})
    reasons = [
        exporter.cycle(spec(MEAN, skip=[day], timezone="America/New_York")).skipped
        for day in ("2026-02-28", "2026-03-01", "2026-03-02")
    ]

    assert reasons == [{}, {"planned gap": 1}, {}]


BAD = {
    "unsorted": [[2.0, 1.0, 0], [1.0, 1.0, 0]],
    "twice": [[1.0, 1.0, 0], [1.0, 1.0, 0]],
    "text": [[1.0, "many", 0]],
    "short": [[]],
    "null time": [[None, 1.0, 0]],
    "number": [7],
    "far": [[1e300, 1.0, 0]],
}


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_series_never_stops_the_others(bad):
    good = (LABELS, points(history()))
    other = (LABELS | {"column": "other"}, points(history(seed=3)))
    one = (LABELS | {"column": "bad"}, BAD[bad])
    exporter = Exporter(**{COLUMN_MEAN.name: [good, one, other]})
    report = exporter.cycle(spec(MEAN, skip=["2025-01-01"]))

    assert report.scored == 2
    assert [row["labels"]["column"] for row in exporter.rows] == ["score", "other"]
    assert len(report.errors) == 1
    assert "'column': 'bad'" in report.errors[0]


def test_one_bad_watch_never_stops_the_others():
    exporter = Exporter(
        **{
            COLUMN_MEAN.name: [(LABELS, points(history()))],
            COLUMN_MISSING.name: ServiceError("GET: no answer", 0),
        }
    )
    report = exporter.cycle(
        spec(
            {"metric": COLUMN_MISSING.name},
            MEAN,
        )
    )

    assert report.scored == 1
    assert len(report.errors) == 1
    assert "travel/delay: detect[0]: " in report.errors[0]
    assert "no answer" in report.errors[0]


def test_one_model_that_is_refused_never_stops_the_others():
    class Refusing(Exporter):
        def send(self, method, path, params, *rest, **more):
            if params["model"] == "delay":
                raise ServiceError("POST: 413 too large", 413)
            super().send(method, path, params, *rest, **more)

    exporter = Refusing(**{COLUMN_MEAN.name: [(LABELS, points(history()))]})
    report = exporter.cycle(spec(MEAN), spec(MEAN, model="price"))

    assert [sent[2]["model"] for sent in exporter.sent] == ["price"]
    assert report.errors == ("travel/delay: findings were not sent: POST: 413 too large",)


def test_no_more_than_2000_series_of_a_model_are_watched():
    many = [(LABELS | {"column": f"c{i}"}, points([1.0])) for i in range(2_003)]
    exporter = Exporter(**{COLUMN_MEAN.name: many})
    report = exporter.cycle(spec(MEAN))

    assert len(exporter.rows) == 2_000
    assert [len(sent[3]["anomalies"]) for sent in exporter.sent] == [500] * 4
    assert report.skipped == {"warming up": 2_000, "over 2000 series of a model": 3}


def test_a_series_named_by_two_entries_is_watched_once():
    exporter = Exporter(**{COLUMN_MEAN.name: [(LABELS, points(history()))]})
    report = exporter.cycle(spec(MEAN, {"metric": COLUMN_MEAN.name}))

    assert (report.scored, report.skipped) == (1, {"watched twice": 1})
    assert len(exporter.rows) == 1


def test_only_the_columns_named_are_watched():
    rows = [(LABELS | {"column": name}, points(history())) for name in ("a", "b", "c")]
    exporter = Exporter(**{COLUMN_MEAN.name: rows})
    exporter.cycle(spec({"metric": COLUMN_MEAN.name, "columns": ["a", "c"]}))

    assert [row["labels"]["column"] for row in exporter.rows] == ["a", "c"]


def test_a_selector_quotes_what_it_names():
    watch = Watch("p", "m", COLUMN_MEAN.name, "seasonal_esd", columns=('a"b\\c\nd',))

    assert watch.match.endswith(r',column="a\"b\\c\nd"}')


def test_model_without_detect_is_passed_over():
    exporter = Exporter()

    assert exporter.cycle(spec()) == Report()
    assert exporter.asked == exporter.sent == []
    assert watches(spec()) == []


def test_a_series_split_over_pages_comes_back_whole():
    class Paged(Exporter):
        def get(self, path, params=None):
            page = int(params.get("cursor", 0))
            row = {"labels": LABELS, "points": points(history())[page * 30 : page * 30 + 30]}
            return {"series": [row], "next": str(page + 1) if page < 2 else None}

    assert ExporterSource(Paged()).series(watches(spec(MEAN))[0]) == [History(LABELS, points(history()))]


@pytest.mark.parametrize("answer", [{"series": [], "next": "1"}, {}, [], None, {"series": [{"labels": {}}]}])
def test_an_answer_without_end_or_series_is_an_error(answer):
    class Odd(Exporter):
        def get(self, path, params=None):
            return answer

    with pytest.raises(ServiceError, match="GET /api/v1/series: "):
        ExporterSource(Odd()).series(watches(spec(MEAN))[0])


class Clock:
    """Seconds that pass only where the test says so, and a wait that notes what it was asked."""

    def __init__(self, cycles):
        self.now, self.cycles, self.waits = 0.0, cycles, []

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now += seconds
        self.cycles -= 1
        return self.cycles == 0


def test_cycles_begin_at_a_steady_rhythm_and_a_long_one_is_followed_at_once():
    clock, lasts = Clock(4), iter([5.0, 0.0, 75.0, 1.0])

    def cycle():
        clock.now += next(lasts)
        return Report()

    assert run(cycle, 60, clock.wait, clock) == 4
    assert clock.waits == [55.0, 60.0, 0.0, 59.0]


def test_an_error_in_one_cycle_is_logged_and_the_next_goes_on(caplog):
    outcomes = iter([RuntimeError("disk full"), Report(1, (), {"no value": 2}, ("bad series",))])

    def cycle():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    clock = Clock(2)
    with caplog.at_level(logging.INFO):
        assert run(cycle, 60, clock.wait, clock) == 2

    assert "disk full" in caplog.text
    assert "1 series scored, 0 alarms, skipped: 2 no value" in caplog.text
    assert "bad series" in caplog.text


def test_a_rhythm_of_no_length_is_refused():
    with pytest.raises(ValueError, match="every_seconds: 0 is not in the range x>0"):
        run(Report, 0, Clock(1).wait)
