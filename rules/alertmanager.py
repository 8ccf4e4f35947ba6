"""The configuration of Alertmanager: who is told, in what groups, and what keeps what silent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wolfpack.rules.alert import CHECKS
from wolfpack.rules.receivers import INTERVALS, NOBODY, TIMES, Receivers, checked
from wolfpack.rules.service_rules import EXPORTER_DOWN, WATCHDOG
from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import names

OURS = 'check=~".+"'
"""Alerts of other teams have no such label and are left alone."""
_SERIES = (*names.ANOMALY, "endpoint")
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
    return _config(checked(receivers or {}), owners, timing, {})


def fragment(owners: Iterable[str], receivers: Receivers | None, timing: Timing) -> dict[str, Any]:
    """Return what to put into a configuration that exists: lists, each to be appended to the one of its name.

    The route takes alerts of Wolfpack and no others; `routes` goes under the root route.
    """
    whole = _config(checked(receivers or {}), owners, timing, {"matchers": [OURS]})
    return {"routes": [whole.pop("route")], **whole}


def inhibitions() -> list[dict[str, Any]]:
    """Return what keeps what silent, from the coarsest cause to the finest."""
    role, column, same = [*names.WINDOW_DUE.labels], [*names.COLUMN], ["alertname", *_SERIES]
    return [
        _inhibit([f'alertname="{EXPORTER_DOWN}"'], [_any_check(*(c for c in CHECKS if c != "system"))], []),
        _inhibit(['check="late"'], [_any_check("rows", "drift", "change", "anomaly")], role),
        _inhibit(['check="late"', 'role="label"'], ['check="quality"'], list(names.MODEL)),
        _inhibit(['check="missing"', 'column!=""'], [_any_check("schema", "drift", "range", "change")], column),
        _inhibit(
            ['alertname="ModelColumnsMissing"'], ['alertname="ModelColumnMissing"', 'severity=~"warning|info"'],
            [*names.WINDOW],
        ),
        _inhibit(['check="schema"'], [_any_check("drift", "range", "change")], column),
        _inhibit(
            ['alertname="ModelColumnsDrifted"'], ['alertname="ModelColumnDrift"'],
            [label for label in names.DRIFT if label != "column"],
        ),
        # What concerns all rows need not be told for each segment.
        _inhibit(
            [OURS, 'segment=""'], [OURS, 'segment!=""'],
            ["alertname", *(label for label in _SERIES if label not in ("segment", "segment_value"))],
        ),
        _inhibit([OURS, 'severity="critical"'], [OURS, 'severity=~"warning|info"'], same),
        _inhibit([OURS, 'severity="warning"'], [OURS, 'severity="info"'], same),
    ]  # fmt: skip


def _config(
    given: dict[str, Any], owners: Iterable[str], timing: Timing, matchers: dict[str, Any]
) -> dict[str, Any]:
    intervals = given.pop(INTERVALS, [])
    told = sorted({*owners, *given} - {WATCHDOG})
    kept = {owner: {key: its for key, its in one.items() if key not in TIMES} for owner, one in given.items()}
    return {
        "route": {
            **matchers,
            "receiver": NOBODY,
            "group_by": ["project", "model", "alertname"],
            "group_wait": duration(timing.group_wait),
            "group_interval": duration(timing.group_interval),
            "repeat_interval": duration(timing.repeat_interval),
            "routes": [_route("alertname", WATCHDOG, given), *(_owner(owner, given, timing) for owner in told)],
        },
        "inhibit_rules": inhibitions(),
        "receivers": [{"name": NOBODY}, *({"name": owner, **one} for owner, one in sorted(kept.items()) if one)],
    } | ({INTERVALS: intervals} if intervals else {})


def _route(label: str, value: str, receivers: Receivers) -> dict[str, Any]:
    return {"matchers": [f'{label}="{value}"'], "receiver": value if receivers.get(value) else NOBODY}


def _owner(owner: str, receivers: Receivers, timing: Timing) -> dict[str, Any]:
    """Return an owner's route: what is live waits less, and what is not critical keeps to the owner's times."""
    live = {"matchers": ['check="live"'], "group_wait": duration(timing.live_group_wait)}
    times = {key: its for key, its in receivers.get(owner, {}).items() if key in TIMES}
    calm = {"matchers": ['severity=~"warning|info"'], **times, "routes": [live | times]}
    return _route("owner", owner, receivers) | {"routes": [*([calm] if times else []), live]}


def _any_check(*checks: str) -> str:
    return f'check=~"{"|".join(checks)}"'


def _inhibit(source: list[str], target: list[str], equal: list[str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"source_matchers": source, "target_matchers": target}
    return rule | ({"equal": equal} if equal else {})
