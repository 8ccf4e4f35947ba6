"""The log source: every line once, whatever happens to the file it follows."""

from __future__ import annotations

import gzip
import logging
import os
import shutil
from pathlib import Path

import pytest
from log_source import SPEC, Log, line, lines

from wolfpack.exporter import sources_log


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
