"""The ledger itself: opened, brought up to date, held by one, and several writes to a commit."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, event, func, insert, inspect, select, text

from wolfpack.exporter import commits, history, migrations, owner, schema, store
from wolfpack.exporter.databases import LedgerError, LedgerUnavailable, databases
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.schema import models

pytestmark = pytest.mark.both_ledgers

FIRST = """\
CREATE TABLE ledger_version (version INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE models (id {id} PRIMARY KEY, project TEXT NOT NULL, model TEXT NOT NULL, created FLOAT NOT NULL,
    UNIQUE (project, model));
CREATE TABLE parts (id {id} PRIMARY KEY, model_id BIGINT NOT NULL REFERENCES models (id), version TEXT NOT NULL,
    role TEXT NOT NULL, start BIGINT NOT NULL, part TEXT NOT NULL, job TEXT NOT NULL, received FLOAT NOT NULL,
    plan_id TEXT NOT NULL, rows BIGINT NOT NULL, data {bytes} NOT NULL);
CREATE INDEX parts_by_pane ON parts (model_id, role, start, id);
CREATE TABLE exposures (series_id BIGINT NOT NULL, shown FLOAT NOT NULL, window_end BIGINT, value FLOAT,
    PRIMARY KEY (series_id, shown));
CREATE TABLE idempotency (key TEXT NOT NULL PRIMARY KEY, created FLOAT NOT NULL, request TEXT NOT NULL,
    response TEXT NOT NULL);
INSERT INTO ledger_version VALUES (1);
INSERT INTO exposures VALUES (1, 12.5, NULL, NULL), (2, 9.5, 9, 0.5);
INSERT INTO models VALUES (1, 'p', 'm', 5.0);
INSERT INTO parts VALUES (1, 1, 'b', 'prediction', 200, '', '', 6.0, 'x', 3, {nothing}),
    (2, 1, 'a', 'prediction', 200, '', '', 7.0, 'x', 3, {nothing}),
    (3, 1, 'c', 'prediction', 100, '', '', 8.0, 'x', 3, {nothing}),
    (4, 1, 'd', 'input', 50, '', '', 8.0, 'x', 3, {nothing});
"""
"""A ledger of version 1 as its release made it, as far as a migration looks at it."""


@contextmanager
def raw(url: str):
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def add(connection, name: str) -> None:
    connection.execute(insert(models).values(project="p", model=name, created=0.0))


def names(ledger: Ledger) -> set[str]:
    with ledger.read() as connection:
        return set(connection.execute(select(models.c.model)).scalars())


# --- versions


def first_version(url: str) -> None:
    lite = url.startswith("sqlite")
    types = {"id": "INTEGER NOT NULL" if lite else "BIGSERIAL", "bytes": "BLOB" if lite else "BYTEA"}
    with raw(url) as connection:
        for statement in FIRST.format(nothing="x''" if lite else "'\\x'", **types).split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def test_an_older_ledger_is_brought_up_to_date_with_its_rows(ledger_url) -> None:
    first_version(ledger_url())
    for _ in range(2):  # and opens again
        one = Ledger(ledger_url())
        with one.read() as connection:
            assert migrations.version(connection) == schema.VERSION
            assert store.version_order(connection, 1) == ["c", "b", "a"]
            assert history.latest(connection) == 12.5
            assert connection.execute(select(func.count()).select_from(schema.parts)).scalar_one() == 4
            tables = inspect(connection)
            assert {name for name in schema.metadata.tables if not tables.has_table(name)} == set()
            assert [index["name"] for index in tables.get_indexes("idempotency")] == ["idempotency_by_age"]
        one.close()


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(ledger_url, monkeypatch) -> None:
    first_version(ledger_url())

    def fail(connection) -> None:
        connection.execute(text("DELETE FROM parts"))
        raise RuntimeError("half way")

    monkeypatch.setitem(migrations.STEPS, 1, fail)
    with pytest.raises(RuntimeError, match="half way"):
        Ledger(ledger_url())

    with raw(ledger_url()) as connection:
        assert migrations.version(connection) == 1
        assert not inspect(connection).has_table("samples")
        assert connection.execute(text("SELECT count(*) FROM parts")).scalar() == 4


def test_every_version_has_its_step() -> None:
    assert set(migrations.STEPS) == set(range(1, schema.VERSION))


def test_a_newer_ledger_is_refused_by_both_versions(ledger_url, ledger) -> None:
    ledger.close()
    with raw(ledger_url()) as connection:
        connection.execute(text("UPDATE ledger_version SET version = 9"))

    for own in (True, False):
        with pytest.raises(LedgerError, match=f"has version 9, this release reads {schema.VERSION}; a newer"):
            Ledger(ledger_url(), own=own)


def test_a_ledger_is_only_read_where_there_is_one(ledger_url) -> None:
    with raw(ledger_url()) as connection:
        connection.exec_driver_sql("CREATE TABLE other (x INTEGER)")

    with pytest.raises(LedgerError, match="holds no ledger; name the one that `wolfpack serve` writes"):
        Ledger(ledger_url(), own=False)
    first_version(ledger_url("older"))
    with pytest.raises(LedgerError, match=r"has version 1, .* start `wolfpack serve` of this release once"):
        Ledger(ledger_url("older"), own=False)


# --- one owner


def test_a_second_exporter_is_refused(ledger_url, ledger, monkeypatch) -> None:
    monkeypatch.setattr(owner, "WAIT_SECONDS", 0.2)

    with pytest.raises(LedgerError, match=r"in use by .*; stop that one first"):
        Ledger(ledger_url())
    reader = Ledger(ledger_url(), own=False)
    assert names(reader) == set()
    reader.close()


def test_a_ledger_waits_for_the_one_that_stops(ledger_url, ledger) -> None:
    threading.Timer(0.3, ledger.close).start()
    Ledger(ledger_url()).close()


def test_a_killed_owner_leaves_the_ledger_free(ledger_url) -> None:
    program = (
        "import sys, time; from wolfpack.exporter.ledger import Ledger; "
        "one = Ledger(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, ledger_url()], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"open\n"
        process.kill()
        process.wait()
    Ledger(ledger_url()).close()


def test_a_reader_does_not_write(ledger_url, ledger) -> None:
    with pytest.raises(Exception, match=r"readonly|read-only"), ledger.read() as connection:
        add(connection, "m")

    assert names(ledger) == set()


def test_all_that_is_read_is_of_one_moment(ledger) -> None:
    with ledger.read() as connection:
        before = connection.execute(select(func.count()).select_from(models)).scalar()
        with ledger.write() as other:
            add(other, "m")
        after = connection.execute(select(func.count()).select_from(models)).scalar()

    assert (before, after) == (0, 0)
    assert names(ledger) == {"m"}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_ledger_in_memory_is_refused(url) -> None:
    with pytest.raises(LedgerError, match="a ledger in memory is lost; allowed are sqlite:///PATH"):
        databases(url)


# --- group commit


class Crowd:
    """Threads that write a row each while the first of them holds the ledger."""

    def __init__(self, ledger: Ledger, count: int) -> None:
        self.commits: list[None] = []
        self.failed: dict[int, BaseException] = {}
        self._ledger, self._hold = ledger, threading.Event()
        event.listen(ledger._databases.writer, "commit", lambda _: self.commits.append(None))
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]

    def run(self) -> None:
        for number, thread in enumerate(self._threads):
            thread.start()
            while self._ledger._commits._waiting < number:
                thread.join(0.001)
        self._hold.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        try:
            with self._ledger.write() as connection:
                self._hold.wait(10)
                add(connection, f"m{number}")
                if number % 5 == 3:
                    raise KeyError(number)
        except BaseException as error:
            self.failed[number] = error


def test_writers_that_wait_share_a_commit(ledger, monkeypatch) -> None:
    """Eleven writers, two of which fail: one commit, and each has what it asked for."""
    monkeypatch.setattr(commits, "LONGEST", 60.0)  # a busy machine is no reason to commit a group early
    crowd = Crowd(ledger, 11)
    crowd.run()

    assert len(crowd.commits) <= 2
    assert {number: type(error) for number, error in crowd.failed.items()} == {3: KeyError, 8: KeyError}
    assert names(ledger) == {f"m{number}" for number in range(11)} - {"m3", "m8"}


def test_a_commit_that_fails_fails_every_write_of_it(ledger) -> None:
    """None of them is acknowledged, none is stored, and the next write is as if nothing had been."""
    crowd = Crowd(ledger, 6)
    forgotten = []
    ledger.on_rollback(lambda: forgotten.append(None))

    def trap(_: object) -> None:
        raise OSError("no sync")

    event.listen(ledger._databases.writer, "commit", trap)
    crowd.run()

    assert {number: str(error) for number, error in crowd.failed.items() if number != 3} == dict.fromkeys(
        (0, 1, 2, 4, 5), "no sync"
    )
    assert len(forgotten) == 6
    assert names(ledger) == set()

    event.remove(ledger._databases.writer, "commit", trap)
    with ledger.write() as connection:
        add(connection, "next")
    assert names(ledger) == {"next"}


def test_a_statement_that_fails_is_undone_alone(ledger) -> None:
    with ledger.write() as connection:
        add(connection, "m")


    def two() -> None:
        with ledger.write() as connection:
            add(connection, "other")
            add(connection, "m")

    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        two()
    with ledger.write() as connection:
        add(connection, "next")

    assert names(ledger) == {"m", "next"}


def test_a_write_that_nobody_waits_behind_is_durable_when_it_returns(ledger_url, ledger) -> None:
    with ledger.write() as connection:
        add(connection, "m")

    with raw(ledger_url()) as connection:
        assert connection.execute(text("SELECT count(*) FROM models")).scalar() == 1


def test_an_error_of_the_database_says_what_to_do(ledger) -> None:
    def fill() -> None:
        with ledger.write() as connection:
            add(connection, "m")
            if ledger.kind == "sqlite":
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
                connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
                connection.exec_driver_sql("CREATE TABLE filler AS SELECT zeroblob(1000000) AS x")
            else:
                connection.exec_driver_sql(
                    "DO $$ BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'No space left on device'; END $$"
                )

    with pytest.raises(LedgerUnavailable, match=r"cannot be written now: .*; there is no room where the ledger is"):
        fill()

    assert names(ledger) == set()


@pytest.mark.needs("postgres")
def test_postgresql_stores_profiles_as_they_come(postgres) -> None:
    """They are compressed; its own try costs four times the write."""
    ledger = Ledger(postgres.database())
    query = "SELECT attstorage FROM pg_attribute WHERE attrelid = CAST('{}' AS regclass) AND attname = 'data'"
    with ledger.read() as connection:
        kinds = {
            name: connection.exec_driver_sql(query.format(name)).scalar()
            for name in ("parts", "blocks", "reference_profiles")
        }
    ledger.close()

    assert set(kinds.values()) == {"e"}
