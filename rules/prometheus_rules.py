"""Rule files of Prometheus, from the table."""

from __future__ import annotations

from typing import Any

from wolfpack.rules.alert import Alert
from wolfpack.rules.annotations import Links, written
from wolfpack.rules.fleet_rules import fleet_rules
from wolfpack.rules.promql import expression
from wolfpack.rules.service_rules import SERVICE, service_rules
from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import Spec


def hold(alert: Alert, timing: Timing) -> int:
    """Return the alert's `for`, seconds."""
    return timing.for_ + (timing.lookback if alert.outlasts else 0)


def keep(alert: Alert, spec: Spec, timing: Timing) -> int:
    """Return the alert's `keep_firing_for`, whole seconds; 0 for none."""
    return round(timing.keep_panes * spec.every.total_seconds()) if alert.keep_panes else 0


def model_file(spec: Spec, alerts: tuple[Alert, ...], timing: Timing, links: Links) -> dict[str, Any]:
    """Return the rule file of one model.

    Raises
    ------
    ValueError
        If an annotation of the spec cannot be used.
    """
    name, live = f"{spec.project}--{spec.model}", timing.live()
    daily = [_rule(spec, one, timing, links) for one in alerts if not one.live]
    groups = _file(name, daily, timing)["groups"]
    if spec.live is not None:
        groups += _file(f"{name}-live", [_rule(spec, one, live, links) for one in alerts if one.live], live)["groups"]
    return {"groups": groups}


def service_file(timing: Timing, links: Links) -> dict[str, Any]:
    """Return the rule file of the service itself: its alerts, and what is recorded over all models."""
    rules = []
    for one in service_rules(timing):
        rule: dict[str, Any] = {"alert": one.name, "expr": one.expr}
        if one.holds and timing.for_:
            rule["for"] = duration(timing.for_)
        rule["labels"] = {"severity": one.severity, "owner": SERVICE, "check": "system"}
        rule["annotations"] = {
            "summary": one.summary,
            "description": one.description,
            "runbook_url": f"{links.runbooks}/{one.name}.md",
        }
        rules.append(rule)
    alerts = _file(SERVICE, rules, timing)
    fleet = _file(f"{SERVICE}-fleet", fleet_rules(timing), timing)
    return {"groups": [*alerts["groups"], *fleet["groups"]]}


def _file(name: str, rules: list[dict[str, Any]], timing: Timing) -> dict[str, Any]:
    return {"groups": [{"name": name, "interval": duration(timing.evaluation), "rules": rules}]}


def _rule(spec: Spec, alert: Alert, timing: Timing, links: Links) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": alert.name, "expr": expression(alert, timing.lookback)}
    if hold(alert, timing):
        rule["for"] = duration(hold(alert, timing))
    if keep(alert, spec, timing):
        rule["keep_firing_for"] = duration(keep(alert, spec, timing))
    rule["labels"] = alert.static
    rule["annotations"] = written(spec, alert, links, timing.lookback)
    return rule
