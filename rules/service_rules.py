"""The rules that watch Wolfpack itself, the same for every installation."""

from __future__ import annotations

from wolfpack.rules.load_rules import load_rules
from wolfpack.rules.service_rule import Case, ServiceRule
from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import names
from wolfpack.spec.source_kinds import LAGGING

SERVICE = "wolfpack"
"""Scrape job of the exporter, owner of its alerts, and name of its rule file."""
UP = "up"  # Prometheus' own, not of the catalogue
WATCHDOG = "WolfpackWatchdog"
EXPORTER_DOWN = "WolfpackExporterDown"
SIDECAR = "wolfpack-detector"
"""Scrape job of the sidecar, which a shop need not have."""
STALE_SECONDS = 7200
"""Twice the longest time between two looks of the sidecar at a model."""
RETRIES = 3
"""Failures to read or send within the lookback that are told: one or two are a restart of the other side."""
DEADLINES = 2
"""Deadlines met within the lookback that are told: the first look after a start reads everything."""
_PROJECT = (("project", "travel"),)
_MODEL = (*_PROJECT, ("model", "arrival-delay"))
_SOURCE = (*_MODEL, ("source", "calls"))


def service_rules(timing: Timing) -> tuple[ServiceRule, ...]:
    """Return the service's alerts: those on the exporter, its sources, the sidecar, and the one that always fires."""
    return (
        *_exporter_rules(timing), *load_rules(timing), *_source_rules(timing), *_sidecar_rules(timing), _WATCHDOG,
    )  # fmt: skip


def _exporter_rules(timing: Timing) -> tuple[ServiceRule, ...]:
    up, lookback = f'{UP}{{job="{SERVICE}"}}', f"[{duration(timing.lookback)}]"
    return (
        ServiceRule(
            EXPORTER_DOWN, "critical", f"max by (job) ({up}) == 0\nor\nabsent({up})",
            "The Wolfpack exporter cannot be scraped.",
            "No target of the scrape job wolfpack answers: no model is watched.",
            (Case(UP, (("job", SERVICE), ("instance", "a:9906")), (1, 0), (0, 0)),),
        ),
        ServiceRule(
            "WolfpackReloadFailed", "warning",
            f"max(last_over_time({names.RELOAD_SUCCESSFUL}{lookback})) < 1",
            "The Wolfpack exporter could not load its specs or tokens.",
            "The last reload failed; what was loaded before it stays in force. The exporter's log names "
            "file and line.",
            (Case(names.RELOAD_SUCCESSFUL.name, (), (1, 0), (0, 0)),),
        ),
        ServiceRule(
            "WolfpackComputeFailing", "warning",
            f"sum by (project) (increase({names.COMPUTE_FAILURES}{lookback})) > 0",
            "Windows of a project cannot be computed.",
            "Computations of project {{ $labels.project }} raise errors: its metrics are not up to date.",
            (Case(names.COMPUTE_FAILURES.name, _PROJECT, (5, 0), (0, 1)),),
        ),
        ServiceRule(
            "WolfpackSeriesDropped", "warning",
            f"max by (project) (last_over_time({names.SERIES_DROPPED}{lookback})) > 0",
            "A project has more series than its budget.",
            "Project {{ $labels.project }}: {{ $value }} series are not on the metrics page, and rules do not see "
            "them. The exporter's page at / names them.",
            (Case(names.SERIES_DROPPED.name, _PROJECT, (0, 0), (7, 0)),),
        ),
        ServiceRule(
            "WolfpackCollectorFailing", "warning",
            f"min by (collector) (last_over_time({names.COLLECTOR_SUCCESS}{lookback})) < 1",
            "A part of the exporter's metrics page cannot be made.",
            "The page is served without the part {{ $labels.collector }}. The exporter's log has the error.",
            (Case(names.COLLECTOR_SUCCESS.name, (("collector", "models"),), (1, 0), (0, 0)),),
        ),
    )  # fmt: skip


def _source_rules(timing: Timing) -> tuple[ServiceRule, ...]:
    lookback, by = f"[{duration(timing.lookback)}]", ", ".join(names.SOURCE)
    return (
        ServiceRule(
            "WolfpackSourceLagging", "warning",
            f"max by ({by}) (last_over_time({names.SOURCE_LAG}{lookback})) > {LAGGING:g}",
            "A source is not read to its end.",
            "For {{ $value | humanizeDuration }} not all of source {{ $labels.source }} of {{ $labels.project }}/"
            "{{ $labels.model }} could be taken: what comes by it is not watched. The exporter's log has the reason.",
            (Case(names.SOURCE_LAG.name, _SOURCE, (60, 0), (LAGGING + 1, 60)),),
        ),
        ServiceRule(
            "WolfpackSourceRefused", "warning",
            f"max by ({by}) (increase({names.SOURCE_REFUSED}{lookback})) > 0",
            "Lines or files of a source cannot be taken.",
            "Source {{ $labels.source }} of {{ $labels.project }}/{{ $labels.model }} has lines, rows or files that "
            "are left out. The exporter's log has their places.",
            (Case(names.SOURCE_REFUSED.name, _SOURCE, (5, 0), (0, 1)),),
        ),
    )  # fmt: skip


def _sidecar_rules(timing: Timing) -> tuple[ServiceRule, ...]:
    window = duration(timing.lookback)
    lookback, model = f"[{window}]", "project, model"
    last = f"max by ({model}) (last_over_time({names.DETECTOR_SUCCESS}{lookback}))"
    errors, missed = names.DETECTOR_ERRORS.name, names.DETECTOR_MISSED
    return (
        ServiceRule(
            "WolfpackDetectorDown", "warning", f'max by (job) ({UP}{{job="{SIDECAR}"}}) == 0',
            "The Wolfpack sidecar cannot be scraped.",
            f"No target of the scrape job {SIDECAR} answers: scores of detectors are no longer renewed.",
            (Case(UP, (("job", SIDECAR), ("instance", "a:9907")), (1, 0), (0, 0)),),
        ),
        ServiceRule(
            "WolfpackDetectorStale", "warning",
            f"time() - {last} > {STALE_SECONDS}\nor\n"
            f"max by ({model}) ({names.DETECTOR_RUNS} offset {window}) unless on ({model}) {last}",
            "The sidecar has not looked at a model as a whole for long.",
            "Of {{ $labels.project }}/{{ $labels.model }} not all series were read and judged for "
            f"{duration(STALE_SECONDS)}, or not once since the sidecar began: scores may be old.",
            (
                Case(names.DETECTOR_SUCCESS.name, _MODEL, (0, 0), (-2 * STALE_SECONDS, 0)),
                Case(names.DETECTOR_RUNS.name, (*_PROJECT, ("model", "never")), None, (1, 0)),
            ),
        ),
        ServiceRule(
            "WolfpackDetectorFailing", "warning",
            f"sum by ({model}, stage) (increase({errors}{{stage=\"judge\"}}{lookback})) > 0\nor\n"
            f"sum by ({model}, stage) (increase({errors}{{stage!=\"judge\"}}{lookback})) >= {RETRIES}",
            "The sidecar fails to read, judge or send.",
            "{{ $labels.project }}/{{ $labels.model }}: errors at the stage {{ $labels.stage }}. The sidecar's log "
            "names watch and series; the others are judged all the same.",
            (
                Case(errors, (*_MODEL, ("stage", "judge")), (0, 0), (0, 1)),
                Case(errors, (*_MODEL, ("stage", "read")), (0, 0.1), (0, 1)),
            ),
        ),
        ServiceRule(
            "WolfpackDetectorTooSlow", "warning",
            f"sum by ({model}) (increase({missed}{lookback})) >= {DEADLINES}",
            "The sidecar's deadline comes before a model is done.",
            "{{ $labels.project }}/{{ $labels.model }}: series are judged late, or never.",
            (Case(missed.name, _MODEL, (0, 0.05), (0, 0.2)),),
        ),
        ServiceRule(
            "WolfpackDetectorReloadFailed", "warning",
            f"max(last_over_time({names.DETECTOR_RELOAD}{lookback})) < 1",
            "The Wolfpack sidecar could not load its specs.",
            "The last reload failed; the specs from before it stay in force. The answer to the reload names file "
            "and line.",
            (Case(names.DETECTOR_RELOAD.name, (), (1, 0), (0, 0)),),
        ),
    )  # fmt: skip


_WATCHDOG = ServiceRule(
    WATCHDOG, "info", "vector(1)",
    "This alert always fires.",
    "It shows that Prometheus evaluates and Alertmanager delivers; what receives it must warn when it stops.",
    (),
    holds=False,
)  # fmt: skip
