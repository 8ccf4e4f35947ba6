"""`wolfpack ledger verify`: a sound ledger has no fault, and whatever is wrong in one is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import FULL, Exporter
from sending import REFERENCE, send_day, send_labels, send_predictions
from sqlalchemy import Connection, create_engine, text
from tables import day, reference

from wolfpack.cli import main
from wolfpack.exporter.audit import looks
from wolfpack.exporter.audit_report import Look
from wolfpack.exporter.schema import metadata
from wolfpack.stats import Profile

pytestmark = pytest.mark.both_ledgers


@dataclass(frozen=True)
class Made:
    """An exporter that runs on a ledger with five days of inputs, predictions and labels, and where things are."""

    exporter: Exporter
    url: str
    specs: Path

    @contextmanager
    def changed(self, statement: str | None = None) -> Iterator[Connection]:
        """Open a transaction in which something is done to the ledger, and undo it at the end."""
        engine = create_engine(
            self.url.replace("postgresql://", "postgresql+psycopg://"), isolation_level=None
        )
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.connection.dbapi_connection.isolation_level = None
                connection.exec_driver_sql("BEGIN")
            if statement:
                connection.execute(text(statement))
            yield connection
            connection.connection.dbapi_connection.rollback()
        engine.dispose()


@pytest.fixture(scope="module")
def ledgers() -> Iterator[dict[str, Made]]:
    """By kind, what is made once for all tests here."""
    made: dict[str, Made] = {}
    yield made
    for one in made.values():
        one.exporter.close()


@pytest.fixture
def sound(ledgers, ledger_kind, ledger_url, tmp_path) -> Made:
    if ledger_kind not in ledgers:
        one = Exporter(tmp_path, FULL, ledger_url())
        ledgers[ledger_kind] = Made(one, ledger_url(), tmp_path / "specs")
        fill(one, reference(20))
    return ledgers[ledger_kind]


def fill(one: Exporter, baseline: Profile) -> None:
    one.at("2024-05-01T06:00:00-04:00")
    assert one.http.put(REFERENCE, data=baseline.to_bytes()).status_code == 200
    for number in range(5):
        date, table = f"2024-05-0{number + 1}", day(61 + number)
        one.at(f"2024-05-0{number + 2}T06:00:00-04:00")
        send_day(one, baseline, date, table)
        send_predictions(one, baseline, date, table)
        send_labels(one, table)
        one.send("/api/v1/metrics", b'{"metrics": [{"name": "ctr", "value": 0.5}]}', "application/json")
    one.at("2024-05-06T07:00:00-04:00")
    send_day(one, baseline, "2024-05-03", day(63, rows=50), part="late")
    one.at("2024-05-06T08:00:00-04:00")


def verify(url: str, *options: str):
    return CliRunner().invoke(main, ["ledger", "verify", "--ledger", url, *options])


def faults(found: list[Look]) -> str:
    return "\n".join(line for look in found for line in look.lines())


def test_a_sound_ledger_has_no_fault_and_everything_in_it_is_looked_at(sound) -> None:
    """While its exporter runs, which is not disturbed."""
    done = verify(sound.url, "--spec", str(sound.specs), "--format", "json")
    seen = {look["what"]: look["seen"] for look in json.loads(done.stdout)}
    empty = {"blocks", "panes that wait"} | ({"pages of the file"} if "postgresql" in sound.url else set())

    assert done.exit_code == 0, done.output
    assert {what for what, count in seen.items() if not count} == empty
    assert seen["parts"] == 11
    assert seen["windows computed again"] == 9  # of inputs, predictions and labels, three each
    assert seen["panes that were computed"] == 10
    assert not any(look["skipped"] for look in json.loads(done.stdout))


WRONG = {
    "UPDATE parts SET rows = rows + 1 WHERE id = 2": "rows, and its row says",
    "UPDATE parts SET plan_id = 'other' WHERE id = 3": "and its row says other",
    "UPDATE parts SET data = substr(data, 1, 900) WHERE id = 4": "cannot be read",
    "UPDATE reference_profiles SET data = substr(data, 1, 900)": "reference 1 of travel/arrival-delay: cannot be read",
    "UPDATE parts SET received = received + 864000 WHERE id = (SELECT max(id) FROM parts)": "send that part again",
    "UPDATE samples SET value = value + 1 WHERE value IS NOT NULL AND series_id IN "
    "(SELECT id FROM series WHERE family = 'ml_column_mean')": "when it is computed again",
    "DELETE FROM samples WHERE series_id IN (SELECT id FROM series WHERE family = 'ml_window_rows')": "computed never",
    "INSERT INTO samples SELECT DISTINCT series_id, window_end, window_end - 5.0, CAST(NULL AS FLOAT) FROM samples "
    "WHERE series_id IN (SELECT min(id) FROM series WHERE family = 'ml_window_rows')": "was computed before it ended",
    "UPDATE exposures SET window_end = 5 WHERE value IS NULL": "is withdrawn with a window",
    "INSERT INTO exposures SELECT series_id, shown + 1, window_end, value FROM exposures WHERE shown = "
    "(SELECT min(shown) FROM exposures)": "says the same as the one before",
    "UPDATE moments SET at = at - 9000": "is after the ledger's last change",
    "INSERT INTO pending VALUES (1, 'input', 7, 1)": "nothing was received for it",
    "INSERT INTO pending VALUES (1, 'imput', 7, 1)": "the role is unknown",
    "UPDATE series SET labels = replace(labels, 'arrival', 'other') WHERE family = 'ml_column_mean'":
        "is of travel/other-delay, and belongs to travel/arrival-delay",
    "DROP INDEX samples_by_computed": "has no index samples_by_computed",
    "DROP TABLE feedback": "table feedback: is not there",
}  # fmt: skip
"""By what is done to a ledger, what is said of it."""


@pytest.mark.parametrize(("statement", "said"), WRONG.items(), ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_said(sound, statement: str, said: str) -> None:
    with sound.changed(statement) as connection:
        found = faults(
            list(looks(connection, [sound.specs] if "computed" in said or "again" in said else ()))
        )

    assert said in found


def test_rows_of_a_model_that_is_not_there_are_said(sound) -> None:
    lite = sound.url.startswith("sqlite")
    with sound.changed(None if lite else "SET LOCAL session_replication_role = replica") as connection:
        connection.execute(text("DELETE FROM models"))
        found = faults(list(looks(connection)))

    assert "table parts: 11 rows of model_id 1, which models lacks" in found


def test_windows_of_another_spec_are_not_judged(sound, tmp_path) -> None:
    other = tmp_path / "other.yml"
    other.write_text(FULL + "columns: {delay: {range: [0, 1]}}\n")
    with sound.changed() as connection:
        found = {look.what: look for look in looks(connection, [other])}

    assert faults(list(found.values())) == ""
    assert found["windows computed again"].seen == 0
    assert found["windows computed again"].skipped == {"of another spec or plan, or of none": 9}


def test_a_fault_is_a_line_and_exit_1(sound, ledger_url) -> None:
    """On a ledger of its own, which nothing but the version of is right in."""
    Exporter(sound.specs.parent, FULL, ledger_url("other")).close()
    engine = create_engine(ledger_url("other").replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE feedback"))
    engine.dispose()
    done = verify(ledger_url("other"))

    assert done.exit_code == 1
    assert done.stdout == "table feedback: is not there; restore the ledger\n"
    assert f"tables: {len(metadata.tables)} looked at, 1 faults" in done.stderr
