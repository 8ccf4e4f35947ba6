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
_PROJECT = (("project", "travel"),)


Course = tuple[float, float]
"""A value at the start, and by how much it grows from one evaluation to the next."""


@dataclass(frozen=True)
class Case:
    """The series that a rule is proved with: its course while all is well, and one that the rule fires on."""

    family: str
    labels: tuple[tuple[str, str], ...]
    well: Course
    ill: Course


@dataclass(frozen=True)
class ServiceRule:
    """One alert on the service; `holds` False for one that is to fire at once, `case` None for one that always does."""

    name: str
    severity: Severity
    expr: str
    summary: str
    description: str
    case: Case | None
    holds: bool = True


def service_rules(timing: Timing) -> tuple[ServiceRule, ...]:
    """Return the service's alerts."""
    up, lookback = f'{UP}{{job="{SERVICE}"}}', f"[{duration(timing.lookback)}]"
    return (
        ServiceRule(
            EXPORTER_DOWN, "critical", f"max by (job) ({up}) == 0\nor\nabsent({up})",
            "The Wolfpack exporter cannot be scraped.",
            "No target of the scrape job wolfpack answers: no model is watched.",
            Case(UP, (("job", SERVICE), ("instance", "a:9906")), (1, 0), (0, 0)),
        ),
        ServiceRule(
            "WolfpackReloadFailed", "warning",
            f"max(last_over_time({names.RELOAD_SUCCESSFUL}{lookback})) < 1",
            "The Wolfpack exporter could not load its specs.",
            "The last reload failed; the specs from before it stay in force. The exporter's log names "
            "file and line.",
            Case(names.RELOAD_SUCCESSFUL.name, (), (1, 0), (0, 0)),
        ),
        ServiceRule(
            "WolfpackComputeFailing", "warning",
            f"sum by (project) (increase({names.COMPUTE_FAILURES}{lookback})) > 0",
            "Windows of a project cannot be computed.",
            "Computations of project {{ $labels.project }} raise errors: its metrics are not up to date.",
            Case(names.COMPUTE_FAILURES.name, _PROJECT, (5, 0), (0, 1)),
        ),
        ServiceRule(
            "WolfpackSeriesDropped", "warning",
            f"max by (project) (last_over_time({names.SERIES_DROPPED}{lookback})) > 0",
            "A project has more series than its budget.",
            "Project {{ $labels.project }}: {{ $value }} series are not on the metrics page, and rules do not see "
            "them. The exporter's page at / names them.",
            Case(names.SERIES_DROPPED.name, _PROJECT, (0, 0), (7, 0)),
        ),
        ServiceRule(
            "WolfpackCollectorFailing", "warning",
            f"min by (collector) (last_over_time({names.COLLECTOR_SUCCESS}{lookback})) < 1",
            "A part of the exporter's metrics page cannot be made.",
            "The page is served without the part {{ $labels.collector }}. The exporter's log has the error.",
            Case(names.COLLECTOR_SUCCESS.name, (("collector", "models"),), (1, 0), (0, 0)),
        ),
        ServiceRule(
            WATCHDOG, "info", "vector(1)",
            "This alert always fires.",
            "It shows that Prometheus evaluates and Alertmanager delivers; what receives it must warn "
            "when it stops.",
            None,
            holds=False,
        ),
    )  # fmt: skip
