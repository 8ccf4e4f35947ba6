"""Recording rules over all models: how many are in which state, and what fires, by owner.

Bounded by the owners: three states and as many kinds of alerts as the table has for each, whatever the models and
columns. A model's own state is one query away (`ALERTS`); it is not recorded.
"""

from __future__ import annotations

from typing import Any

from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import names
from wolfpack.spec.names import OWNER_ALERTS, OWNER_MODELS, OWNER_STATES

ALERTS = "ALERTS"  # Prometheus' own, not of the catalogue
STATES = ("critical", "warning", "healthy")
"""A model is in the state of the worst alert that fires for it; one of severity info leaves it healthy."""
_BY = ("owner", "project", "model")


def fleet_rules(timing: Timing) -> list[dict[str, Any]]:
    """Return the recording rules, in the order in which they are to be evaluated."""
    by = ", ".join(_BY)
    models = f"max by ({by}) (last_over_time({names.MODEL_INFO}[{duration(timing.lookback)}]))"
    critical = f"max by ({by}) ({_firing('critical')})"
    warning = f"max by ({by}) ({_firing('warning')})"
    parts = {
        "critical": critical,
        "warning": f"{warning} unless {critical}",
        "healthy": f"{models}\n  unless on ({by}) {critical}\n  unless on ({by}) {warning}",
    }
    # Every owner has every state, so that nothing has to be told apart from nought.
    states = [
        {
            "record": OWNER_STATES,
            "expr": f"count by (owner) (\n  {parts[state]}\n)\nor\n0 * {OWNER_MODELS}",
            "labels": {"state": state},
        }
        for state in STATES
    ]
    alerts = f'count by (owner, alertname, severity) ({ALERTS}{{alertstate="firing", check!=""}})'
    total = {"record": OWNER_MODELS, "expr": f"count by (owner) ({models})"}
    return [total, *states, {"record": OWNER_ALERTS, "expr": alerts}]


def fleet_test(timing: Timing) -> dict[str, Any]:
    """Return the promtool test: five models of two owners, one of them with alerts of three severities."""
    steps = 3

    def info(owner: str, model: str) -> dict[str, str]:
        labels = f'owner="{owner}", project="travel", model="{model}"'
        return {"series": f"{names.MODEL_INFO}{{{labels}}}", "values": f"1+0x{steps}"}

    def alert(model: str, severity: str, column: str) -> dict[str, str]:
        labels = f'alertstate="firing", check="drift", severity="{severity}", owner="a", project="travel"'
        series = f'{ALERTS}{{alertname="One", {labels}, model="{model}", column="{column}"}}'
        return {"series": series, "values": f"1+0x{steps}"}

    given = [info("a", name) for name in ("bad", "worse", "noted", "good")] + [info("b", "other")]
    given += [alert("bad", "warning", "x"), alert("worse", "warning", "x"), alert("worse", "critical", "y")]
    given += [alert("worse", "critical", "z"), alert("noted", "info", "x")]
    expected = {
        OWNER_MODELS: {'{owner="a"}': 4, '{owner="b"}': 1},
        OWNER_STATES: {
            **{f'{{owner="a", state="{state}"}}': n for state, n in zip(STATES, (1, 1, 2), strict=True)},
            **{f'{{owner="b", state="{state}"}}': n for state, n in zip(STATES, (0, 0, 1), strict=True)},
        },
        OWNER_ALERTS: {
            f'{{alertname="One", owner="a", severity="{severity}"}}': n
            for severity, n in (("critical", 2), ("warning", 2), ("info", 1))
        },
    }
    checks = [
        {
            # Other alerts, as the pulse, fire too.
            "expr": f'{name}{{owner!="wolfpack"}}',
            "eval_time": duration(steps * timing.evaluation),
            "exp_samples": [{"labels": f"{name}{labels}", "value": value} for labels, value in samples.items()],
        }
        for name, samples in expected.items()
    ]
    return {
        "name": "fleet",
        "interval": duration(timing.evaluation),
        "input_series": given,
        "promql_expr_test": checks,
    }


def _firing(severity: str) -> str:
    return f'{ALERTS}{{alertstate="firing", severity="{severity}", check!="", model!=""}}'
