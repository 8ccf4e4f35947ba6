"""The iris example as it is run: a real exporter, gunicorn with four workers, and the load script."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import kubernetes_validate
import pytest
import requests
import yaml

from wolfpack.cli import servers

IRIS = Path(__file__).parent.parent / "examples" / "iris"
CALLS = 80


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Yield the addresses of exporter and service, and the folder of the prediction log."""
    folder = tmp_path_factory.mktemp("iris")
    with servers.exporter(folder, IRIS / "iris.yml") as exporter:
        subprocess.run([sys.executable, "prepare.py", exporter, folder / "outliers.onnx"], cwd=IRIS, check=True)
        port = free_port()
        settings = {
            "WOLFPACK_URL": exporter, "IRIS_OUTLIERS": str(folder / "outliers.onnx"), "IRIS_FLUSH": "0.5",
            "IRIS_LOG": str(folder / "calls.ndjson"),
        }  # fmt: skip
        command = [sys.executable, "-m", "gunicorn", "-w", "4", "-k", "uvicorn_worker.UvicornWorker", "service:app"]
        with (folder / "log").open("w") as log:
            run = subprocess.Popen(
                [*command, "--bind", f"127.0.0.1:{port}"], cwd=IRIS, env=os.environ | settings, stdout=log, stderr=log
            )
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: answers(url), (folder / "log").read_text)
            yield exporter, url, folder
        finally:
            run.terminate()
            run.wait(20)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=1).status_code == 200
    except requests.RequestException:  # not up yet, or busy with starting
        return False


def until(condition, why, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, why()
        time.sleep(0.2)


def test_the_api_is_that_of_the_prediction_log_pattern(service) -> None:
    _, url, _ = service
    sample = requests.get(f"{url}/metadata", timeout=5).json()["sample"]
    probabilities = requests.post(f"{url}/predict", json=sample, timeout=5).json()["prediction"]

    assert requests.get(f"{url}/label", timeout=5).json() == {"0": "setosa", "1": "versicolor", "2": "virginica"}
    assert requests.get(f"{url}/predict/test", timeout=5).json()["prediction"] == probabilities
    assert abs(sum(probabilities) - 1) < 1e-9
    assert requests.post(f"{url}/predict/label", json=sample, timeout=5).json() == {"prediction": "setosa"}


def test_inputs_that_no_flower_has_are_refused(service) -> None:
    _, url, _ = service
    sample = requests.get(f"{url}/metadata", timeout=5).json()["sample"]
    odd = requests.post(f"{url}/predict", json=sample | {"petal_width": 300}, timeout=5)
    less = requests.post(f"{url}/predict", json={"petal_width": 0.2}, timeout=5)

    assert (odd.status_code, less.status_code) == (422, 422)
    assert "petal_width: out of range 300" in odd.json()["detail"]


def test_every_call_of_four_workers_is_counted_once_and_half_of_them_are_outliers(service) -> None:
    exporter, url, folder = service
    before = settled(exporter)
    done = subprocess.run(
        [sys.executable, "load.py", url, "--seconds", "4", "--rate", str(CALLS / 4)],
        cwd=IRIS, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{CALLS} answers 200\n"
    until(lambda: requests_seen(exporter) == before + CALLS, lambda: f"{requests_seen(exporter)} after {before}")

    until(lambda: len(calls(folder)) == before + CALLS, lambda: f"{len(calls(folder))} lines")
    lines = calls(folder)[-CALLS:]
    assert {line["endpoint"] for line in lines} == {"/predict", "/predict/label"}
    assert 0.3 < sum(line["outlier"] for line in lines) / CALLS < 0.7


def calls(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "calls.ndjson").read_text().splitlines()]


def requests_seen(exporter: str) -> float:
    page = requests.get(f"{exporter}/metrics", timeout=5).text
    found = [line for line in page.splitlines() if line.startswith("ml_live_requests_total{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def settled(exporter: str) -> float:
    """Return the calls that the exporter has counted once those of the tests before have come: six flush intervals."""
    since, seen = time.monotonic(), requests_seen(exporter)
    while time.monotonic() - since < 3:
        time.sleep(0.2)
        if (now := requests_seen(exporter)) != seen:
            since, seen = time.monotonic(), now
    return seen


@pytest.mark.parametrize("version", ["1.27", "1.33"])
def test_the_manifest_is_valid_for_kubernetes(version) -> None:
    for one in yaml.safe_load_all((IRIS / "kubernetes.yaml").read_text()):
        kubernetes_validate.validate(one, version, strict=True)


def test_the_manifest_sets_what_the_service_reads() -> None:
    text = (IRIS / "service.py").read_text()
    for one in yaml.safe_load_all((IRIS / "kubernetes.yaml").read_text()):
        if one["kind"] == "Deployment":
            container = one["spec"]["template"]["spec"]["containers"][0]
            assert all(f'"{setting["name"]}"' in text for setting in container["env"])
            assert container["readinessProbe"]["httpGet"]["path"] == "/health"
            mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
            log = next((setting["value"] for setting in container["env"] if setting["name"] == "IRIS_LOG"), None)
            assert log is None or str(Path(log).parent) in mounts


def test_fluent_bit_tails_the_file_that_the_service_writes() -> None:
    found = list(yaml.safe_load_all((IRIS / "kubernetes.yaml").read_text()))
    service = next(one for one in found if one["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"][0]
    settings = {one["name"]: one["value"] for one in service["env"]}
    text = (IRIS / "fluent-bit.conf").read_text()

    assert f"Path             {settings['IRIS_LOG']}\n" in text
    assert next(one for one in found if one["kind"] == "ConfigMap")["data"] == {"fluent-bit.conf": text}
