"""The inhibition matrix and the routes, in a real Alertmanager."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from test_rules_examples import FULL, loaded

from wolfpack.rules import generate

pytestmark = pytest.mark.needs("prometheus-alertmanager")

MODEL = {"project": "travel", "model": "arrival-delay", "owner": "flights"}
INPUT = MODEL | {"role": "input"}
DOWN = {"alertname": "WolfpackExporterDown", "check": "system", "severity": "critical", "job": "wolfpack"}
OUTDATED = MODEL | {"alertname": "ModelRulesOutdated", "check": "system", "severity": "warning"}
LATE = INPUT | {"alertname": "ModelDataLate", "check": "late", "severity": "critical"}
LATE_LABELS = LATE | {"role": "label", "severity": "warning"}
ROWS = INPUT | {"alertname": "ModelRowsDropped", "check": "rows", "severity": "warning"}
DOUBLED = ROWS | {"alertname": "ModelRowsDoubled"}
MISSING = INPUT | {
    "alertname": "ModelColumnMissing",
    "check": "missing",
    "severity": "critical",
    "column": "a",
}
TOGETHER = INPUT | {"alertname": "ModelColumnsMissing", "check": "missing", "severity": "warning"}
DRIFT = INPUT | {
    "alertname": "ModelColumnDrift", "check": "drift", "severity": "info", "column": "a",
    "baseline": "reference",
}  # fmt: skip
GONE = INPUT | {"alertname": "ModelColumnVanished", "check": "schema", "severity": "warning", "column": "a"}
STRANGE = GONE | {"alertname": "ModelColumnOtherKind"}
RANGE = GONE | {"alertname": "ModelColumnOutOfRange", "check": "range"}
SHARE = INPUT | {
    "alertname": "ModelColumnsDrifted", "check": "drift", "severity": "warning", "baseline": "reference",
}  # fmt: skip
LOW = MODEL | {
    "alertname": "ModelQualityLow", "check": "quality", "severity": "warning", "metric": "ml_model_roc_auc",
}  # fmt: skip
HOOK = {"flights": {"webhook_configs": [{"url": "http://127.0.0.1:9"}]}}
PATIENCE = 15.0
JFK = {"segment": "origin", "segment_value": "JFK"}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an Alertmanager with the generated configuration."""
    folder = tmp_path_factory.mktemp("alertmanager")
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    files = generate(
        loaded(folder / "specs", FULL), {"flights": {"webhook_configs": [{"url": "http://127.0.0.1:9"}]}}
    )
    (folder / "alertmanager.yml").write_text(files["alertmanager.yml"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        str(program), f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}",
        f"--web.listen-address={address}", "--cluster.listen-address=",
    ]  # fmt: skip
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait(f"http://{address}/-/ready", process)
            yield f"http://{address}"
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    pytest.fail("Alertmanager did not start")


def silent(url: str, alerts: list[dict[str, str]], run: str, wanted: list[dict[str, str]]) -> list[dict[str, str]]:
    """Send alerts, of a model of their own, and return those that Alertmanager inhibits.

    Alerts reach the inhibitor one after the other, so it is looked at until it inhibits those wanted and has done so
    for as long again as that took; what it inhibits otherwise is returned at the end of the patience.
    """
    marked = [alert | ({"model": run} if "model" in alert else {"run": run}) for alert in alerts]
    posted = requests.post(f"{url}/api/v2/alerts", json=[{"labels": one} for one in marked], timeout=10)
    assert posted.ok, posted.text
    began = time.monotonic()
    since: float | None = None
    while (now := time.monotonic()) < began + PATIENCE:
        answer = requests.get(f"{url}/api/v2/alerts", timeout=10).json()
        state = {frozenset(one["labels"].items()): one["status"]["inhibitedBy"] for one in answer}
        known = [state.get(frozenset(one.items())) for one in marked]
        found = [alert for alert, by in zip(alerts, known, strict=True) if by]
        since = (since or now) if None not in known and found == wanted else None
        if since is not None and now - since >= max(0.3, since - began):
            return found
        time.sleep(0.1)
    assert None not in known, f"Alertmanager did not take every alert: {known}"
    return found


@pytest.mark.parametrize(
    ("cause", "silenced", "told"),
    [
        (LATE, [ROWS, DRIFT, SHARE], [MISSING, LOW, ROWS | {"role": "prediction"}]),
        (LATE_LABELS, [LOW], [ROWS, DRIFT]),
        (MISSING, [DRIFT, GONE, STRANGE], [DRIFT | {"column": "b"}, DRIFT | {"role": "prediction"}, ROWS]),
        (STRANGE, [DRIFT, RANGE], [DRIFT | {"column": "b"}, ROWS]),
        (SHARE, [DRIFT], [DRIFT | {"baseline": "trailing"}, LOW]),
        (TOGETHER, [MISSING | {"severity": "warning"}],
         [MISSING, DRIFT | {"column": "b"}, ROWS, MISSING | {"role": "prediction"}]),
        (ROWS, [ROWS | JFK], [ROWS | JFK | {"role": "label"}, DOUBLED | JFK]),
        (ROWS | JFK, [], [ROWS | JFK | {"segment_value": "LGA"}, DRIFT]),
        (MISSING, [MISSING | {"severity": "warning"}], [MISSING | {"severity": "warning", "column": "b"}]),
        (DRIFT | {"severity": "warning"}, [DRIFT], [DRIFT | {"column": "b"}]),
        (LOW | {"severity": "critical"}, [LOW], [LOW | {"metric": "ml_model_brier"}]),
    ],
    ids=[
        "late", "late labels", "missing", "kind", "share", "together", "whole", "segment", "critical", "warning",
        "metric",
    ],
)  # fmt: skip
def test_a_cause_silences_its_consequences_and_nothing_else(
    alertmanager: str,
    request: pytest.FixtureRequest,
    cause: dict[str, str],
    silenced: list[dict[str, str]],
    told: list[dict[str, str]],
) -> None:
    run = request.node.callspec.id.replace(" ", "-")

    assert silent(alertmanager, [cause, *silenced, *told], run, silenced) == silenced


def test_a_dead_exporter_silences_all_but_the_system(alertmanager: str) -> None:
    foreign = {"alertname": "DiskFull", "severity": "critical"}
    alerts, silenced = [DOWN, LATE, ROWS, DRIFT, LOW, OUTDATED, foreign], [LATE, ROWS, DRIFT, LOW]

    try:
        assert silent(alertmanager, alerts, "down", silenced) == silenced
    finally:
        ended = {
            "labels": DOWN | {"run": "down"},
            "endsAt": "2020-01-01T00:00:00Z",
            "startsAt": "2019-01-01T00:00:00Z",
        }
        requests.post(f"{alertmanager}/api/v2/alerts", json=[ended], timeout=10)


def test_the_configuration_names_receivers_and_routes(tmp_path: Path) -> None:
    files = generate(
        loaded(tmp_path, FULL), {"flights": {"webhook_configs": [{"url": "http://127.0.0.1:9"}]}}
    )
    config = yaml.safe_load(files["alertmanager.yml"])

    assert [one["name"] for one in config["receivers"]] == ["null", "flights"]
    assert config["route"]["receiver"] == "null"
    assert config["route"]["group_by"] == ["project", "model", "alertname"]
    assert [one["matchers"][0] for one in config["route"]["routes"]] == [
        'alertname="WolfpackWatchdog"', 'owner="flights"', 'owner="wolfpack"',
    ]  # fmt: skip
