"""What the ledger keeps and for how long: short panes as hours, nothing that is shown lost, the rest forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from conftest import FULL, THREE_LINES
from sqlalchemy import func, insert, select
from tables import day, inputs, reference

from wolfpack.exporter import schema, store
from wolfpack.exporter.hours import drop_minutes
from wolfpack.spec import Spec, WolfpackError
from wolfpack.spec import keeping as rules
from wolfpack.spec.keeping import DAY, Keeping, parse_keeping
from wolfpack.stats import profile

pytestmark = pytest.mark.both_ledgers

MINUTES = THREE_LINES + "every: 1m\nwindow: 2h\n"
BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
MATCH = 'ml_window_rows{role="input",segment="",version=""}'


@pytest.fixture(scope="module")
def body() -> bytes:
    return profile(inputs(day(61, rows=20)), by=["origin"]).to_bytes()


def at(exporter, **after: float) -> None:
    exporter.at((BEGIN + timedelta(**after)).isoformat())


def count(exporter, table) -> int:
    with exporter.service.ledger.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def send(exporter, data: bytes, when: datetime, **params: str):
    return exporter.send("/api/v1/profiles", data, at=when.isoformat(), **params)


def points(exporter, match: str, kind: str) -> list[tuple[float | None, ...]]:
    answer = exporter.http.get("/api/v1/series", query_string={"match": match, "as": kind})
    return [tuple(point) for series in answer.json["series"] for point in series["points"]]


@pytest.fixture
def minutes(make_exporter, body):
    """An exporter of a model of minutes, with those of three hours, at two minutes past the third."""
    one = make_exporter(MINUTES)
    at(one)
    for number in range(0, 180, 2):
        at(one, minutes=number)
        assert send(one, body, BEGIN + timedelta(minutes=number)).status_code == 200
    at(one, minutes=182)
    return one


def test_minutes_become_hours_and_windows_stay(minutes, body) -> None:
    """After two days there are only blocks; a window over both sees all of its rows."""
    shown = minutes.value("ml_window_rows", role="input")
    at(minutes, minutes=200)
    stored, there = count(minutes, schema.blocks), count(minutes, schema.parts)
    at(minutes, days=2, hours=2, minutes=30)

    assert (shown, stored, there) == (60 * 20, 3, 90)
    assert (count(minutes, schema.blocks), count(minutes, schema.parts)) == (3, 30)
    late = send(minutes, body, BEGIN + timedelta(hours=2, minutes=35))  # its hour is not merged yet
    at(minutes, days=2, hours=2, minutes=31)
    assert late.status_code == 200
    # The window begins at 00:36, in an hour of which only the whole is left; it has those at 01:00 and 02:00.
    assert points(minutes, MATCH, "event")[-13][:2] == ((BEGIN + timedelta(hours=2, minutes=36)).timestamp(), 49 * 20)


def test_a_pane_that_was_merged_takes_no_part(minutes, body) -> None:
    """Not at its age, and not if the clock was set back since."""
    at(minutes, days=2, hours=2)
    old = send(minutes, body, BEGIN + timedelta(minutes=30))
    minutes.service.clock._now -= DAY
    back = send(minutes, body, BEGIN + timedelta(minutes=30))

    assert (old.status_code, back.status_code) == (422, 422)
    assert "ended over 2d ago; panes are kept no longer" in old.json["detail"]
    assert "merged to hours and deleted" in back.json["detail"]


def test_panes_that_are_given_up_are_not_due(minutes) -> None:
    """What is not taken any more is not waited for."""
    at(minutes, days=10)
    due = minutes.value("ml_window_due_timestamp_seconds", role="input")

    assert due == (BEGIN + timedelta(days=8) - timedelta(minutes=1) + timedelta(minutes=1, hours=6)).timestamp()


def test_hours_are_forgotten_after_thirty_days(minutes) -> None:
    at(minutes, days=3)
    kept = count(minutes, schema.blocks)
    at(minutes, days=29)
    still = count(minutes, schema.blocks)
    at(minutes, days=31)

    assert (kept, still, count(minutes, schema.blocks)) == (3, 3, 0)


def test_panes_and_what_was_shown_are_forgotten_and_samples_are_not(make_exporter, body) -> None:
    one = make_exporter(FULL)
    one.at("2024-05-02T06:00:00-04:00")
    for number in (0, 1):
        send(one, body, BEGIN + timedelta(days=number, hours=12))
        one.at(f"2024-05-0{number + 2}T06:10:00-04:00")
    event = points(one, MATCH, "event")
    one.at("2025-06-05T06:00:00-04:00")  # 400 days after 1 May, which ended on the 2nd, and one more
    one.at("2025-06-06T07:00:00-04:00")

    assert [value for _, value, _ in event] == [20, 40]
    assert points(one, MATCH, "event") == event
    assert count(one, schema.parts) == 1
    assert [value for _, value, _ in points(one, MATCH, "exposed")] == [20, 40]
    one.at("2025-06-08T07:00:00-04:00")
    assert count(one, schema.parts) == 0
    assert [value for _, value, _ in points(one, MATCH, "exposed")] == [40]  # shown still: it is known since when
    assert one.value("ml_window_rows", role="input") == 40


def test_what_was_replaced_goes_and_what_counts_stays(make_exporter, body) -> None:
    one = make_exporter(FULL)
    one.at("2024-05-02T06:00:00-04:00")
    for rows in (10, 15, 20):
        table = profile(inputs(day(61, rows=rows)), by=["origin"])
        send(one, table.to_bytes(), BEGIN + timedelta(hours=12))
    send(one, body, BEGIN + timedelta(hours=12), part="other")
    one.at("2024-05-08T06:00:00-04:00")
    before = count(one, schema.parts)
    one.at("2024-05-10T06:00:00-04:00")

    assert (before, count(one, schema.parts)) == (4, 2)
    assert one.value("ml_window_rows", role="input") == 40


def test_samples_and_references_are_forgotten_when_it_is_asked(make_exporter, body) -> None:
    one = make_exporter(FULL, keeping=Keeping(samples=10 * DAY, panes=40 * DAY))
    path = "/api/v1/projects/travel/models/arrival-delay/reference"
    one.at("2024-05-02T06:00:00-04:00")
    for days in (20, 21):
        assert one.http.put(path, data=reference(days).to_bytes()).status_code == 200
    one.at("2024-05-02T06:10:00-04:00")
    before = count(one, schema.references), min(end for end, _, _ in points(one, MATCH, "event"))
    one.at("2024-05-20T06:00:00-04:00")
    after = [end for end, _, _ in points(one, MATCH, "event")]
    one.at("2024-06-20T06:00:00-04:00")

    assert before == (2, datetime(2024, 3, 2, 5, tzinfo=UTC).timestamp())
    assert after == []
    assert count(one, schema.references) == 1
    assert one.http.get(path.replace("reference", "plan")).status_code == 200


def test_keys_are_forgotten_by_age_and_by_number(make_exporter, body, monkeypatch) -> None:
    monkeypatch.setattr("wolfpack.exporter.sweep.MOST_KEYS", 3)
    one = make_exporter(FULL)
    one.at("2024-05-02T06:00:00-04:00")
    for number in range(5):
        one.service.clock._now += 1
        assert send(one, body, BEGIN, key=f"k{number}").status_code == 200
    one.at("2024-05-02T07:00:00-04:00")
    again = send(one, b"another body", BEGIN, key="k4")
    few = count(one, schema.idempotency)
    one.at("2024-05-10T07:00:00-04:00")

    assert (few, count(one, schema.idempotency)) == (3, 0)
    assert again.status_code != 200  # the newest are known still


def test_the_last_run_that_succeeded_is_kept(make_exporter) -> None:
    one = make_exporter(FULL)
    one.at("2024-05-02T06:00:00-04:00")
    with one.service.ledger.write() as connection:
        rows = [("a", 10, True), ("a", 20, True), ("a", 30, False), ("b", 5, True)]
        for job, ended, succeeded in rows:
            values = {"model_id": 1, "job": job, "run": str(ended), "ended": ended, "succeeded": succeeded}
            connection.execute(insert(schema.runs).values(**values, note="", received=0.0))
    one.at("2024-05-03T07:00:00-04:00")
    with one.service.ledger.read() as connection:
        kept = connection.execute(select(schema.runs.c.job, schema.runs.c.run)).all()

    assert {tuple(row) for row in kept} == {("a", "20"), ("a", "30"), ("b", "5")}


# --- what may be said


def test_each_kind_can_be_set() -> None:
    found = parse_keeping(["minutes=1d", "samples=forever", "keys=1d12h"])

    assert found == Keeping(minutes=DAY, samples=inf, keys=1.5 * DAY)
    assert parse_keeping([]) == Keeping(2 * DAY, 30 * DAY, 400 * DAY, 7 * DAY, inf, 400 * DAY, 7 * DAY)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pane=3d", "did you mean panes\\? write KIND=DURATION, as in panes=400d; kinds are minutes, hours"),
        ("panes", "write KIND=DURATION"),
        ("panes=long", "'long' is not a duration; .*; or write forever"),
    ],
)
def test_a_wrong_one_says_what_may_be_written(text, says) -> None:
    with pytest.raises(WolfpackError, match=says):
        parse_keeping([text])


def test_short_panes_change_their_windows_only_while_they_are_there() -> None:
    spec = Spec(version="wolfpack/v1", project="p", model="m", every="1m", window="1h", revise="30d")
    daily = spec.model_copy(update={"every": timedelta(days=1)})
    usual = Keeping()

    assert (usual.revised(spec), usual.revised(daily)) == (timedelta(days=2), timedelta(days=30))
    assert (usual.kept(spec), usual.kept(daily)) == (timedelta(days=30), timedelta(days=400))
    assert Keeping(panes=inf).taken(daily) == rules.CENTURY


def test_an_hour_that_waits_to_be_computed_is_left_as_it_is(minutes) -> None:
    at(minutes, minutes=200)
    service, late = minutes.service, (BEGIN + timedelta(days=9)).timestamp()
    known, pane = service.registry.all()[0], int((BEGIN + timedelta(minutes=70)).timestamp())
    with service.ledger.write() as connection:
        store.mark_pending(connection, known.id, "input", {pane})
    dropped = drop_minutes(service.ledger, service.keeping, known, late)

    assert (dropped, count(minutes, schema.parts)) == (60, 30)  # the hours before and after it are dropped
