"""The last day for real: scrape, rule, Alertmanager, webhook of the owner; then the correction, and resolved."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from wolfpack import rules
from wolfpack.cli import servers
from wolfpack.cli.flights_replay import Sender
from wolfpack.cli.webhook import Received, Webhook, webhook
from wolfpack.flights import Incident
from wolfpack.spec import Loaded
from wolfpack.stats import Profile

QUICK = rules.Timing(
    evaluation=2, for_=4, lookback=60, keep_panes=0.0, group_wait=1, group_interval=2, live_group_wait=1
)
"""The times of the demo's live minute; the generated rules of a real shop evaluate every 60 s and wait 2 minutes."""
PATIENCE = 90.0
"""Seconds to wait for one notification."""


@dataclass(frozen=True)
class Delivered:
    """What the webhook got: when it fired and resolved, seconds after the table was sent."""

    alert: Received
    fired_after: float
    resolved_after: float | None


def available() -> bool:
    """Tell whether Prometheus, promtool and Alertmanager are on the PATH."""
    return bool(shutil.which("prometheus") and shutil.which("promtool") and servers.alertmanager_program())


@contextmanager
def stack(folder: Path, exporter_url: str, loaded: list[Loaded]) -> Iterator[Webhook]:
    """Run Prometheus and Alertmanager on the generated files, quick; yield the owner's webhook."""
    with webhook() as hook:
        owner = loaded[0].spec.owned_by
        receivers = {owner: {"webhook_configs": [{"url": f"{hook.url}/{owner}", "send_resolved": True}]}}
        rules.write(rules.generate(loaded, receivers, QUICK), folder / "generated")
        with servers.alertmanager(folder, folder / "generated" / "alertmanager.yml") as alertmanager_url:
            config = folder / "prometheus.yml"
            config.write_text(
                prometheus_config(exporter_url, alertmanager_url, folder / "generated" / "rules")
            )
            with servers.prometheus(folder, config) as hook.prometheus:
                yield hook


def prometheus_config(exporter_url: str, alertmanager_url: str, rule_folder: Path) -> str:
    """Return a configuration that scrapes one exporter every second."""
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": "1s", "evaluation_interval": f"{QUICK.evaluation}s"},
            "rule_files": [f"{rule_folder}/*.yml"],
            "alerting": {"alertmanagers": [_static(alertmanager_url)]},
            "scrape_configs": [{"job_name": "wolfpack", "honor_labels": True, **_static(exporter_url)}],
        },
        sort_keys=False,
    )


def deliver(sender: Sender, hook: Webhook, incident: Incident, baseline: Profile) -> Delivered | None:
    """Send the incident's day, wait for its alert, send the day corrected, wait until it is resolved."""
    sent = time.time()
    sender.table(incident.first, baseline)
    alert = hook.wait(lambda one: one.status == "firing" and matches(one, incident), PATIENCE)
    if alert is None:
        return None
    corrected = time.time()
    sender.table(incident.first, baseline, corrected=True)
    resolved = hook.wait(lambda one: one.status == "resolved" and one.labels == alert.labels, PATIENCE)
    return Delivered(alert, alert.at - sent, None if resolved is None else resolved.at - corrected)


def matches(one: Received, incident: Incident) -> bool:
    """Tell whether a notification is one of the incident's alerts with its labels."""
    expected = incident.expected
    return one.labels["alertname"] in expected.alerts and expected.labels.items() <= one.labels.items()


def _static(url: str) -> dict[str, object]:
    return {"static_configs": [{"targets": [url.removeprefix("http://")]}]}
