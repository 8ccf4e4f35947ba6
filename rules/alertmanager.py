"""The configuration of Alertmanager: who is told, in what groups, and what keeps what silent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wolfpack.rules.alert import CHECKS
from wolfpack.rules.receivers import NOBODY, Receivers, checked
from wolfpack.rules.service_rules import EXPORTER_DOWN, WATCHDOG
from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import names

_OURS = 'check=~".+"'  # alerts of other teams have no such label and are left alone
_SERIES = (*names.ANOMALY, "class", "k", "endpoint")
"""Labels that tell the subjects of two alerts of one name apart; one that both lack counts as equal."""


def alertmanager(owners: Iterable[str], receivers: Receivers | None, timing: Timing) -> dict[str, Any]:
    """Return the configuration.

    Parameters
    ----------
    owners : owners of all alerts; one without a receiver is told nothing.
    receivers : by owner; one named like the watchdog's alert gets its pulse.

    Raises
    ------
    ValueError
        If a receiver is none.
    """
    given = checked(receivers or {})
    routes = [_route("alertname", WATCHDOG, given)]
    told = sorted({*owners, *given} - {WATCHDOG})
    routes += [_route("owner", owner, given) | _live(timing) for owner in told]
    return {
        "route": {
            "receiver": NOBODY,
            "group_by": ["project", "model", "alertname"],
            "group_wait": duration(timing.group_wait),
            "group_interval": duration(timing.group_interval),
            "repeat_interval": duration(timing.repeat_interval),
            "routes": routes,
        },
        "inhibit_rules": inhibitions(),
        "receivers": [{"name": NOBODY}, *({"name": owner, **one} for owner, one in sorted(given.items()))],
    }


def inhibitions() -> list[dict[str, Any]]:
    """Return what keeps what silent, from the coarsest cause to the finest."""
    role, column, same = [*names.WINDOW_DUE.labels], [*names.COLUMN], ["alertname", *_SERIES]
    return [
        _inhibit([f'alertname="{EXPORTER_DOWN}"'], [_any_check(*(c for c in CHECKS if c != "system"))], []),
        _inhibit(['check="late"'], [_any_check("rows", "drift", "change", "anomaly")], role),
        _inhibit(['check="late"', 'role="label"'], ['check="quality"'], list(names.MODEL)),
        _inhibit(['check="missing"'], [_any_check("schema", "drift", "range", "change")], column),
        _inhibit(['check="schema"'], [_any_check("drift", "range", "change")], column),
        _inhibit(
            ['alertname="ModelColumnsDrifted"'], ['alertname="ModelColumnDrift"'],
            [label for label in names.DRIFT if label != "column"],
        ),
        # What concerns all rows need not be told for each segment.
        _inhibit(
            [_OURS, 'segment=""'], [_OURS, 'segment!=""'],
            ["alertname", *(label for label in _SERIES if label not in ("segment", "segment_value"))],
        ),
        _inhibit([_OURS, 'severity="critical"'], [_OURS, 'severity=~"warning|info"'], same),
        _inhibit([_OURS, 'severity="warning"'], [_OURS, 'severity="info"'], same),
    ]  # fmt: skip


def _route(label: str, value: str, receivers: Receivers) -> dict[str, Any]:
    return {"matchers": [f'{label}="{value}"'], "receiver": value if value in receivers else NOBODY}


def _live(timing: Timing) -> dict[str, Any]:
    return {"routes": [{"matchers": ['check="live"'], "group_wait": duration(timing.live_group_wait)}]}


def _any_check(*checks: str) -> str:
    return f'check=~"{"|".join(checks)}"'


def _inhibit(source: list[str], target: list[str], equal: list[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"source_matchers": source, "target_matchers": target}
    return rule | ({"equal": equal} if equal else {})
