"""`wolfpack ledger delete`: nothing of a model is left, and nothing of another is touched."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from conftest import FULL, THREE_LINES
from sqlalchemy import func, select
from tables import day, inputs

from wolfpack.cli import main
from wolfpack.exporter import audit, owner
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.schema import metadata
from wolfpack.stats import profile

pytestmark = pytest.mark.both_ledgers


def counts(url: str) -> dict[str, int]:
    ledger = Ledger(url, own=False)
    with ledger.read() as connection:
        found = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
    ledger.close()
    return found


def forget(url: str, *options: str, answer: str | None = None):
    return CliRunner().invoke(main, ["ledger", "delete", "--ledger", url, *options], input=answer)


@pytest.fixture
def two(make_exporter, ledger_url, tmp_path) -> str:
    """The URL of a ledger of two models, one with something in every table that belongs to a model."""
    one = make_exporter(FULL)
    (tmp_path / "exporter" / "specs" / "other.yml").write_text(THREE_LINES.replace("arrival-delay", "other"))
    one.at("2024-05-02T06:00:00-04:00")
    table = day(61)
    body = profile(inputs(table), by=["origin"]).to_bytes()
    for model in ("arrival-delay", "other"):
        assert (
            one.send(
                "/api/v1/profiles", body, at="2024-05-01", role="input", model=model, key="k"
            ).status_code
            == 200
        )
    notices = {
        "/api/v1/jobs": b'{"job": "nightly", "succeeded": true}',
        "/api/v1/deployments": b'{"version": "2", "stage": "shadow"}',
        "/api/v1/metrics": b'{"metrics": [{"name": "ctr", "value": 0.5}]}',
    }
    for path, told in notices.items():
        assert one.send(path, told, "application/json").status_code == 200
    columns = {"id": [1], "score": [0.5], "late": [1.0]}
    for path, names in (("/api/v1/predictions", ("id", "score")), ("/api/v1/labels", ("id", "late"))):
        line = "{" + ", ".join(f'"{name}": {columns[name][0]}' for name in names) + "}\n"
        query = {"at": "2024-05-01", "version": "1", "profile": "1"} if path.endswith("predictions") else {}
        assert one.send(path, line.encode(), "application/x-ndjson", **query).status_code == 200
    one.at("2024-05-03T06:00:00-04:00")
    one.close()
    return ledger_url("exporter")


def test_nothing_is_left_of_one_and_the_other_is_whole(two) -> None:
    before = counts(two)
    done = forget(two, "travel", "arrival-delay", "--yes")
    after = counts(two)
    ledger = Ledger(two, own=False)
    faults = [fault for look in audit(ledger) for fault in look.faults]
    ledger.close()

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == sorted(
        f"{name}: {before[name] - after[name]} rows deleted" for name in before if before[name] != after[name]
    )
    assert (after["models"], after["parts"], after["idempotency"]) == (1, 1, 1)
    assert 0 < after["samples"] < before["samples"]
    its = ("waiting_predictions", "kept_labels", "judged_panes", "marks", "runs", "deployments", "versions")
    assert [name for name in its if after[name]] == []
    assert faults == []


def test_a_model_that_was_forgotten_begins_anew(two, make_exporter) -> None:
    forget(two, "travel", "arrival-delay", "--yes")
    again = make_exporter(FULL)
    again.at("2024-05-04T06:00:00-04:00")

    assert again.value(
        "ml_model_info", owner="flights", task="binary", spec_hash=again.service.registry.all()[0].spec.hash
    )
    assert again.http.get("/api/v1/series", query_string={"match": "ml_window_rows"}).json["series"] != []


def test_it_asks_first(two) -> None:
    before = counts(two)
    done = forget(two, "travel", "arrival-delay", answer="n\n")

    assert done.exit_code == 1
    assert "Forget all of travel/arrival-delay" in done.output
    assert counts(two) == before


def test_an_unknown_model_is_refused_with_those_there_are(two) -> None:
    done = forget(two, "travel", "arrivals", "--yes")

    assert done.exit_code == 2
    assert "knows no travel/arrivals; it knows travel/arrival-delay, travel/other" in done.output


def test_a_ledger_that_an_exporter_holds_is_left_alone(make_exporter, ledger_url, monkeypatch) -> None:
    make_exporter(FULL).at("2024-05-02T06:00:00-04:00")
    before = counts(ledger_url("exporter"))
    monkeypatch.setattr(owner, "WAIT_SECONDS", 0.2)
    done = forget(ledger_url("exporter"), "travel", "arrival-delay", "--yes")

    assert done.exit_code == 2
    assert "in use by" in done.output
    assert counts(ledger_url("exporter")) == before
