"""The rules that watch Wolfpack itself, the same for every installation."""

from __future__ import annotations

from dataclasses import dataclass

from wolfpack.rules.alert import Severity
from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import names

SERVICE = "wolfpack"
"""Scrape job of the exporter, owner of its alerts, and name of its rule file."""
UP = "up"  # Prometheus' own, not of the catalogue
WATCHDOG = "WolfpackWatchdog"
EXPORTER_DOWN = "WolfpackExporterDown"


@dataclass(frozen=True)
class ServiceRule:
    """One alert on the service; `holds` False for one that is to fire at once."""

    name: str
    severity: Severity
    expr: str
    summary: str
    description: str
    holds: bool = True


def service_rules(timing: Timing) -> tuple[ServiceRule, ...]:
    """Return the service's alerts."""
    up, lookback = f'{UP}{{job="{SERVICE}"}}', f"[{duration(timing.lookback)}]"
    return (
        ServiceRule(
            EXPORTER_DOWN, "critical", f"max by (job) ({up}) == 0\nor\nabsent({up})",
            "The Wolfpack exporter cannot be scraped.",
            "No target of the scrape job wolfpack answers: no model is watched.",
        ),
        ServiceRule(
            "WolfpackReloadFailed", "warning",
            f"max(last_over_time({names.RELOAD_SUCCESSFUL}{lookback})) < 1",
            "The Wolfpack exporter could not load its specs.",
            "The last reload failed; the specs from before it stay in force. The exporter's log names "
            "file and line.",
        ),
        ServiceRule(
            "WolfpackComputeFailing", "warning",
            f"sum by (project) (increase({names.COMPUTE_FAILURES}{lookback})) > 0",
            "Windows of a project cannot be computed.",
            "Computations of project {{ $labels.project }} raise errors: its metrics are not up to date.",
        ),
        ServiceRule(
            WATCHDOG, "info", "vector(1)",
            "This alert always fires.",
            "It shows that Prometheus evaluates and Alertmanager delivers; what receives it must warn "
            "when it stops.",
            holds=False,
        ),
    )  # fmt: skip
