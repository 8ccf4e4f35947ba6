"""Bad input at the door: a clear error, and a ledger as it was."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import UTC, datetime

import pyarrow as pa
import pytest
import yaml
from sqlalchemy import func, select
from tables import day, inputs

from wolfpack.client.job import to_arrow_bytes
from wolfpack.exporter import TokenFile, create_app, new_token, open_service
from wolfpack.exporter.schema import parts
from wolfpack.stats import profile

pytestmark = pytest.mark.both_ledgers

ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def body() -> bytes:
    return profile(inputs(day(61)), by=["origin"]).to_bytes()


def rows_in(exporter) -> int:
    with exporter.service.ledger.read() as connection:
        return connection.execute(select(func.count()).select_from(parts)).scalar_one()


@pytest.mark.parametrize(
    ("params", "data", "status", "says"),
    [
        ({}, b"", 422, "'at' is required"),
        ({"at": "2024-05-01"}, b"not a profile", 400, "profile"),
        ({"at": "2024-05-01"}, b"\xff" * 1000, 400, "profile"),
        ({"at": "2024-05-02"}, None, 422, "send a pane when it has begun"),
        ({"at": "tomorrow"}, None, 422, "'tomorrow' is no date"),
        ({"at": "2024-05-01", "part": "a\x00b"}, None, 422, "without control characters"),
        ({"at": "2024-05-01", "job": "x" * 129}, None, 422, "at most 128 characters"),
        (
            {"at": "2024-05-01", "role": "feature"},
            None,
            422,
            "allowed are input, prediction; labels go to /api/v1/labels",
        ),
        ({"at": "2024-05-01", "model": "arival-delay"}, None, 404, "known: travel/arrival-delay"),
        ({"at": "2024-05-01", "version": "a b"}, None, 422, "'a b'"),
        ({"at": "2024-05-01", "part": "x" * 129}, None, 422, "128"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_profile_is_refused_and_changes_nothing(exporter, body, params, data, status, says) -> None:
    answer = exporter.send("/api/v1/profiles", body if data is None else data, **params)

    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert set(answer.json) == {"type", "title", "detail", "where"}
    assert says in answer.json["detail"]
    assert rows_in(exporter) == 0


def test_a_profile_of_another_format_version_is_refused_by_name(exporter, body) -> None:
    """The version stands in the metadata of the Arrow schema."""
    table = pa.ipc.open_stream(body).read_all()
    newer = table.replace_schema_metadata(table.schema.metadata | {b"format": b"wolfpack.profile/99"})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, newer.schema) as writer:
        writer.write_table(newer)
    answer = exporter.send("/api/v1/profiles", sink.getvalue().to_pybytes(), at="2024-05-01")

    assert answer.status_code == 400
    assert "wolfpack.profile/99" in answer.json["detail"]
    assert rows_in(exporter) == 0


def test_a_good_profile_is_taken(exporter, body) -> None:
    """The control of the tests above."""
    answer = exporter.send("/api/v1/profiles", body, at="2024-05-01")

    assert answer.status_code == 200
    assert answer.json == {"rows": 200, "pane": "2024-05-01T00:00:00-04:00", "replaced": False}
    assert rows_in(exporter) == 1


@pytest.mark.parametrize(
    ("path", "table", "says"),
    [
        ("labels", {"id": ["a"], "late": [2.0]}, "a binary label is 0, 1 or null"),
        ("labels", {"id": ["a"]}, "label column 'late' is not in the rows; they have 'id'"),
        ("labels", {"id": [None], "late": [1.0]}, "1 rows have no key"),
        ("predictions", {"id": ["a"], "score": ["high"]}, "'score'"),
        ("predictions", {"score": [0.5]}, "key column 'id'"),
    ],
)
def test_bad_rows_are_refused(exporter, path, table, says) -> None:
    at = {"at": "2024-05-01"} if path == "predictions" else {}
    answer = exporter.send(f"/api/v1/{path}", to_arrow_bytes(pa.table(table)), ARROW, **at)

    assert answer.status_code == 422, answer.text
    assert says in answer.json["detail"]


def test_unknown_content_and_unreadable_rows(exporter) -> None:
    unknown = exporter.send("/api/v1/batches", b"x", "application/x-pickle", at="2024-05-01")
    broken = exporter.send("/api/v1/batches", b"x", "application/vnd.apache.parquet", at="2024-05-01")

    assert (unknown.status_code, broken.status_code) == (415, 400)
    assert "text/csv" in unknown.json["detail"]


def test_rows_are_profiled_in_every_format(exporter) -> None:
    import io

    table = inputs(day(61))
    csv, parquet = io.BytesIO(), io.BytesIO()
    pa.csv.write_csv(table, csv)
    pa.parquet.write_table(table, parquet)
    ndjson = "\n".join(str(row).replace("'", '"') for row in table.to_pylist()).encode()
    for kind, data in (
        (ARROW, to_arrow_bytes(table)),
        ("text/csv", csv.getvalue()),
        ("application/vnd.apache.parquet", parquet.getvalue()),
        ("application/x-ndjson", ndjson),
    ):
        answer = exporter.send("/api/v1/batches", data, kind, at="2024-05-01", part=kind.rsplit(".", 1)[-1])
        assert (answer.status_code, answer.json.get("rows")) == (200, 200), (kind, answer.text)


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ("ml_column_psy", "did you mean ml_column_psi"),
        ('ml_column_psi{colum="x"}', "has no label 'colum'"),
        ('ml_column_psi{column~"x"}', "is no matcher"),
        ('ml_column_psi{column=~"("}', "column=~"),
    ],
)
def test_a_bad_selector_is_refused(exporter, match, says) -> None:
    answer = exporter.http.get("/api/v1/series", query_string={"match": match})

    assert answer.status_code == 422
    assert says in answer.json["detail"]


def test_a_clock_does_not_go_back(exporter) -> None:
    answer = exporter.http.post("/-/clock", json={"now": "2024-04-30T00:00:00-04:00"})

    assert answer.status_code == 409
    assert "only moves forward" in answer.json["detail"]


def test_a_finding_of_another_model_is_refused(exporter) -> None:
    labels = {"project": "travel", "model": "other", "metric": "ml_pane_rows", "detector": "d"}
    entry = {"labels": labels, "window_end": 1, "score": 9, "ready": 1}
    query = {"project": "travel", "model": "arrival-delay"}
    answer = exporter.http.post("/api/v1/anomalies", json={"anomalies": [entry]}, query_string=query)

    assert answer.status_code == 422
    assert "another model" in answer.json["detail"]
    assert "ml_anomaly_score" not in exporter.http.get("/metrics").text


@pytest.fixture
def guarded(tmp_path):
    """An exporter with two tokens: write on project travel, and read on project bank."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "m.yml").write_text("version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\n")
    secrets, entries = {}, []
    for name, project, scopes in (
        ("jobs", "travel", ["read", "write"]),
        ("other", "bank", ["read", "write"]),
    ):
        secrets[name], entry = new_token(name, [project], scopes)
        entries.append(entry)
    (tmp_path / "tokens.yml").write_text(yaml.safe_dump(entries))
    tokens = TokenFile(tmp_path / "tokens.yml")
    service = open_service([tmp_path / "specs"], f"sqlite:///{tmp_path / 'l.db'}", tokens)
    yield create_app(service).test_client(), secrets
    service.close()


@pytest.mark.parametrize(
    ("token", "status"), [(None, 401), ("wp_wrong", 401), ("other", 403), ("jobs", 200)], ids=str
)
def test_a_token_writes_to_its_own_projects_only(guarded, body, token, status) -> None:
    client, secrets = guarded
    headers = {} if token is None else {"Authorization": f"Bearer {secrets.get(token, token)}"}
    today = datetime.now(UTC).date().isoformat()
    query = {"project": "travel", "model": "arrival-delay", "at": today}
    answer = client.post("/api/v1/profiles", data=body, query_string=query, headers=headers)

    assert answer.status_code == status, answer.text


def test_reads_beyond_loopback_need_a_token(guarded) -> None:
    client, secrets = guarded
    far = {"REMOTE_ADDR": "192.0.2.1"}
    token = {"Authorization": f"Bearer {secrets['jobs']}"}
    models = "/api/v1/models?project=travel"

    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base=far).status_code == 401
    assert client.get(models, environ_base=far, headers=token).status_code == 200


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/api/v1/series?match=ml_model_info", "other", 403),
        ('/api/v1/series?match=ml_model_info{project=~"travel"}', "other", 403),
        ('/api/v1/series?match=ml_model_info{project="travel"}', "other", 403),
        ('/api/v1/series?match=ml_model_info{project="travel"}', "jobs", 200),
        ("/api/v1/models", "other", 403),
        ("/api/v1/models?project=travel", "jobs", 200),
        ("/metrics", "jobs", 403),
    ],
)
def test_a_token_reads_its_own_projects_only(guarded, path, token, status) -> None:
    """What shows all projects at once needs a token for all of them."""
    client, secrets = guarded
    headers = {"Authorization": f"Bearer {secrets[token]}"}
    answer = client.get(path, environ_base={"REMOTE_ADDR": "192.0.2.1"}, headers=headers)

    assert answer.status_code == status, answer.text


def test_a_proxy_on_this_machine_does_not_open_the_reads(guarded) -> None:
    client, _ = guarded

    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401


def test_a_key_of_one_project_is_not_another_projects(exporter, body) -> None:
    """Idempotency keys are kept by model and endpoint."""
    first = exporter.send("/api/v1/profiles", body, at="2024-05-01", key="k")
    same = exporter.send(
        "/api/v1/batches", to_arrow_bytes(inputs(day(61))), ARROW, at="2024-05-01", key="k", part="b"
    )

    assert (first.status_code, same.status_code) == (200, 200)
    assert rows_in(exporter) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--listen", "0.0.0.0:0"], "needs --tokens"),
        (["--listen", "9906"], "write HOST:PORT"),
        (["--replay", "--listen", "0.0.0.0:0"], "needs a loopback address"),
    ],
)
def test_an_open_door_is_refused(tmp_path, arguments, says) -> None:
    (tmp_path / "m.yml").write_text("version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\n")
    command = ["serve", "--spec", str(tmp_path), "--ledger", f"sqlite:///{tmp_path / 'l.db'}", *arguments]
    done = subprocess.run([sys.executable, "-m", "wolfpack.cli", *command], capture_output=True, text=True)

    assert done.returncode == 2
    assert says in done.stderr


def test_a_failed_reload_keeps_the_old_specs(make_exporter, tmp_path) -> None:
    one = make_exporter(name="reload")
    one.at("2024-05-01T06:00:00-04:00")
    spec = tmp_path / "reload" / "specs" / "model.yml"
    spec.write_text(spec.read_text() + "colums: {}\n")
    answer = one.http.post("/-/reload")

    assert answer.status_code == 422
    assert "did you mean 'columns'" in answer.json["detail"]
    assert one.value("ml_window_due_timestamp_seconds", role="input") is not None
    assert "wolfpack_config_last_reload_successful 0.0" in one.http.get("/metrics").text
    assert one.http.get("/-/ready").status_code == 200


def test_a_port_in_use_is_said_and_the_ledger_is_let_go(tmp_path) -> None:
    (tmp_path / "spec.yml").write_text("version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\n")
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = ["serve", "--spec", tmp_path / "spec.yml", "--ledger", ledger, "--listen", f"127.0.0.1:{port}"]
        done = subprocess.run(
            [sys.executable, "-m", "wolfpack.cli", *map(str, command)], capture_output=True, text=True
        )

    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"--listen 127.0.0.1:{port}: Address already in use; name" in done.stderr
