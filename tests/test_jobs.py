"""`examples/jobs`: the steps run against a real exporter, as each of the schedulers calls them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml
from tables import day

from wolfpack.cli import servers
from wolfpack.client import Client, HttpTransport
from wolfpack.stats import profile

JOBS = Path(__file__).parent.parent / "examples" / "jobs"
SPEC = """\
version: wolfpack/v1
project: travel
model: arrival-delay
prediction: {column: score, task: binary}
label: {column: late, key: flight_id}
"""
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


@pytest.fixture(scope="module")
def at(tmp_path_factory) -> Iterator[dict[str, str]]:
    """An environment in which the steps find a real exporter with a reference, and tables of three days."""
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "specs").mkdir()
    (folder / "specs" / "m.yml").write_text(SPEC)
    for number in range(3):
        date = (datetime.now(UTC) - timedelta(days=1 + number)).date().isoformat()
        table = day(number).rename_columns(
            ["flight_id", "time", "delay", "carrier", "origin", "score", "late"]
        )
        parquet.write_table(table.drop_columns(["late", "time"]), folder / f"{date}.parquet")
        parquet.write_table(table.select(["flight_id", "late"]), folder / f"{date}-labels.parquet")
    with servers.exporter(folder, folder / "specs") as url:
        train = pa.concat_tables([day(number) for number in range(10)]).select(["delay", "carrier", "origin"])
        Client(url, project="travel", model="arrival-delay").send_reference(profile(train))
        yield {**os.environ, "WOLFPACK_URL": url, "TABLES": str(folder)}


def panes(at: dict[str, str]) -> set[tuple[str, str]]:
    """Return role and date of the panes that the exporter has."""
    transport = HttpTransport(at["WOLFPACK_URL"])
    found = transport.get("/api/v1/windows", {"project": "travel", "model": "arrival-delay"})["windows"]
    transport.close()
    return {(one["role"], datetime.fromtimestamp(one["start"], UTC).date().isoformat()) for one in found}


def before(date: str, days: int) -> str:
    return (datetime.fromisoformat(date) - timedelta(days=days)).date().isoformat()


def test_the_line_of_the_crontab_runs(at) -> None:
    line = (JOBS / "crontab").read_text().splitlines()[-1]
    command = line.split(" ", 5)[5].replace(r"\%", "%")
    command = command.replace("python3 /app/daily.py", f"{sys.executable} {JOBS / 'daily.py'}")
    done = subprocess.run(["sh", "-c", command], env=at, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert panes(at) >= {("input", YESTERDAY), ("prediction", YESTERDAY)}


def test_the_workflow_template_is_argo_s_and_its_steps_run(at) -> None:
    """An unknown key, or one of another type, would not come back from Argo's own types."""
    models = pytest.importorskip("hera.workflows.models")
    written = yaml.safe_load((JOBS / "argo-workflow-template.yml").read_text())
    read = models.WorkflowTemplate.model_validate(written)
    (dag, step), date = written["spec"]["templates"], before(YESTERDAY, 1)
    for task in dag["dag"]["tasks"]:
        (name,) = task["arguments"]["parameters"]
        values = {"{{inputs.parameters.step}}": name["value"], "{{workflow.parameters.day}}": date}
        arguments = [values[one] for one in step["container"]["args"]]
        subprocess.run([sys.executable, str(JOBS / "daily.py"), *arguments], env=at, check=True)

    assert read.model_dump(exclude_none=True, by_alias=True, mode="json") == written
    assert panes(at) >= {("input", date), ("prediction", date)}


def test_the_steps_run_as_callables_and_again(at, monkeypatch) -> None:
    """What an Airflow task calls; a retry replaces."""
    monkeypatch.setenv("WOLFPACK_URL", at["WOLFPACK_URL"])
    monkeypatch.setenv("TABLES", at["TABLES"])
    found = importlib.util.spec_from_file_location("daily", JOBS / "daily.py")
    daily = importlib.util.module_from_spec(found)
    found.loader.exec_module(daily)
    date = before(YESTERDAY, 2)
    for step in (*daily.STEPS.values(), *daily.STEPS.values()):
        step(date)

    assert panes(at) >= {("input", date), ("prediction", date)}


def test_the_dag_runs_in_airflow(at, monkeypatch) -> None:
    """Where Airflow is installed: the DAG is imported and a day of it is run."""
    pytest.importorskip(
        "airflow.sdk", reason="Airflow is not installed; its tasks' callables run in the test above"
    )
    monkeypatch.syspath_prepend(str(JOBS))
    for name in ("WOLFPACK_URL", "TABLES"):
        monkeypatch.setenv(name, at[name])
    import airflow_dag

    run = airflow_dag.arrival_delay().test(logical_date=datetime.fromisoformat(YESTERDAY).replace(tzinfo=UTC))

    assert run.state == "success"
