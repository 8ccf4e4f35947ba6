"""Beside a Prometheus and an Alertmanager that others use: what the page says works, and they notice nothing."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner
from tables import day, inputs, reference

from wolfpack import rules
from wolfpack.cli import flights_live, main, servers
from wolfpack.client import Client
from wolfpack.rules.existing import beside
from wolfpack.spec import SpecError, load_all
from wolfpack.stats import profile

PAGE = (Path(__file__).parent.parent / "docs" / "existing-stack.md").read_text(encoding="utf-8")
SPEC = "version: wolfpack/v1\nproject: travel\nmodel: arrival-delay\nowner: flights\ntimezone: America/New_York\n"
RULES = """\
groups:
  - name: shop
    rules:
      - {alert: CheckoutSlow, expr: vector(1), labels: {severity: critical, team: shop}}
      - {alert: CheckoutSlow, expr: vector(1), labels: {severity: warning, team: shop}}
      - {alert: DiskFull, expr: vector(1), labels: {severity: warning}}
"""


def theirs(url: str) -> dict:
    """Return the Alertmanager configuration of another team: by team, the rest to everybody."""
    return {
        "global": {"resolve_timeout": "5m"},
        "route": {
            "receiver": "everybody",
            "group_by": ["alertname", "severity"],
            "group_wait": "1s",
            "routes": [{"matchers": ['team="shop"'], "receiver": "shop"}],
        },
        "receivers": [
            {"name": name, "webhook_configs": [{"url": f"{url}/{name}"}]} for name in ("everybody", "shop")
        ],
    }


def prometheus_config(folder: Path, exporter: str, alertmanager: str) -> str:
    """Return the configuration of another team with what the page adds, on the addresses of the test."""
    have = {
        "global": {
            "scrape_interval": "1s",
            "evaluation_interval": "1s",
            "external_labels": {"cluster": "eu"},
        },
        "rule_files": [str(folder / "shop.yml")],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}]
        },
        "scrape_configs": [{"job_name": "shop", "static_configs": [{"targets": ["127.0.0.1:1"]}]}],
    }
    text = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    text = text.replace("/etc/prometheus/wolfpack/*.yml", str(folder / "generated" / "rules" / "*.yml"))
    text = text.replace("exporter:9906", exporter.removeprefix("http://")).replace("60s", "1s")
    added = yaml.safe_load(text.replace("/etc/prometheus/wolfpack.token", str(folder / "token")))
    return yaml.safe_dump(have | {key: have[key] + added[key] for key in added})


@pytest.mark.needs("prometheus", "promtool", "amtool", "alertmanager")
def test_alerts_of_both_reach_their_owners_and_nobody_else(tmp_path) -> None:
    """Real servers: a column is empty, its owner is told; the shop's alerts go where they went before."""
    (tmp_path / "m.yml").write_text(SPEC)
    (tmp_path / "shop.yml").write_text(RULES)
    (tmp_path / "token").write_text("wp_none")
    loaded, today = load_all([tmp_path / "m.yml"]), datetime.now(ZoneInfo("America/New_York")).date()
    with flights_live.webhook() as hook, servers.exporter(tmp_path, tmp_path / "m.yml") as url:
        (tmp_path / "have.yml").write_text(yaml.safe_dump(theirs(hook.url)))
        receivers = {"flights": {"webhook_configs": [{"url": f"{hook.url}/flights"}]}, "wolfpack": []}
        existing = rules.load_existing(tmp_path / "have.yml")
        files = rules.generate(loaded, receivers, flights_live.QUICK, existing=existing)
        rules.write(files, tmp_path / "generated")
        send(url, today)
        with servers.alertmanager(tmp_path, tmp_path / "generated" / "alertmanager.yml") as alertmanager:
            config = tmp_path / "prometheus.yml"
            config.write_text(prometheus_config(tmp_path, url, alertmanager))
            subprocess.run(["promtool", "check", "config", config], check=True, capture_output=True)
            with servers.prometheus(tmp_path, config):
                missing = hook.wait(lambda one: one.labels["alertname"] == "ModelColumnMissing", 90)
                shop = [
                    hook.wait(lambda one, level=level: told(one) == ("/shop", "CheckoutSlow", level), 30)
                    for level in ("critical", "warning")
                ]
                disk = hook.wait(lambda one: one.labels["alertname"] == "DiskFull", 30)

    assert missing is not None
    assert (missing.path, missing.labels["cluster"]) == ("/flights", "eu")
    assert None not in shop  # no inhibition of ours silences the lesser of two alerts of theirs
    assert disk is not None
    assert {(one.path, one.labels["alertname"][:5]) for one in hook.received} == {
        ("/flights", "Model"),
        ("/shop", "Check"),
        ("/everybody", "DiskF"),
    }


def send(url: str, today) -> None:
    """Register a reference, and send yesterday's rows with an empty column."""
    client = Client(url, project="travel", model="arrival-delay")
    client.send_reference(reference())
    table = inputs(day(61))
    empty = table.set_column(0, "delay", pa.nulls(table.num_rows, pa.float64()))
    client.send_profile(profile(empty, baseline=reference()), at=(today - timedelta(days=1)).isoformat())


def told(one) -> tuple[str, str, str]:
    return one.path, one.labels["alertname"], one.labels["severity"]


@pytest.fixture
def written(tmp_path):
    """What the commands of the page write, from the files that a shop has."""
    (tmp_path / "m.yml").write_text(SPEC)
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(theirs("http://127.0.0.1:1")))
    hook = {"webhook_configs": [{"url": "http://127.0.0.1:1/x"}]}
    (tmp_path / "receivers.yml").write_text(
        yaml.safe_dump({"flights": [hook], "wolfpack": [], "WolfpackWatchdog": [hook]})
    )
    done = run(tmp_path, "alertmanager.yml")
    assert done.exit_code == 0, done.output
    return tmp_path


def run(folder: Path, have: str):
    names = ["m.yml", "generated", "receivers.yml", have]
    specs, out, receivers, existing = (str(folder / name) for name in names)
    command = ["rules", specs, "-o", out, "--receivers", receivers, "--alertmanager", existing]
    return CliRunner().invoke(main, command)


@pytest.mark.needs("amtool")
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("check=missing owner=flights project=travel", "flights"),
        ("check=live owner=flights team=shop", "flights"),
        ("check=system owner=wolfpack alertname=WolfpackExporterDown", "null"),
        ("check=system alertname=WolfpackWatchdog owner=wolfpack", "WolfpackWatchdog"),
        ("team=shop severity=critical", "shop"),
        ("alertname=DiskFull owner=flights", "everybody"),
    ],
)
def test_amtool_routes_each_alert_to_whom_the_page_says(written, labels, receiver) -> None:
    config = f"--config.file={written / 'generated' / 'alertmanager.yml'}"
    check = subprocess.run(
        ["amtool", "check-config", config.partition("=")[2]], capture_output=True, text=True
    )
    done = subprocess.run(
        ["amtool", "config", "routes", "test", config, *labels.split()], capture_output=True, text=True
    )

    assert check.returncode == 0, check.stderr
    assert done.stdout.strip() == receiver


def test_all_alerts_have_the_label_that_their_route_takes_them_by(written) -> None:
    rule_files = (written / "generated" / "rules").glob("*.yml")
    groups = [group for file in rule_files for group in yaml.safe_load(file.read_text())["groups"]]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]

    assert {one["labels"]["severity"] for one in alerts} == {"critical", "warning", "info"}
    assert [one["alert"] for one in alerts if not one["labels"].get("check")] == []


def test_everything_that_was_there_is_there_as_it_was(written) -> None:
    have = theirs("http://127.0.0.1:1")
    given = yaml.safe_load((written / "generated" / "alertmanager.yml").read_text())

    assert given["global"] == have["global"]
    assert {key: value for key, value in given["route"].items() if key != "routes"} == {
        key: value for key, value in have["route"].items() if key != "routes"
    }
    assert given["route"]["routes"][1:] == have["route"]["routes"]
    assert given["receivers"][:2] == have["receivers"]


def test_a_configuration_that_has_ours_is_refused(written) -> None:
    done = run(written, "generated/alertmanager.yml")

    assert done.exit_code == 2, done.output
    assert "has Wolfpack's route already" in done.output


@pytest.mark.parametrize("text", ["", "[]", "global: {}", "route: x", "{"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text) -> None:
    (tmp_path / "a.yml").write_text(text)

    with pytest.raises(SpecError, match=r"a\.yml"):
        rules.load_existing(tmp_path / "a.yml")


def test_receivers_of_one_name_are_refused_but_for_one_that_tells_nobody() -> None:
    ours = {"routes": [], "inhibit_rules": [], "receivers": [{"name": "null"}, {"name": "flights"}]}
    have = {"route": {"receiver": "null"}, "receivers": [{"name": "null"}]}

    assert [one["name"] for one in beside(have, ours)["receivers"]] == ["null", "flights"]
    with pytest.raises(ValueError, match="flights are there already"):
        beside(have | {"receivers": [{"name": "flights"}]}, ours)
    with pytest.raises(ValueError, match="null are there already"):
        beside(have | {"receivers": [{"name": "null", "webhook_configs": []}]}, ours)
