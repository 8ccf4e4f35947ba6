"""The scenarios of a model as a test file of `promtool test rules`.

What an alert says is checked where it fires first; elsewhere it is known by its labels, all at once, so that an alert
that should not be there is found too. To write every text out six times made half of what is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from wolfpack.rules import judge
from wolfpack.rules.alert import Alert, Identity
from wolfpack.rules.annotations import WORST, Links, rendered, texts, worst_selector
from wolfpack.rules.fleet_rules import fleet_test
from wolfpack.rules.foretold import Fired, foretold
from wolfpack.rules.promql import number, quoted
from wolfpack.rules.scenarios import scenarios
from wolfpack.rules.service_rule import Case, ServiceRule
from wolfpack.rules.service_rules import SERVICE, service_rules
from wolfpack.rules.stepped import ModelHistory
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
    made = scenarios(alerts, timing)
    fired, history = foretold(spec, alerts, made, timing)
    for scenario, found in zip(made, fired, strict=True):
        if scenario.worded:
            checks = _words(alerts, said, found, history, timing)
        else:
            checks = _labels(scenario.name, found, timing)
        given = [
            {"series": _of_target(_series(*key), course.instance), "values": _notation(value, course.runs)}
            for key, value in scenario.values.items()
            for course in scenario.courses
        ]
        interval = duration(timing.evaluation)
        tests.append({"name": scenario.name, "interval": interval, "input_series": given} | checks)
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


@lru_cache(maxsize=1 << 12)
def _series(family: str, labels: tuple[tuple[str, str], ...]) -> str:
    return family + "{" + ", ".join([_label(*label) for label in labels]) + "}"


@lru_cache(maxsize=1 << 12)
def _label(name: str, value: str) -> str:
    return f"{name}={quoted(value)}"


def _of_target(series: str, instance: str) -> str:
    return f"{series[:-1]}, {_label('instance', instance)}}}" if instance else series


@lru_cache(maxsize=1 << 12)
def _notation(value: float, runs: tuple[tuple[bool, int], ...]) -> str:
    """Return samples in promtool's notation, which counts the repetitions after the first."""
    text = number(value)
    return " ".join(f"{text}+0x{count - 1}" if there else f"_x{count}" for there, count in runs)


def _labels(name: str, found: dict[int, list[Fired]], timing: Timing) -> dict[str, Any]:
    """Return checks of what fires, and that nothing else does, by labels.

    Of one that fails promtool tells only the expression, so the name of the scenario is in it.
    """
    expr = f'ALERTS{{alertstate="firing"}} # {name}'
    checks = []
    for step, fired in found.items():
        told = [_fired(one.identity) for one in fired]
        time = duration(step * timing.evaluation)
        checks.append({"expr": expr, "eval_time": time, "exp_samples": told})
    return {"promql_expr_test": checks}


@lru_cache(maxsize=1 << 12)
def _fired(identity: Identity) -> dict[str, Any]:
    return {"labels": _series("ALERTS", tuple(sorted(identity | {("alertstate", "firing")}))), "value": 1}


def _words(
    alerts: tuple[Alert, ...], said: Sequence[dict[str, str]], found: dict[int, list[Fired]], history: ModelHistory,
    timing: Timing,
) -> dict[str, Any]:  # fmt: skip
    """Return checks of what fires, rule by rule, by labels and annotations."""
    told: dict[tuple[int, str], list[dict[str, Any]]] = {(step, one.name): [] for step in found for one in alerts}
    for step, fired in found.items():
        for one in fired:
            alert = alerts[one.row]
            told[step, alert.name].append(_told(alert, one, history, said[one.row]))
    checks = [
        {"eval_time": duration(step * timing.evaluation), "alertname": name, "exp_alerts": one}
        for (step, name), one in told.items()
    ]
    return {"alert_rule_test": checks}


def _told(alert: Alert, fired: Fired, history: ModelHistory, said: dict[str, str]) -> dict[str, Any]:
    """Return the labels and annotations of one alert."""
    labels = dict(sorted(fired.identity - {("alertname", alert.name)}))
    worst = _worst(alert, labels.get("baseline", ""), history, fired.at)
    told = {name: rendered(text, alert, labels, fired.value, worst) for name, text in said.items()}
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
