"""The log source: every line once, in the pane of its time; a bad line harms no other."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from log_source import NOON, REFERENCE, Log, line, lines
from sqlalchemy import select
from tables import day, reference

from wolfpack.exporter import schema, sources_log
from wolfpack.exporter.keys import key_hashes


def test_lines_are_taken_once_as_they_come(log) -> None:
    for numbers in ((1, 2, 3), (4,), (), (5, 6)):
        log.add(lines(*numbers))
        log.read()
        log.read()

    assert log.taken() == [6, 21]
    assert log.taken("prediction") == [6, 3]
    assert log.own("wolfpack_source_rows_total") == 6
    assert log.own("wolfpack_source_refused_total") == 0
    assert log.own("wolfpack_source_lag_seconds") == 0


def test_calls_are_shown_like_any_rows(log) -> None:
    """By pane, version and segment, with predictions that wait for their labels."""
    log.exporter.http.put(REFERENCE, data=reference(20).to_bytes())
    table = day(61)
    keys, origins = table["id"].to_pylist(), table["origin"].to_pylist()
    for place, (delay, score) in enumerate(
        zip(table["delay"].to_pylist(), table["score"].to_pylist(), strict=True)
    ):
        inputs = {"delay": delay, "carrier": "AA", "origin": origins[place]}
        log.add(line(0, inputs=inputs, prediction=score, request_id=keys[place], version=str(1 + place % 2)))
    log.read()
    labels = b"id,late\n" + b"".join(
        f"{key},{late:.0f}\n".encode() for key, late in zip(keys, table["late"].to_pylist(), strict=True)
    )
    assert log.exporter.send("/api/v1/labels", labels, "text/csv").status_code == 200
    log.exporter.at("2024-05-02T06:00:00-04:00")
    value = log.exporter.value

    assert value("ml_pane_rows", role="input") == 200
    assert value("ml_window_rows", role="prediction", version="2") == 100
    assert value("ml_pane_rows", role="input", segment="origin", segment_value="JFK") == origins.count("JFK")
    assert value("ml_pane_mean", role="input", column="delay") == pytest.approx(
        sum(table["delay"].to_pylist()) / 200
    )
    assert value("ml_model_roc_auc") > 0.6


def test_the_rest_of_a_line_is_waited_for(log) -> None:
    whole = line(7)
    log.add(line(1) + whole[:30])
    log.read()
    before = log.taken()
    log.add(whole[30:])
    log.read()

    assert (before, log.taken()) == ([1, 1], [2, 8])


def test_a_restart_goes_on_where_it_was(log, make_exporter) -> None:
    log.add(lines(1, 2))
    log.read()
    log.add(lines(3))
    log.exporter.close()
    again = Log(make_exporter, log.file.parent)
    again.read()

    assert again.taken() == [3, 6]


def test_a_bad_line_is_refused_by_its_place_and_harms_no_other(log, caplog) -> None:
    log.add(lines(1) + b"secret oops\n" + lines(2))
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        log.read()

    assert log.taken() == [2, 3]
    assert log.own("wolfpack_source_refused_total") == 1
    assert f"calls.ndjson: the line at byte {len(lines(1))} is refused: it is no JSON" in caplog.text
    assert "secret" not in caplog.text


def test_many_bad_lines_are_counted_and_a_few_are_told(log, caplog) -> None:
    log.add(b"oops\n" * 1000 + lines(1))
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        log.read()

    assert log.own("wolfpack_source_refused_total") == 1000
    assert caplog.text.count("is refused") == sources_log.TOLD
    assert "995 more lines up to byte 4995 are refused" in caplog.text


@pytest.mark.parametrize(
    ("at", "taken"),
    [
        (NOON - timedelta(hours=2), 1),
        (NOON + timedelta(days=1), 0),
        (NOON - timedelta(days=399), 1),
        (NOON - timedelta(days=500), 0),
        (datetime(1990, 1, 1, tzinfo=UTC), 0),
        (datetime(9999, 1, 1, tzinfo=UTC), 0),
    ],
    ids=str,
)
def test_rows_of_panes_that_are_not_taken_are_refused(log, at, taken) -> None:
    log.add(line(1, at))
    log.read()

    assert (log.taken()[0], log.own("wolfpack_source_refused_total")) == (taken, 1 - taken)


def test_a_clock_that_is_a_little_ahead_loses_nothing(log) -> None:
    """A pane may begin minutes after now, for other machines' clocks differ."""
    log.exporter.at("2024-05-01T23:58:00-04:00")
    log.add(line(1, datetime(2024, 5, 2, 4, 1, tzinfo=UTC)))
    log.read()

    assert log.taken() == [1, 1]


def test_lines_of_another_model_are_passed_over(log) -> None:
    log.add(line(1, model="another") + line(2))
    log.read()

    assert log.taken() == [1, 2]
    assert log.own("wolfpack_source_refused_total") == 0


def test_rows_fall_into_the_panes_of_their_times(log) -> None:
    """Midnight is New York's."""
    times = [
        datetime(2024, 4, 30, 3, 59, 59, tzinfo=UTC),
        datetime(2024, 4, 30, 4, 0, tzinfo=UTC),
        NOON - timedelta(hours=3),
    ]
    log.add(b"".join(line(1, at) for at in times))
    log.read()
    parts = schema.parts.c
    with log.exporter.service.ledger.read() as connection:
        rows = (
            connection.execute(select(parts.start).where(parts.role == "input").order_by(parts.start))
            .scalars()
            .all()
        )

    assert [datetime.fromtimestamp(start, UTC).isoformat() for start in rows] == [
        f"2024-{date}T04:00:00+00:00" for date in ("04-29", "04-30", "05-01")
    ]


def test_a_refused_commit_takes_nothing_and_is_tried_again(log, monkeypatch) -> None:
    """Rows and position are one transaction."""
    from wolfpack.exporter import sources_positions

    def fail(*_: object) -> None:
        raise OSError("disk full")

    log.add(lines(1, 2))
    with monkeypatch.context() as patched:
        patched.setattr(sources_positions, "save", fail)
        log.read()
        before = log.taken()
    log.read()

    assert (before, log.taken()) == ([0, 0], [2, 3])


def test_a_backlog_is_read_in_slices(log, monkeypatch) -> None:
    """A part has several slices, a round several parts, and every line is in one."""
    monkeypatch.setattr(sources_log, "SLICE", 1000)
    log.exporter.http.put(REFERENCE, data=reference(3).to_bytes())
    log.add(lines(*range(500)))
    log.read()

    assert log.taken() == [500, sum(range(500))]
    assert 10 < len(log.profiles()) < 20


def test_a_line_longer_than_a_slice_is_read_and_one_beyond_the_bound_refused(log, monkeypatch) -> None:
    monkeypatch.setattr(sources_log, "SLICE", 1000)
    monkeypatch.setattr(sources_log, "LONGEST", 4000)
    text = {"delay": 2.0, "carrier": "x" * 2500}
    log.add(line(1) + line(0, inputs=text) + line(0, inputs=text | {"carrier": "x" * 9000}) + line(3))
    log.read()

    assert log.taken() == [3, 6]
    assert log.own("wolfpack_source_refused_total") >= 1


def test_without_a_key_among_the_inputs_the_request_id_is_the_key(log) -> None:
    log.add(line(1) + line(2, inputs={"delay": 2.0, "id": 17}) + line(3, inputs={"delay": 1.0, "id": None}))
    log.read()
    with log.exporter.service.ledger.read() as connection:
        keys = connection.execute(select(schema.predictions.c.key)).scalars().all()

    assert sorted(keys) == sorted(key_hashes(["17", "r1", "r3"]).tolist())


def test_a_source_that_is_changed_or_removed_by_a_reload_follows_its_spec(log, tmp_path) -> None:
    log.add(lines(1))
    log.read()
    spec = tmp_path / "exporter" / "specs" / "model.yml"
    text = spec.read_text()
    other = log.file.with_name("other.ndjson")
    other.write_bytes(lines(10))
    spec.write_text(text.replace("calls.ndjson", "other.ndjson"))
    log.exporter.http.post("/-/reload")
    log.read()
    changed = log.taken()
    spec.write_text(text.split("sources:")[0])
    log.exporter.http.post("/-/reload")
    log.add(lines(2))
    log.read()

    assert changed == [2, 11]
    assert log.taken() == changed
    assert log.sources.lags() == {}
