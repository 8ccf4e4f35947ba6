"""What the exporter tells of itself: each number against what was done to it."""

from __future__ import annotations

import json
import sqlite3

import pyarrow as pa
import pytest
import requests
from conftest import FULL
from prometheus_client.parser import text_string_to_metric_families
from tables import day, inputs

from wolfpack.cli import servers
from wolfpack.client.job import to_arrow_bytes
from wolfpack.spec import names
from wolfpack.stats import profile

ARROW = "application/vnd.apache.arrow.stream"
MODEL = {"project": "travel", "model": "arrival-delay"}


@pytest.fixture(scope="module")
def body() -> bytes:
    return profile(inputs(day(61)), by=["origin"]).to_bytes()


def samples(exporter, accept: str = "") -> dict[tuple[str, frozenset], float]:
    page = exporter.http.get("/metrics", headers={"Accept": accept}).text
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(page)
        for one in family.samples
    }


def of(found, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def test_writes_are_counted_by_what_they_brought_and_what_became_of_them(exporter, body, monkeypatch) -> None:
    exporter.send("/api/v1/profiles", body, at="2024-05-01")
    exporter.send("/api/v1/profiles", body, at="2024-05-01")
    exporter.send("/api/v1/profiles", b"junk", at="2024-05-01")

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr("wolfpack.exporter.store.add_part", fail)
    exporter.send("/api/v1/profiles", body, at="2024-05-01")
    exporter.http.put("/api/v1/projects/travel/models/arrival-delay/reference", data=b"junk")
    exporter.http.post("/api/v1/no-such-thing", data=b"12345")
    exporter.http.get("/api/v1/models")
    found = samples(exporter)
    count, size = f"{names.INGEST_DURATION}_count", names.INGEST_BYTES.name

    assert {key[1]: value for key, value in found.items() if key[0] == count} == {
        frozenset({"kind": kind, "outcome": outcome}.items()): value
        for kind, outcome, value in (
            ("profiles", "accepted", 2),
            ("profiles", "refused", 1),
            ("profiles", "failed", 1),
            ("reference", "refused", 1),
        )
    }
    assert of(found, size, kind="profiles", outcome="accepted") == 2 * len(body)
    assert of(found, size, kind="profiles", outcome="refused") == 4
    assert of(found, f"{names.INGEST_DURATION}_sum", kind="profiles", outcome="accepted") > 0


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text"])
def test_no_series_says_when_a_counter_was_made(exporter, body, accept) -> None:
    exporter.send("/api/v1/profiles", body, at="2024-05-01")
    page = exporter.http.get("/metrics", headers={"Accept": accept}).text

    assert f"{names.INGEST_DURATION}_bucket" in page
    assert "_created" not in page


def test_the_ledger_tells_its_size_and_how_long_writes_take(exporter, body, tmp_path) -> None:
    before = samples(exporter)
    for number in range(20):
        exporter.send("/api/v1/profiles", body, at="2024-05-01", part=str(number))
    exporter.at("2024-05-01T07:00:00-04:00")
    after = samples(exporter)
    count = f"{names.LEDGER_WRITE}_count"
    with sqlite3.connect(tmp_path / "exporter" / "ledger.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert of(after, count) >= of(before, count) + 20
    assert of(after, names.LEDGER_SIZE.name) > of(before, names.LEDGER_SIZE.name) + 20 * len(body)
    assert of(after, names.LEDGER_SIZE.name) == (tmp_path / "exporter" / "ledger.db").stat().st_size


def test_the_newest_pane_of_a_model_is_told_also_after_a_restart(make_exporter, body) -> None:
    one = make_exporter()
    one.at("2024-05-03T06:00:00-04:00")
    one.send("/api/v1/profiles", body, at="2024-05-02")
    one.send("/api/v1/profiles", body, at="2024-05-01")
    one.send("/api/v1/profiles", body, at="2024-05-03", role="prediction")
    one.at("2024-05-03T07:00:00-04:00")
    found = []
    for _ in range(2):
        page = samples(one)
        found.append(
            [of(page, names.LAST_PANE.name, role=role, **MODEL) for role in ("input", "prediction", "label")]
        )
        one.close()
        one = make_exporter()
        one.at("2024-05-03T08:00:00-04:00")
    # Midnights in New York
    expected = [1714622400.0, 1714708800.0, None]

    assert found == [expected, expected]


def test_a_window_counts_as_computed_again_when_it_was_corrected(exporter, body) -> None:
    exporter.at("2024-05-02T06:00:00-04:00")
    exporter.send("/api/v1/profiles", body, at="2024-05-01")
    exporter.at("2024-05-02T06:10:00-04:00")
    once = samples(exporter)
    exporter.send("/api/v1/profiles", body, at="2024-05-01")
    exporter.at("2024-05-02T06:20:00-04:00")
    twice = samples(exporter)
    project = {"project": "travel"}

    assert [of(one, names.WINDOWS_COMPUTED.name, **project) for one in (once, twice)] == [1, 2]
    assert [of(one, names.WINDOWS_RECOMPUTED.name, **project) for one in (once, twice)] == [0, 1]


def test_rendering_is_timed_for_the_page_and_for_each_model_that_changed(exporter, body) -> None:
    before = samples(exporter)
    exporter.send("/api/v1/profiles", body, at="2024-04-30")
    exporter.at("2024-05-01T06:10:00-04:00")
    after = samples(exporter)
    count = f"{names.RENDER_DURATION}_count"

    assert of(after, count, part="page") == (of(before, count, part="page") or 0) + 1
    assert of(after, count, part="model") > of(before, count, part="model")


SECRET_KEY, SECRET_VALUE = "customer-4711", "JFK-very-private"


def test_logs_are_json_lines_without_a_token_or_a_row(tmp_path) -> None:
    """The ledger is broken under the exporter, so that a write with rows fails within its SQL."""
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "m.yml").write_text(FULL)
    rows = to_arrow_bytes(pa.table({"id": [SECRET_KEY], "score": [0.125], "origin": [SECRET_VALUE]}))
    token = "wp_this-is-a-secret"
    with servers.exporter(tmp_path, specs, "--log-format", "json") as url:
        with sqlite3.connect(tmp_path / "ledger.db") as connection:
            connection.execute(
                "CREATE TRIGGER broken BEFORE INSERT ON waiting_predictions BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )
        answer = requests.post(
            f"{url}/api/v1/predictions",
            data=rows,
            params={**MODEL, "at": _yesterday()},
            headers={"Content-Type": ARROW, "Authorization": f"Bearer {token}"},
            timeout=10,
        )
    log = (tmp_path / "exporter.log").read_text()
    announced, *rest = log.splitlines()
    lines = [json.loads(line) for line in rest]
    errors = [line for line in lines if line["message"].startswith("POST /api/v1/predictions failed")]

    assert answer.status_code == 500
    assert announced == f"listening on {url}"
    assert [set(line) for line in errors] == [{"time", "level", "logger", "message"}]
    assert "IntegrityError" in errors[0]["message"]
    assert "outcomes.py" in errors[0]["message"]
    assert not any(secret in log for secret in (SECRET_KEY, SECRET_VALUE, "0.125", token))


def test_an_error_of_sql_never_has_the_values(exporter) -> None:
    """Also where an error is logged with its words, as the engine's are."""
    from sqlalchemy import text

    with (
        pytest.raises(Exception, match="no_such_table") as raised,
        exporter.service.ledger.write() as connection,
    ):
        connection.execute(text("INSERT INTO no_such_table VALUES (:x)"), {"x": SECRET_KEY})

    assert SECRET_KEY not in str(raised.value)


def _yesterday() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
