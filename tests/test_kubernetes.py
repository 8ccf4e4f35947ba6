"""The Kubernetes manifests: valid for the oldest and the newest release known here, and in line with the code."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from wolfpack.cli import main
from wolfpack.spec import load_all

FOLDER = Path(__file__).parent.parent / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
RESOURCES = [
    one
    for file in KUSTOMIZATION["resources"]
    for one in yaml.safe_load_all((FOLDER / file).read_text())
]
COMPOSE = yaml.safe_load((FOLDER.parent.parent / "docker-compose.yml").read_text())
OURS = "monitoring.coreos.com/v1"
VERSIONS = ("1.27", "1.33")


def named(kind: str, name: str) -> dict[str, Any]:
    return next(one for one in RESOURCES if (one["kind"], one["metadata"]["name"]) == (kind, name))


WORKLOADS = {
    "exporter": named("StatefulSet", "wolfpack-exporter"),
    "detector": named("Deployment", "wolfpack-detector"),
}


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = WORKLOADS[name]["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_resources_are_valid_for_kubernetes(version):
    plain = [one for one in RESOURCES if one["apiVersion"] != OURS]

    assert len(plain) == 4
    for one in plain:
        kubernetes_validate.validate(one, version, strict=True)
    wrong = copy.deepcopy(WORKLOADS["exporter"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, version, strict=True)


@pytest.mark.parametrize("name", WORKLOADS)
def test_arguments_are_options_that_the_command_has(name):
    command, *flags = pod(name)["containers"][0]["args"]
    known = {option for parameter in main.commands[command].params for option in parameter.opts}

    assert isinstance(main.commands[command], click.Command)
    assert {flag.split("=")[0] for flag in flags} <= known


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_pod_may_do_nothing_that_it_needs_not(name):
    spec = pod(name)
    container = spec["containers"][0]
    user = int(next(
        line.split()[1].split(":")[0]
        for line in (FOLDER.parent / "Dockerfile").read_text().splitlines()
        if line.startswith("USER ")
    ))  # fmt: skip

    assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"]) == (True, user)
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert container["resources"]["requests"]
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_is_written_lies_on_a_volume(name):
    """With a root file system that is read-only, anything else is an error at start."""
    container = pod(name)["containers"][0]
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in container["volumeMounts"]}
    written = [flag.split("=", 1)[1] for flag in container["args"] if flag.startswith(("--ledger=", "--state="))]
    read = [flag.split("=", 1)[1] for flag in container["args"] if flag.startswith(("--spec=", "--tokens="))]
    read += [one["value"] for one in container.get("env", []) if one["name"].endswith("_FILE")]

    for path in written:
        assert mounts[str(Path(path.removeprefix("sqlite:///")).parent)] is False
    for path in read:
        assert mounts[path if path in mounts else str(Path(path).parent)] is True
    assert mounts["/tmp"] is False


@pytest.mark.parametrize("name", WORKLOADS)
def test_ports_and_probes_are_those_of_the_service_and_of_compose(name):
    container = pod(name)["containers"][0]
    listen = next(flag for flag in container["args"] if flag.startswith("--listen="))
    service = named("Service", f"wolfpack-{name}")["spec"]
    port = {"name": "http", "containerPort": int(listen.rsplit(":", 1)[1])}

    assert container["ports"] == [port]
    assert service["ports"] == [{"name": "http", "port": port["containerPort"], "targetPort": "http"}]
    assert service["selector"] == WORKLOADS[name]["spec"]["selector"]["matchLabels"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": "http"}
    assert listen in COMPOSE["services"][name]["command"]


@pytest.mark.parametrize(("name", "job"), [("exporter", "wolfpack"), ("detector", "wolfpack-detector")])
def test_the_operator_scrapes_each_service_under_the_job_that_the_rules_watch(name, job):
    found = named("ServiceMonitor", job)["spec"]
    endpoint = found["endpoints"][0]

    assert found["selector"]["matchLabels"] == named("Service", f"wolfpack-{name}")["metadata"]["labels"]
    assert (endpoint["port"], endpoint["honorLabels"], endpoint["interval"]) == ("http", True, "60s")
    assert endpoint["relabelings"] == [{"action": "replace", "targetLabel": "job", "replacement": job}]


def test_the_sidecar_reads_from_the_service_of_the_exporter():
    source = next(flag for flag in pod("detector")["containers"][0]["args"] if flag.startswith("--source="))
    service = named("Service", "wolfpack-exporter")

    assert source == f"--source=exporter=http://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"


ISOLATED = FOLDER / "isolated"
POLICIES = {
    one["metadata"]["name"]: one for one in yaml.safe_load_all((ISOLATED / "networkpolicy.yaml").read_text())
}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_policies_are_valid_and_named_by_their_component(version):
    for one in POLICIES.values():
        kubernetes_validate.validate(one, version, strict=True)
    assert yaml.safe_load((ISOLATED / "kustomization.yaml").read_text())["resources"] == ["networkpolicy.yaml"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_policy_is_about_the_pods_and_the_port_that_there_are(name):
    its = POLICIES[f"wolfpack-{name}"]["spec"]
    labels = WORKLOADS[name]["spec"]["template"]["metadata"]["labels"]

    assert its["podSelector"]["matchLabels"].items() <= labels.items()
    port = named("Service", f"wolfpack-{name}")["spec"]["ports"][0]["port"]
    assert its["ingress"][0]["ports"] == [{"protocol": "TCP", "port": port}]


def test_what_the_sidecar_may_reach_is_the_exporter_and_names():
    exporter, lookups = POLICIES["wolfpack-detector"]["spec"]["egress"]
    labels = WORKLOADS["exporter"]["spec"]["template"]["metadata"]["labels"]

    assert exporter["to"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert exporter["ports"] == POLICIES["wolfpack-exporter"]["spec"]["ingress"][0]["ports"]
    assert {one["port"] for one in lookups["ports"]} == {53}


def test_files_that_the_kustomization_names_exist_and_the_specs_load():
    files = KUSTOMIZATION["configMapGenerator"][0]["files"]

    assert all((FOLDER / file).is_file() for file in [*files, *KUSTOMIZATION["resources"]])
    assert [one.spec.model for one in load_all([FOLDER / "specs"])] == ["arrival-delay"]
    assert {Path(file).name for file in files} == {file.name for file in (FOLDER / "specs").iterdir()}
