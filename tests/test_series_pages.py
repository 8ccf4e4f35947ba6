"""Pages stay right while what they list grows: every entry there was at the first page comes once, as it was then."""

from __future__ import annotations

import pytest
from conftest import THREE_LINES
from hypothesis import given, settings
from hypothesis import strategies as st
from notices import MODEL, run
from sending import send_day
from sqlalchemy import create_engine, insert
from tables import day

from wolfpack.exporter import points, schema
from wolfpack.exporter.points import Cursor, Question, first, page

SERIES = st.integers(1, 4)
TIMES = st.integers(0, 6)
VALUES = st.none() | st.integers(-5, 5).map(float)
ROWS = st.lists(st.tuples(SERIES, TIMES, VALUES), max_size=25)
"""Revisions in the order in which they are computed: of which series, of which window, with which value."""


class Ledger:
    """Histories of four series in memory; each batch of rows is written at a later time."""

    def __init__(self) -> None:
        self.connection = create_engine("sqlite://").connect()
        schema.metadata.create_all(self.connection)
        self.connection.execute(insert(schema.models).values(id=1, project="p", model="m", created=0))
        for number in range(1, 5):
            row = {"id": number, "model_id": 1, "family": "f", "labels": f"[{number}]"}
            self.connection.execute(insert(schema.series).values(row))
        self.now = 0.0
        self.kept: list[tuple[int, int, float | None, float]] = []

    def write(self, rows) -> None:
        for number, end, value in rows:
            self.now += 0.25
            key = {"series_id": number, "window_end": end, "value": value}
            self.connection.execute(insert(schema.samples).values(key | {"computed": self.now}))
            self.connection.execute(insert(schema.exposures).values(key | {"shown": self.now}))
            self.kept.append((number, end, value, self.now))

    def expected(self, question: Question) -> list[tuple[int, tuple]]:
        """Return every point of what there is now: the slow way, over all rows."""
        if question.history == "exposed":
            shown = [row for row in self.kept if question.start <= row[3] <= question.end]
            return [(n, (end, value, at)) for n, end, value, at in sorted(shown, key=lambda r: (r[0], r[3]))]
        newest = {(n, end): (end, value, at) for n, end, value, at in self.kept}
        return [
            (n, point)
            for (n, end), point in sorted(newest.items())
            if question.start <= end <= question.end
            and (point[2] >= question.changed if question.changed else point[1] is not None)
        ]


QUESTIONS = st.builds(
    Question,
    st.sampled_from(["event", "exposed"]),
    st.sampled_from([0.0, 2.0]),
    st.sampled_from([4.0, 1e12]),
    st.just(0.0),
) | st.builds(Question, st.just("event"), st.just(0.0), st.just(1e12), st.sampled_from([0.25, 1.0, 3.0]))


@settings(max_examples=150, deadline=None)
@given(ROWS, st.lists(ROWS, max_size=4), QUESTIONS, st.integers(1, 7))
def test_pages_hold_what_there_was_at_the_first_whatever_comes(rows, later, question, most) -> None:
    """In order, each point once, none longer than asked for, through cursors as they are sent."""
    ledger = Ledger()
    ledger.write(rows)
    expected, numbers = ledger.expected(question), [1, 2, 3, 4]
    cursor: Cursor | None = first(ledger.connection, numbers, question)
    found = []
    while cursor is not None:
        its, cursor = page(ledger.connection, numbers, question, cursor, most)
        assert sum(map(len, its.values())) <= most
        assert len(found) <= len(expected)  # or it would go on for ever
        found += [(number, point) for number, some in its.items() for point in some]
        cursor = cursor and Cursor.read(cursor.text("0" * 8), "0" * 8)
        ledger.write(later.pop() if later else [])

    assert found == expected


def test_series_are_read_in_chunks(monkeypatch) -> None:
    monkeypatch.setattr(points, "CHUNK", 2)
    ledger = Ledger()
    ledger.write([(number, end, 1.0) for number in (4, 2, 3, 1) for end in range(3)])
    question = Question("event", 0, 1e12)
    its, following = page(ledger.connection, [4, 3, 2, 1], question, Cursor(99.0), 100)

    assert (list(its), following) == ([1, 2, 3, 4], None)
    assert [len(some) for some in its.values()] == [3] * 4


def test_a_page_reads_its_series_by_their_keys() -> None:
    """SQLite's own plan: no table is scanned, and nothing is sorted but the changes, which come by another index."""
    ledger = Ledger()
    for question in (Question("event", 0, 9), Question("exposed", 0, 9), Question("event", 0, 9, 2)):
        query = points._query([1, 2], -1.0, question, 5.0)
        text = str(query.compile(ledger.connection, compile_kwargs={"literal_binds": True}))
        plan = [row[3] for row in ledger.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]

        assert not any(line.startswith("SCAN") for line in plan), plan
        assert any("TEMP B-TREE" in line for line in plan) == bool(question.changed), plan


def test_what_changed_is_read_by_when_it_was_computed() -> None:
    """Else each look of a detector reads every window that any series ever had."""
    ledger = Ledger()
    query = points._query([1, 2], -1.0, Question("event", 0.0, 9.0, changed=1.0), 2.0).limit(5)
    text = str(query.compile(ledger.connection, compile_kwargs={"literal_binds": True}))
    plan = [row.detail for row in ledger.connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text)]

    assert "samples_by_computed" in plan[0]


def ask(exporter, **query: str):
    return exporter.http.get("/api/v1/series", query_string={"match": 'ml_pane_rows{role="input"}'} | query)


def test_a_late_table_between_two_pages_changes_neither(registered, baseline, monkeypatch) -> None:
    registered.at("2024-05-03T06:10:00-04:00")
    send_day(registered, baseline, "2024-05-01", day(61))
    registered.at("2024-05-03T07:00:00-04:00")
    whole = ask(registered).json["series"]
    monkeypatch.setattr("wolfpack.exporter.reads.POINTS", 50)
    answer, found = ask(registered).json, {}
    for hour in (8, 9, 10, 11):
        for one in answer["series"]:
            found.setdefault(str(one["labels"]), []).extend(one["points"])
        if answer["next"] is None:
            break
        send_day(registered, baseline, "2024-05-01", day(61, rows=70 + hour))
        send_day(registered, baseline, "2024-05-02", day(62))
        registered.at(f"2024-05-03T{hour:02}:00:00-04:00")
        answer = ask(registered, cursor=answer["next"]).json

    assert answer["next"] is None
    assert found == {str(one["labels"]): one["points"] for one in whole}
    assert ask(registered).json["series"] != whole  # the tables that came are there for who asks now


@pytest.mark.parametrize(
    "change",
    [{"as": "exposed"}, {"match": "ml_pane_rows"}, {"end": "9"}, {"cursor": "1_1_1"}, {"cursor": "x" * 999}],
)
def test_a_cursor_of_another_question_is_refused(registered, monkeypatch, change) -> None:
    registered.at("2024-05-01T07:00:00-04:00")
    monkeypatch.setattr("wolfpack.exporter.reads.POINTS", 7)
    cursor = ask(registered).json["next"]
    answer = ask(registered, **{"cursor": cursor} | change)

    assert answer.status_code == 422
    assert answer.json["where"] == "cursor"
    assert ask(registered, cursor=cursor).status_code == 200


# --- lists


def pages(http, path: str, name: str, meanwhile=lambda: None, **query: str) -> list:
    """Read a list an entry a page, with something done between two pages."""
    found, cursor = [], {}
    while True:
        answer = http.get(path, query_string=query | {"limit": "1"} | cursor)
        assert answer.status_code == 200, answer.text
        found += answer.json[name]
        if answer.json["next"] is None:
            return found
        cursor = {"cursor": answer.json["next"]}
        meanwhile()


@pytest.fixture
def several(make_exporter):
    one = make_exporter(THREE_LINES)
    for project, model in (("travel", "a.b"), ("travel", "a"), ("bank", "z"), ("Shop", "m")):
        text = THREE_LINES.replace("travel", project).replace("arrival-delay", model)
        (one.service.registry._paths[0] / f"{project}-{model}.yml").write_text(text)
    one.at("2024-05-01T06:00:00-04:00")
    return one


def test_projects_and_models_come_a_page_at_a_time(several) -> None:
    whole = several.http.get("/api/v1/models").json

    assert whole["next"] is None
    assert pages(several.http, "/api/v1/projects", "projects") == ["Shop", "bank", "travel"]
    assert pages(several.http, "/api/v1/models", "models") == whole["models"]
    assert [one["model"] for one in pages(several.http, "/api/v1/models", "models", project="travel")] == [
        "a",
        "a.b",
        "arrival-delay",
    ]


def test_a_model_that_comes_between_two_pages_moves_no_other(several) -> None:
    folder = several.service.registry._paths[0]

    def add() -> None:
        (folder / "first.yml").write_text(THREE_LINES.replace("travel", "AAA"))
        assert several.http.post("/-/reload").status_code == 200

    assert pages(several.http, "/api/v1/projects", "projects", add) == ["Shop", "bank", "travel"]
    assert pages(several.http, "/api/v1/projects", "projects")[0] == "AAA"


def test_windows_come_newest_first_and_those_that_come_meanwhile_move_none(registered, baseline) -> None:
    registered.at("2024-05-09T07:00:00-04:00")
    for number in (1, 2, 3):
        send_day(registered, baseline, f"2024-05-0{number}", day(60 + number))
    later = iter(range(4, 9))

    def send() -> None:
        number = next(later, 8)
        send_day(registered, baseline, f"2024-05-0{number}", day(60 + number))

    found = pages(registered.http, "/api/v1/windows", "windows", send, **MODEL)
    whole = registered.http.get("/api/v1/windows", query_string=MODEL).json["windows"]

    assert [one["start"] for one in found] == sorted((one["start"] for one in found), reverse=True)
    assert len(found) == 3
    assert len(whole) > 3
    assert whole[-3:] == found


def test_runs_that_come_between_two_pages_move_none(watched) -> None:
    for hour in (1, 2, 3):
        run(watched, f"2024-05-01T0{hour}:00:00-04:00")
    more = lambda: run(watched, "2024-05-01T05:00:00-04:00", run="x")  # noqa: E731  # one line, used once

    assert len(pages(watched.http, "/api/v1/jobs", "jobs", more, **MODEL)) == 3


@pytest.mark.parametrize("path", ["jobs", "windows", "deployments", "feedback"])
@pytest.mark.parametrize("wrong", [{"cursor": "x"}, {"limit": "0"}, {"limit": "1001"}, {"limit": "1.5"}])
def test_a_wrong_page_is_refused(registered, path, wrong) -> None:
    answer = registered.http.get(f"/api/v1/{path}", query_string=MODEL | wrong)

    assert answer.status_code == 422
    assert answer.json["where"] == next(iter(wrong))
