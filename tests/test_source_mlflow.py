"""The MLflow source, on a real store: every value of every run is in the ledger once, by its time and step."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest
from conftest import THREE_LINES
from sending import points

pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
import mlflow

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's own
AT = int(datetime.fromisoformat("2024-05-01T12:00:00+00:00").timestamp())


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A database of MLflow's, of its newest version and without runs."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


class Tracked:
    """An exporter that reads an experiment, and the client that logs to it."""

    def __init__(self, make_exporter, path: Path, keys: str = "") -> None:
        self.client = mlflow.MlflowClient(f"sqlite:///{path}")
        name = f"arrival-delay-{time.monotonic_ns()}"
        self.experiment = self.client.create_experiment(name, artifact_location=str(path.parent))
        self.spec = THREE_LINES + (
            f"sources:\n  runs:\n    kind: mlflow\n    tracking: sqlite:///{path}\n"
            f"    experiment: {name.replace('arrival-delay', '{model}')!r}\n{keys}"
        )
        self.make = make_exporter
        self.exporter = make_exporter(self.spec)
        self.exporter.at("2024-05-03T06:00:00Z")

    def run(self, **tags: str) -> str:
        return self.client.create_run(self.experiment, tags=tags).info.run_id

    def log(self, run: str, name: str, value: float, after: float, step: int = 0) -> None:
        self.client.log_metric(run, name, value, timestamp=int((AT + after) * 1000), step=step)

    def read(self) -> None:
        """Let the source have a round, and what it took be shown."""
        for its in self.exporter.service.sources._running.values():
            its.next = 0.0
        self.exporter.service.sources.run()
        self.exporter.service.engine.run()

    def values(self, scalar: str, version: str = "") -> list[tuple[float, float]]:
        match = f'ml_scalar_value{{scalar="{scalar}",version="{version}"}}'
        return [(end - AT, value) for end, value, _ in points(self.exporter, match, "event")]

    def own(self, name: str) -> float | None:
        return self.exporter.value(name, source="runs")


@pytest.fixture
def tracked(make_exporter, store) -> Tracked:
    return Tracked(make_exporter, store)


def test_values_are_taken_with_times_and_steps_and_shown(tracked) -> None:
    run = tracked.run()
    for step in range(3):
        tracked.log(run, "val/auc", 0.7 + step / 100, 60 * step, step)
    tracked.read()
    steps = points(tracked.exporter, 'ml_scalar_step{scalar="val/auc",version=""}', "event")

    assert tracked.values("val/auc") == [(0, 0.7), (60, 0.71), (120, 0.72)]
    assert [value for _, value, _ in steps] == [0, 1, 2]
    assert tracked.exporter.value("ml_scalar_value", scalar="val/auc") == 0.72
    assert tracked.own("wolfpack_source_rows_total") == 3


def test_each_value_is_taken_once(tracked) -> None:
    """While a run goes on, after it ended, and when something is logged to it all the same."""
    run = tracked.run()
    tracked.log(run, "auc", 0.7, 0)
    tracked.read()
    tracked.read()
    tracked.log(run, "auc", 0.8, 60)
    tracked.read()
    tracked.log(run, "auc", 0.9, 30)  # before what was logged last
    tracked.client.set_terminated(run)
    tracked.read()
    tracked.read()
    tracked.log(run, "auc", 0.6, 90)
    tracked.read()
    tracked.read()

    assert tracked.values("auc") == [(0, 0.7), (30, 0.9), (60, 0.8), (90, 0.6)]
    assert revisions(tracked.exporter) == 4 * 4  # value and step, of the version and of all: none twice


def revisions(exporter) -> int:
    from sqlalchemy import func, select

    from wolfpack.exporter.schema import samples

    with exporter.service.ledger.read() as connection:
        return connection.execute(select(func.count()).select_from(samples)).scalar_one()


def test_a_restart_goes_on_where_it_stopped(tracked) -> None:
    run = tracked.run()
    tracked.log(run, "auc", 0.7, 0)
    tracked.client.set_terminated(run)
    tracked.read()
    tracked.exporter.close()
    tracked.exporter = tracked.make(tracked.spec)
    tracked.exporter.at("2024-05-03T07:00:00Z")
    tracked.log(tracked.run(), "auc", 0.8, 60)
    tracked.read()

    assert tracked.values("auc") == [(0, 0.7), (60, 0.8)]
    assert tracked.own("wolfpack_source_rows_total") == 1


def test_a_crash_between_commits_loses_and_doubles_nothing(tracked, monkeypatch) -> None:
    from wolfpack.exporter import sources_mlflow

    monkeypatch.setattr(sources_mlflow, "TOGETHER", 2)
    run, reader = tracked.run(), sources_mlflow.MlflowReader
    for step in range(5):
        tracked.log(run, "auc", step / 10, step, step)
    whole = reader.deliveries

    def dies(self, states, terms):
        yield next(iter(whole(self, states, terms)))
        raise RuntimeError("killed")

    monkeypatch.setattr(reader, "deliveries", dies)
    tracked.read()
    monkeypatch.setattr(reader, "deliveries", whole)
    part = tracked.values("auc")
    tracked.read()

    assert part == [(0, 0.0), (1, 0.1)]
    assert tracked.values("auc") == [(step, step / 10) for step in range(5)]
    assert revisions(tracked.exporter) == 5 * 4


def test_names_versions_and_what_is_no_number(make_exporter, store) -> None:
    tracked = Tracked(make_exporter, store, "    metrics: [auc]\n    version_tag: build\n")
    for build, value in (("1", 0.7), ("2", 0.8)):
        run = tracked.run(build=build)
        tracked.log(run, "auc", value, int(build))
        tracked.log(run, "auc", float("nan"), 5)
        tracked.log(run, "loss", 1.0, 0)
    tracked.log(tracked.run(build="not one"), "auc", 0.1, 0)
    tracked.read()

    assert (tracked.values("auc", "1"), tracked.values("auc", "2")) == ([(1, 0.7)], [(2, 0.8)])
    assert tracked.values("loss") == []
    assert tracked.own("wolfpack_source_refused_total") == 2
    assert "is 'not one', no version" in tracked.exporter.service.sources._running[1, "runs"].told[0]


def test_a_store_that_is_not_there_is_told_and_not_made(make_exporter, store, tmp_path) -> None:
    tracked = Tracked(make_exporter, store)
    tracked.exporter = make_exporter(tracked.spec.replace(str(store), str(tmp_path / "other.db")), "other")
    tracked.exporter.at("2024-05-03T06:00:00Z")
    tracked.read()

    assert "other.db is not there" in tracked.exporter.service.sources._running[1, "runs"].told[0]
    assert not (tmp_path / "other.db").exists()
