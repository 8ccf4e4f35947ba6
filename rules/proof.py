"""The scenarios of a model as a test file of `promtool test rules`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from wolfpack.rules import judge
from wolfpack.rules.alert import Alert, Identity
from wolfpack.rules.annotations import WORST, Links, rendered, texts, worst_selector
from wolfpack.rules.fleet_rules import fleet_test
from wolfpack.rules.holding import firing
from wolfpack.rules.judge import Values
from wolfpack.rules.prometheus_rules import hold, keep
from wolfpack.rules.promql import number, quoted
from wolfpack.rules.scenarios import Scenario, scenarios
from wolfpack.rules.service_rule import Case, ServiceRule
from wolfpack.rules.service_rules import SERVICE, service_rules
from wolfpack.rules.stepped import ModelHistory, looked_back
from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import Spec


def model_tests(spec: Spec, alerts: tuple[Alert, ...], timing: Timing, links: Links) -> dict[str, Any]:
    """Return the test file of one model; alerts are all daily ones, or all live ones with their times.

    Raises
    ------
    ValueError
        If an annotation of the spec cannot be used.
    """
    said = [texts(spec, alert, links) for alert in alerts]
    tests = []
    for scenario in scenarios(alerts, timing):
        expected = _expected(spec, alerts, scenario, timing, said)
        checks = [
            {"eval_time": duration(step * timing.evaluation), "alertname": name, "exp_alerts": told}
            for (step, name), told in expected.items()
        ]
        tests.append(_test(scenario.name, scenario.series, checks, timing))
    return _file(f"{spec.project}--{spec.model}", tests, timing)


def service_tests(timing: Timing) -> dict[str, Any]:
    """Return the test file of the service's own rules: all well, and for each rule what it fires on."""
    rules = service_rules(timing)
    ills: list[tuple[ServiceRule, Case] | None] = [None, *((rule, case) for rule in rules for case in rule.cases)]
    return _file(SERVICE, [*(_service_test(rules, ill, timing) for ill in ills), fleet_test(timing)], timing)


def _service_test(
    rules: Sequence[ServiceRule], ill: tuple[ServiceRule, Case] | None, timing: Timing
) -> dict[str, Any]:
    """Return the test in which one rule fires by one case, or none, and those that always do."""
    steps = (timing.for_ + timing.lookback) // timing.evaluation + 3
    name, bad = (ill[0].name, ill[1]) if ill is not None else (None, None)
    given = []
    for case in (case for rule in rules for case in rule.cases):
        course = case.ill if case is bad else case.well
        courses = [(case.family, case.labels, course)] if course is not None else []
        for family, labels, (start, grows) in (*courses, *case.beside):
            values = f"{number(start)}+{number(grows)}x{steps}"
            given.append({"series": _series(family, labels), "values": values})
    fires = sorted([rule.name for rule in rules if not rule.cases or rule.name == name])
    return {
        "name": "silent" if bad is None else f"{name} fires on {_series(bad.family, bad.labels)}",
        "interval": duration(timing.evaluation),
        "input_series": given,
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": duration(steps * timing.evaluation),
                "exp_samples": [{"labels": f"{{alertname={quoted(one)}}}", "value": 1} for one in fires],
            }
        ],
    }


def _file(name: str, tests: list[dict[str, Any]], timing: Timing) -> dict[str, Any]:
    interval = duration(timing.evaluation)
    return {"rule_files": [f"../rules/{name}.yml"], "evaluation_interval": interval, "tests": tests}


def _test(name: str, series: Any, checks: list[dict[str, Any]], timing: Timing) -> dict[str, Any]:
    given = [{"series": _series(*key), "values": _notation(values)} for key, values in series.items()]
    return {
        "name": name,
        "interval": duration(timing.evaluation),
        "input_series": given,
        "alert_rule_test": checks,
    }


def _series(family: str, labels: tuple[tuple[str, str], ...]) -> str:
    return family + "{" + ", ".join(f"{name}={quoted(value)}" for name, value in labels) + "}"


def _notation(values: list[float | None]) -> str:
    """Return values in promtool's notation, which counts the repetitions after the first."""
    runs = [(value, len(list(run))) for value, run in groupby(values)]
    return " ".join(
        f"_x{count}" if value is None else f"{number(value)}+0x{count - 1}" for value, count in runs
    )


def _expected(
    spec: Spec,
    alerts: tuple[Alert, ...],
    scenario: Scenario,
    timing: Timing,
    said: Sequence[dict[str, str]],
) -> dict[tuple[int, str], list[dict[str, Any]]]:
    """Return by evaluation and alert name what must fire, by the table's own function."""
    length = len(next(iter(scenario.series.values())))
    times = np.arange(length, dtype=float) * timing.evaluation
    history: ModelHistory = {}
    for (family, labels), values in scenario.series.items():
        array = np.array([np.nan if value is None else value for value in values], dtype=float)
        history.setdefault(family, []).append((dict(labels), array))
    history = looked_back(history, timing.lookback // timing.evaluation)
    found: dict[tuple[int, str], list[dict[str, Any]]] = {
        (step, alert.name): [] for step in scenario.checks for alert in alerts
    }
    for alert, its in zip(alerts, said, strict=True):
        for identity, found_values in judge.active(alert, history, times).items():
            fires = firing(~np.isnan(found_values), times, hold(alert, timing), keep(alert, spec, timing))
            for step in scenario.checks:
                if fires[step]:
                    found[step, alert.name].append(
                        _told(alert, identity, found_values, step, history, its)
                    )
    return found


def _told(
    alert: Alert, identity: Identity, values: Values, step: int, history: ModelHistory, said: dict[str, str]
) -> dict[str, Any]:
    """Return the labels and annotations of one alert; a kept one still tells its last active value."""
    labels = dict(sorted(identity - {("alertname", alert.name)}))
    last = int(np.flatnonzero(~np.isnan(values[: step + 1]))[-1])
    worst = _worst(alert, labels.get("baseline", ""), history, last)
    told = {name: rendered(text, alert, labels, float(values[last]), worst) for name, text in said.items()}
    return {"exp_labels": labels, "exp_annotations": {name: text for name, text in told.items() if text}}


def _worst(alert: Alert, baseline: str, history: ModelHistory, step: int) -> list[tuple[str, float]]:
    selector = worst_selector(alert, baseline)
    if selector is None:
        return []
    found = judge.vector(selector, ("column",), history)
    scores = [
        (dict(key).get("column", ""), float(one[step]))
        for key, one in found.items()
        if one[step] == one[step]
    ]
    return sorted(scores, key=lambda score: -score[1])[:WORST]
