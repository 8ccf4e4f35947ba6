"""`wolfpack ledger export`: everything once in effect, whatever happens in between, and only what is new."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pytest
from click.testing import CliRunner
from conftest import THREE_LINES
from pyarrow.fs import S3FileSystem
from sending import points
from tables import day, inputs

from wolfpack.cli import main
from wolfpack.exporter import ExportFolder, export
from wolfpack.exporter.ledger import Ledger
from wolfpack.rules.process import free_port, running
from wolfpack.spec import WolfpackError
from wolfpack.stats import profile

pytestmark = pytest.mark.both_ledgers

SPEC = THREE_LINES + "timezone: America/New_York\n"
ROWS = 'ml_window_rows{role="input",segment="",version=""}'
FINDING = {
    "project": "travel",
    "model": "arrival-delay",
    "role": "input",
    "metric": "ml_pane_rows",
    "detector": "d",
}


def send(one, date: str, rows: int = 200, part: str = "") -> None:
    body = profile(inputs(day(61, rows=rows))).to_bytes()
    assert one.send("/api/v1/profiles", body, at=date, role="input", part=part).status_code == 200


def find(one, end: int, score: float) -> None:
    body = {"anomalies": [{"labels": FINDING, "window_end": end, "score": score, "ready": 1}]}
    assert one.send("/api/v1/anomalies", json.dumps(body).encode(), "application/json").status_code == 200


@pytest.fixture
def filled(make_exporter):
    """An exporter on its third morning, with two days of rows, a scalar and a finding."""
    one = make_exporter(SPEC)
    for number in (1, 2):
        one.at(f"2024-05-0{number}T06:00:00-04:00")
        send(one, f"2024-05-0{number}")
        one.send("/api/v1/metrics", b'{"metrics": [{"name": "ctr", "value": 0.5}]}', "application/json")
    one.at("2024-05-03T06:00:00-04:00")
    find(one, 1714708800, 2.5)
    return one


@pytest.fixture
def run(ledger_url):
    """Return a function that exports the ledger and gives the rows written."""

    def exports(folder: Path, history="event", form="parquet", most: int = 200_000) -> Counter[str]:
        ledger = Ledger(ledger_url("exporter"), own=False)
        try:
            return export(ledger, ExportFolder(str(folder)), history, form, most=most)
        finally:
            ledger.close()

    return exports


def table(folder: Path, dataset: str = "event/metrics") -> pa.Table:
    return pa.dataset.dataset(
        folder / dataset, format="parquet", partitioning="hive", exclude_invalid_files=False
    ).to_table()


def files(folder: Path) -> dict[str, int]:
    return {str(one.relative_to(folder)): one.stat().st_mtime_ns for one in folder.rglob("*.parquet")}


def newest(found: pa.Table, family: str, **labels: str | None) -> list[tuple[float, float | None]]:
    """Return what a query with the newest revision by window gives: end and value."""
    wanted = {"version": None, "segment": None, **labels, "family": family}
    rows = [row for row in found.to_pylist() if all(row[name] == value for name, value in wanted.items())]
    last = {row["time"].timestamp(): row["value"] for row in sorted(rows, key=lambda row: row["computed"])}
    return sorted(last.items())


def count(folder: Path) -> int:
    return table(folder).num_rows


def keys(found: pa.Table) -> Counter[tuple[object, ...]]:
    return Counter(tuple(row[name] for name in row if name != "day") for row in found.to_pylist())


def test_metrics_are_in_folders_of_project_model_and_day(filled, run, tmp_path) -> None:
    """The day is the pane's, where the model's days begin: a window that ends at midnight is of the day before."""
    written = run(tmp_path / "out")
    found = table(tmp_path / "out")
    of = {
        (row["project"], row["model"], row["day"])
        for row in found.to_pylist()
        if row["family"] == "ml_window_rows"
    }

    assert {str(day) for _, _, day in of} == {"2024-05-01", "2024-05-02"}
    assert {place[:2] for place in of} == {("travel", "arrival-delay")}
    assert newest(found, "ml_window_rows", role="input") == [
        (end, value) for end, value, _ in points(filled, ROWS, "event")
    ]
    assert newest(found, "ml_scalar_value", scalar="ctr") != []
    assert written["metrics"] == found.num_rows


def test_findings_are_exported_by_the_windows_they_are_of(filled, run, tmp_path) -> None:
    written = run(tmp_path / "out")
    found = {row["family"]: row for row in table(tmp_path / "out", "event/anomalies").to_pylist()}

    assert written["anomalies"] == 2
    assert found["ml_anomaly_score"]["value"] == 2.5
    assert found["ml_anomaly_score"]["metric"] == "ml_pane_rows"
    assert found["ml_anomaly_score"]["time"].timestamp() == 1714708800
    assert str(found["ml_anomaly_score"]["day"]) == "2024-05-02"


def test_a_second_run_writes_only_what_is_new(filled, run, tmp_path) -> None:
    run(tmp_path / "out")
    before, rows = files(tmp_path / "out"), count(tmp_path / "out")
    assert run(tmp_path / "out") == Counter()
    assert files(tmp_path / "out") == before
    filled.at("2024-05-03T07:00:00-04:00")
    send(filled, "2024-05-01", rows=30, part="late")
    filled.at("2024-05-03T08:00:00-04:00")
    written = run(tmp_path / "out")
    after = files(tmp_path / "out")

    assert written["metrics"] == count(tmp_path / "out") - rows > 0
    assert {name: at for name, at in after.items() if name in before} == before
    assert newest(table(tmp_path / "out"), "ml_window_rows", role="input") == [
        (1714622400.0, 230.0),
        (1714708800.0, 430.0),
    ]


def test_what_comes_at_a_moment_that_was_exported_is_not_missed(filled, run, tmp_path) -> None:
    """The clock stands still: two things are stored at one moment, with an export between them."""
    run(tmp_path / "out")
    filled.send("/api/v1/metrics", b'{"metrics": [{"name": "cvr", "value": 0.25}]}', "application/json")
    run(tmp_path / "out")

    assert [value for _, value in newest(table(tmp_path / "out"), "ml_scalar_value", scalar="cvr")] == [0.25]
    assert run(tmp_path / "out") == Counter()


@pytest.mark.parametrize("history", ["event", "exposed"])
@pytest.mark.parametrize("writes", [0, 1, 2, 4, 6])
def test_a_run_that_is_killed_is_made_good_by_the_next(
    filled, run, tmp_path, monkeypatch, writes: int, history: str
) -> None:
    """Each row is there once, as if there had been one run."""
    whole, left, write = tmp_path / "whole", [writes], ExportFolder.write
    run(whole, history, most=30)

    def dies(self, name: str, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        write(self, name, data)

    monkeypatch.setattr(ExportFolder, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", history, most=30)
    monkeypatch.setattr(ExportFolder, "write", write)
    filled.at("2024-05-03T07:00:00-04:00")
    run(tmp_path / "out", history, most=30)
    expected = keys(table(whole, f"{history}/metrics"))
    actual = keys(table(tmp_path / "out", f"{history}/metrics"))

    assert set(expected) <= set(actual)  # and what the last hour brought
    assert set(actual.values()) == {1}


def test_what_was_shown_is_exported_with_what_was_withdrawn(filled, run, tmp_path) -> None:
    run(tmp_path / "out", "exposed")
    found = [
        row
        for row in table(tmp_path / "out", "exposed/metrics").to_pylist()
        if row["family"] == "ml_window_rows"
    ]
    shown = [
        (row["time"].timestamp(), row["value"])
        for row in found
        if row["role"] == "input" and row["version"] is None
    ]

    assert sorted(shown) == [(at, value) for _, value, at in points(filled, ROWS, "exposed")]


def test_bulk_lines_leave_the_newest_revisions_in_a_search_store(filled, run, tmp_path) -> None:
    run(tmp_path / "out", form="bulk")
    filled.at("2024-05-03T07:00:00-04:00")
    send(filled, "2024-05-01", rows=30, part="late")
    filled.at("2024-05-03T08:00:00-04:00")
    run(tmp_path / "out", form="bulk")
    store: dict[tuple[str, str], dict[str, object]] = {}
    for file in sorted((tmp_path / "out" / "event" / "bulk").glob("*.ndjson")):
        lines = iter(file.read_text().splitlines())
        for line in lines:
            ((action, target),) = json.loads(line).items()
            if action == "index":
                store[target["_index"], target["_id"]] = json.loads(next(lines))
            else:
                store.pop((target["_index"], target["_id"]), None)
    rows = [one for one in store.values() if one["family"] == "ml_window_rows" and one.get("role") == "input"]

    assert {index for index, _ in store} == {"wolfpack-event-metrics", "wolfpack-event-anomalies"}
    assert sorted(one["value"] for one in rows if "version" not in one and "segment" not in one) == [
        230.0,
        430.0,
    ]
    assert all(one["@timestamp"].endswith("+00:00") for one in rows)


def test_a_state_that_is_none_is_refused(filled, run, tmp_path) -> None:
    run(tmp_path)
    (tmp_path / "event" / "_parquet.json").write_text("[]")

    with pytest.raises(WolfpackError, match=r"_parquet.json is not what an export writes"):
        run(tmp_path)


@pytest.fixture(scope="session")
def s3(tmp_path_factory) -> str:
    """A store that speaks S3, with a bucket; the URI of a folder in it."""
    pytest.importorskip("moto")
    port, folder = free_port(), tmp_path_factory.mktemp("s3")
    with running(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        f"http://127.0.0.1:{port}",
        "/moto-api/",
        folder / "log",
    ):
        fs = S3FileSystem(access_key="a", secret_key="b", endpoint_override=f"127.0.0.1:{port}", scheme="http",
                          region="us-east-1", allow_bucket_creation=True)  # fmt: skip
        fs.create_dir("lake")
        yield f"s3://a:b@lake/ml?scheme=http&endpoint_override=127.0.0.1%3A{port}&region=us-east-1"


def test_a_store_that_speaks_s3_is_written_as_a_folder_is(
    filled, ledger_url, ledger_kind, s3, tmp_path, run
) -> None:
    command = [
        "ledger",
        "export",
        "--ledger",
        ledger_url("exporter"),
        "-o",
        s3.replace("/ml", f"/{ledger_kind}"),
    ]
    done = [CliRunner().invoke(main, command) for _ in range(2)]
    run(tmp_path / "out")
    fs, root = pa.fs.FileSystem.from_uri(s3.replace("/ml", f"/{ledger_kind}"))
    found = pa.dataset.dataset(
        f"{root}/event/metrics", filesystem=fs, format="parquet", partitioning="hive"
    ).to_table()

    assert [one.exit_code for one in done] == [0, 0], done[0].output
    assert done[1].output.startswith("0 rows of metrics, 0 of anomalies: ")
    assert keys(found) == keys(table(tmp_path / "out"))
