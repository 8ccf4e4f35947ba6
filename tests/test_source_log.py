"""The log source: every line once, whatever happens to its file; a bad line harms no other."""

from __future__ import annotations

import gzip
import logging
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import FULL
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from tables import day, reference

from wolfpack.client.prediction_log import Call
from wolfpack.exporter import schema, sources_log
from wolfpack.exporter.keys import key_hashes
from wolfpack.stats import Profile

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
"""The exporter's clock stands two hours before it."""
SPEC = FULL + "sources:\n  calls: {kind: log, path: PATH}\n"
SOURCE = {"source": "calls"}
REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"


def line(number: int, at: datetime = NOON - timedelta(hours=3), **changes: object) -> bytes:
    its = {
        "time": at,
        "request_id": f"r{number}",
        "model": "arrival-delay",
        "version": "1",
        "inputs": {"delay": float(number), "carrier": "AA", "origin": "JFK"},
        "prediction": 0.5,
    }
    return Call(**(its | changes)).line()


def lines(*numbers: int) -> bytes:
    return b"".join(line(number) for number in numbers)


class Log:
    """An exporter with one log source, and its folder."""

    def __init__(self, make_exporter, folder: Path, spec: str = SPEC) -> None:
        self.file = folder / "calls.ndjson"
        self.exporter = make_exporter(spec.replace("PATH", str(self.file)))
        self.exporter.at("2024-05-01T06:00:00-04:00")

    @property
    def sources(self):
        return self.exporter.service.sources

    def add(self, data: bytes) -> None:
        with self.file.open("ab") as out:
            out.write(data)

    def read(self) -> None:
        """Let every source have a round."""
        for its in self.sources._running.values():
            its.next = 0.0
        while self.sources.run() == 0:
            pass

    def taken(self, role: str = "input") -> list[float]:
        """Return the sum of the rows, and of delay, over all parts that count."""
        return [sum(found.rows for found in self.profiles(role)), self.total(role)]

    def profiles(self, role: str = "input") -> list[Profile]:
        parts = schema.parts.c
        newest = (
            select(func.max(parts.id))
            .where(parts.role == role)
            .group_by(parts.version, parts.start, parts.part)
        )
        with self.exporter.service.ledger.read() as connection:
            rows = connection.execute(select(parts.data).where(parts.id.in_(newest))).scalars().all()
        return [Profile.from_bytes(data) for data in rows]

    def total(self, role: str) -> float:
        column = "delay" if role == "input" else "score"
        return sum(
            one[column].count * one[column].mean
            for one in self.profiles(role)
            if one[column].mean is not None
        )

    def own(self, name: str) -> float:
        return self.exporter.value(name, project="travel", model="arrival-delay", **SOURCE)


@pytest.fixture
def log(make_exporter, tmp_path) -> Log:
    folder = tmp_path / "logs"
    folder.mkdir()
    return Log(make_exporter, folder)


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


def test_a_renamed_log_is_read_to_its_end_and_its_successor_from_the_start(log) -> None:
    log.add(lines(1, 2))
    log.read()
    log.add(lines(3))
    log.file.rename(log.file.with_name("calls.ndjson.1"))
    log.add(lines(10, 20))
    log.read()

    assert log.taken() == [5, 36]


def test_a_copied_and_truncated_log_is_read_to_its_end_in_the_copy(log) -> None:
    log.add(lines(1, 2))
    log.read()
    log.add(lines(3))
    shutil.copy(log.file, log.file.with_name("calls.ndjson-20240501"))
    os.truncate(log.file, 0)
    log.read()
    log.add(lines(10))
    log.read()

    assert log.taken() == [4, 16]


def test_a_compressed_log_is_read_to_its_end_and_once(log) -> None:
    log.add(lines(1, 2))
    log.read()
    log.add(lines(3) + line(4).rstrip())
    gz = log.file.with_name("calls.ndjson.1.gz")
    gz.write_bytes(gzip.compress(log.file.read_bytes()))
    log.file.unlink()
    log.sources._running[1, "calls"].reader.close()  # as after a restart: nothing is open
    log.add(lines(10))
    log.read()
    log.read()

    assert log.taken() == [5, 20]


def test_a_compressed_log_that_was_read_is_not_read_again(log) -> None:
    gz = log.file.with_name("calls.ndjson.1.gz")
    data = gzip.compress(lines(*range(200)))
    gz.write_bytes(data)
    log.read()
    gz.write_bytes(data[:-20] + b"x" * 20)
    log.exporter.at("2024-05-01T06:01:00-04:00")
    log.read()

    assert log.taken()[0] == 200
    assert log.own("wolfpack_source_lag_seconds") == 0


def test_of_a_log_and_its_compressed_copy_the_longer_is_read(log) -> None:
    log.add(lines(1, 2))
    log.file.with_name("calls.ndjson.1.gz").write_bytes(gzip.compress(lines(1)))
    log.read()
    log.read()

    assert log.taken() == [2, 3]


def test_logs_that_begin_with_the_same_line_are_told_apart(log) -> None:
    """As a logger's banner; the second one had only that when it was first seen."""
    banner = b'{"message": "started"}\n'
    log.add(banner + lines(1))
    log.read()
    log.file.rename(log.file.with_name("calls.ndjson.1"))
    log.add(banner)
    log.read()
    log.add(lines(10))
    log.read()
    log.add(lines(20))
    log.read()

    assert log.taken() == [3, 31]


def test_new_logs_that_begin_with_the_same_line_are_all_read(make_exporter, tmp_path) -> None:
    log = Log(make_exporter, tmp_path, SPEC.replace("PATH", f'"{tmp_path}/worker-*.ndjson"'))
    for number in range(3):
        (tmp_path / f"worker-{number}.ndjson").write_bytes(b'{"message": "started"}\n' + lines(10 + number))
    log.read()

    assert log.taken() == [3, 33]


def test_a_file_that_is_replaced_while_it_is_looked_at_is_read_in_the_next_round(log, monkeypatch) -> None:
    log.add(lines(1, 2, 3))
    log.read()
    look = sources_log.look

    def replaced(path: Path):
        seen = look(path)
        path.write_bytes(lines(10, 20, 30, 40))
        return seen

    with monkeypatch.context() as patched:
        patched.setattr(sources_log, "look", replaced)
        log.read()
        between = log.taken()
    log.read()

    assert between == [3, 6]
    assert log.taken() == [7, 106]


def test_what_comes_during_a_round_is_not_said_to_be_taken(log, monkeypatch) -> None:
    """The lag is that of the round's begin."""
    read_calls = sources_log.read_calls

    def slow(*arguments, **named):
        log.exporter.service.clock.set(log.exporter.service.clock.now() + 30)
        return read_calls(*arguments, **named)

    monkeypatch.setattr(sources_log, "read_calls", slow)
    log.add(lines(1))
    log.read()

    assert log.own("wolfpack_source_lag_seconds") == 30


def test_a_log_that_is_being_compressed_is_waited_for(log) -> None:
    data = gzip.compress(lines(1, 2, 3), mtime=0)
    gz = log.file.with_name("calls.ndjson.1.gz")
    gz.write_bytes(data[:-12])
    log.read()
    lag = log.sources.lags()["travel", "arrival-delay", "calls"]
    log.exporter.at("2024-05-01T06:01:00-04:00")
    log.read()
    behind = log.own("wolfpack_source_lag_seconds")
    gz.write_bytes(data)
    log.read()

    assert (lag, behind, log.own("wolfpack_source_lag_seconds")) == (0, 60, 0)
    assert log.taken() == [3, 6]


def test_a_file_replaced_under_the_tail_is_read_to_its_end(log) -> None:
    """What was written to the old one after it was last read is in a file that has no name any more."""
    log.add(lines(1, 2))
    log.read()
    with log.file.open("ab") as old:
        new = log.file.with_name("new")
        new.write_bytes(lines(10))
        new.rename(log.file)
        old.write(lines(3))
    log.read()
    log.add(lines(20))
    log.read()

    assert log.taken() == [5, 36]


def test_a_deleted_file_is_read_to_its_end(log) -> None:
    log.add(lines(1))
    log.read()
    log.add(lines(2))
    log.file.unlink()
    log.read()
    log.read()

    assert log.taken() == [2, 3]


def test_a_file_cut_in_place_is_followed_from_there(log, caplog) -> None:
    log.add(lines(*range(20)))
    log.read()
    os.truncate(log.file, len(lines(*range(15))))
    log.read()
    log.add(lines(100))
    log.read()

    assert log.taken() == [21, 290]
    assert "was cut from" in caplog.text


def test_what_replaces_a_cut_off_end_is_a_part_of_its_own(log) -> None:
    """The part that began at the same byte before keeps its rows."""
    log.add(lines(*range(10)))
    log.read()
    end = log.file.stat().st_size
    log.add(lines(2, 3))
    log.read()
    os.truncate(log.file, end)
    log.read()
    log.add(lines(10))
    log.read()

    assert log.taken() == [13, 45 + 5 + 10]


def test_several_files_are_followed_at_once(make_exporter, tmp_path) -> None:
    """A file for each worker."""
    log = Log(make_exporter, tmp_path, SPEC.replace("PATH", f'"{tmp_path}/worker-*.ndjson"'))
    for number in range(5):
        (tmp_path / f"worker-{number}.ndjson").write_bytes(lines(number * 10))
    log.read()
    for number in range(5):
        with (tmp_path / f"worker-{number}.ndjson").open("ab") as out:
            out.write(lines(1))
    log.read()

    assert log.taken() == [10, 105]


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


def test_a_missing_log_makes_the_source_lag_and_is_told_once(log, caplog) -> None:
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        log.read()
        log.exporter.at("2024-05-01T07:00:00-04:00")
        log.read()
    behind = log.own("wolfpack_source_lag_seconds")
    log.add(lines(1))
    log.read()

    assert behind == 3600
    assert log.own("wolfpack_source_lag_seconds") == 0
    assert caplog.text.count("no file matches") == 1


@pytest.mark.parametrize("name", ["calls.ndjson.9.gz", "calls.ndjson-old.gz"])
def test_a_file_that_is_not_what_its_ending_says_stops_no_other(log, name, caplog) -> None:
    log.file.with_name(name).write_bytes(b"no gzip\n")
    log.add(lines(1))
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        log.read()
    log.exporter.at("2024-05-01T07:00:00-04:00")
    log.read()

    assert log.taken() == [1, 1]
    assert log.own("wolfpack_source_lag_seconds") == 3600
    assert f"{name}: Not a gzipped file" in caplog.text


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


class Rotation(RuleBasedStateMachine):
    """Whatever is done to a log, each whole line is taken once."""

    make: object
    folder: Path
    count = 0

    @initialize()
    def begin(self) -> None:
        Rotation.count += 1
        its = self.folder / str(Rotation.count)
        its.mkdir()
        self.log = Log(lambda spec: self.make(spec, f"exporter{Rotation.count}"), its)
        self.written: list[int] = []
        self.left = b""
        self.rotations = 0
        self.next = 1

    @rule(count=st.integers(1, 3))
    def write(self, count) -> None:
        numbers = list(range(self.next, self.next + count))
        self.next += count
        self.written += numbers
        self.log.add(self.left + lines(*numbers))
        self.left = b""

    @rule(at=st.integers(1, 100))
    def write_a_part_of_a_line(self, at) -> None:
        if not self.left:
            data = line(self.next)
            self.written.append(self.next)
            self.next += 1
            self.log.add(data[:at])
            self.left = data[at:]

    def _finish(self) -> bool:
        """End the line that is begun, as a logger does before it rotates; tell whether there is a log."""
        if self.left:
            self.log.add(self.left)
            self.left = b""
        return self.log.file.exists() and self.log.file.stat().st_size > 0

    @rule(compress=st.booleans())
    def rename(self, compress) -> None:
        if self._finish():
            self.rotations += 1
            name = self.log.file.with_name(f"calls.ndjson.{self.rotations}")
            self.log.file.rename(name)
            if compress:
                name.with_name(name.name + ".gz").write_bytes(gzip.compress(name.read_bytes()))
                name.unlink()

    @rule()
    def copy_and_truncate(self) -> None:
        if self._finish():
            self.rotations += 1
            shutil.copy(self.log.file, self.log.file.with_name(f"calls.ndjson.{self.rotations}"))
            os.truncate(self.log.file, 0)

    @rule()
    def read(self) -> None:
        self.log.read()

    @rule()
    def restart(self) -> None:
        for its in self.log.sources._running.values():
            its.reader.close()
        self.log.sources._running.clear()

    @invariant()
    def no_line_is_there_twice(self) -> None:
        if hasattr(self, "log"):
            assert self.log.taken()[0] <= len(self.written)

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self._finish()
            self.log.read()
            found = self.log.taken()
            self.log.exporter.close()
            assert found == [len(self.written), sum(self.written)]


def test_whatever_is_done_to_a_log_each_line_is_taken_once(make_exporter, tmp_path) -> None:
    Rotation.make, Rotation.folder = staticmethod(make_exporter), tmp_path
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        Rotation,
        settings=settings(
            max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=checks
        ),
    )
