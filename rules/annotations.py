"""The annotations of an alert: one text, as a template for Prometheus and as the words it gives.

Texts hold placeholders: ``{value}``, ``{count}``, ``{time}`` and ``{duration}`` (the value as a number of rows,
as a time, and as a length of time), ``{where}`` (the segment, if any), ``{subject}`` (role, column and
segment, if any), ``{worst}`` (the five largest columns of the alert's `worst` family) and ``{LABEL}`` for any label.
Labels that the rule itself sets are written out: templates of Prometheus know only the expression's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from wolfpack.rules.alert import Alert, Matcher, Selector
from wolfpack.rules.promql import vector
from wolfpack.spec import Spec

WORST = 5
_PLACE = re.compile(r"\{([a-z_]+)\}")
_LABEL = re.compile(r"\{\{ *\$labels\.([a-zA-Z_]+) *\}\}")
_WHERE = "{{ if $labels.segment }}, {{ $labels.segment }} {{ $labels.segment_value }}{{ end }}"
_SUBJECT = "{{ with $labels.role }}, role {{ . }}{{ end }}{{ with $labels.column }}, column {{ . }}{{ end }}"
_TEMPLATES = {
    "value": '{{ printf "%.3g" $value }}',
    "count": '{{ printf "%.0f" $value }}',
    "time": "{{ $value | humanizeTimestamp }}",
    "duration": "{{ $value | humanizeDuration }}",
    "where": _WHERE,
    "subject": _SUBJECT + _WHERE,
}


@dataclass(frozen=True)
class Links:
    """Where annotations point to.

    Parameters
    ----------
    runbooks : address of the generated folder of runbooks; a spec's own `runbook` goes before.
    grafana : address of Grafana.
    board : uid of the model's dashboard.
    """

    runbooks: str = "runbooks"
    grafana: str = ""
    board: str = "wolfpack-model"


def written(spec: Spec, alert: Alert, links: Links, lookback: int) -> dict[str, str]:
    """Return the annotations of a rule: its texts, with the description as a template of Prometheus."""
    found = texts(spec, alert, links)
    return {
        name: template(alert, lookback) if text == alert.description else text for name, text in found.items()
    }


def texts(spec: Spec, alert: Alert, links: Links) -> dict[str, str]:
    """Return what a rule says, the description with placeholders; the spec's own annotations go over ours.

    Raises
    ------
    ValueError
        If an annotation of the spec has a template that the generated tests could not foretell.
    """
    runbook = f"{spec.runbook}#{alert.name.lower()}" if spec.runbook else f"{links.runbooks}/{alert.name}.md"
    board = f"{links.grafana}/d/{links.board}?var-project={spec.project}&var-model={spec.model}"
    return {
        "summary": alert.summary,
        "description": alert.description,
        "runbook_url": runbook,
        "dashboard_url": board,
        **{name: _own(name, text, alert) for name, text in spec.alerts.annotations.items()},
    }


def template(alert: Alert, lookback: int) -> str:
    """Return the description as a template of Prometheus."""

    def place(match: re.Match[str]) -> str:
        if match[1] == "worst":
            return _worst_template(alert, lookback)
        return _TEMPLATES.get(match[1]) or alert.static.get(match[1]) or f"{{{{ $labels.{match[1]} }}}}"

    return _PLACE.sub(place, alert.description)


def rendered(
    text: str, alert: Alert, labels: Mapping[str, str], value: float, worst: Sequence[tuple[str, float]] = ()
) -> str:
    """Return the words that one of an alert's texts gives for one alert with these labels."""
    if text != alert.description:
        return _LABEL.sub(lambda match: labels.get(match[1], ""), text)
    segment = labels.get("segment")
    where = f", {segment} {labels.get('segment_value', '')}" if segment else ""
    told = [f", {name} {labels[name]}" for name in ("role", "column") if labels.get(name)]
    words = {
        "value": lambda: f"{value:.3g}",
        "count": lambda: f"{value:.0f}",
        "time": lambda: _humanized(value),
        "duration": lambda: _lasting(value),
        "where": lambda: where,
        "subject": lambda: "".join(told) + where,
        "worst": lambda: ", ".join(f"{column} ({score:.3g})" for column, score in worst),
    }
    return _PLACE.sub(lambda match: words.get(match[1], lambda: labels.get(match[1], ""))(), text)


def _humanized(seconds: float) -> str:
    """Write a time as Prometheus' `humanizeTimestamp` does: to the millisecond, without zeros at the end.

    Examples
    --------
    >>> _humanized(0.5)
    '1970-01-01 00:00:00.5 +0000 UTC'
    """
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    fraction = f".{milliseconds:03}".rstrip("0").rstrip(".")
    return datetime.fromtimestamp(whole, UTC).strftime(f"%Y-%m-%d %H:%M:%S{fraction} +0000 UTC")


def _lasting(seconds: float) -> str:
    """Write a length of time of a second or more as Prometheus' `humanizeDuration` does.

    Examples
    --------
    >>> _lasting(176461.5)
    '2d 1h 1m 1s'
    """
    whole = int(seconds)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    while parts and not parts[0][0]:
        parts.pop(0)
    if len(parts) < 2:
        return f"{seconds:.4g}s"
    return " ".join(f"{number}{unit}" for number, unit in parts)


def check_annotation(name: str, text: str) -> None:
    """Raise ValueError if an annotation of a spec cannot be used; the message begins with its key."""
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
        raise ValueError(f"alerts.annotations: {name!r} is no name; letters, digits and '_' are allowed")
    if "{{" in _LABEL.sub("", text):
        raise ValueError(
            f"alerts.annotations.{name}: {text!r} has a template other than {{{{ $labels.NAME }}}}, "
            "which is the only one allowed here"
        )


def _own(name: str, text: str, alert: Alert) -> str:
    """Return an annotation of the spec, with labels of the rule itself written out."""
    check_annotation(name, text)
    return _LABEL.sub(lambda match: alert.static.get(match[1], match[0]), text)


def worst_selector(alert: Alert, baseline: str) -> Selector | None:
    """Return the selector of the columns that the description names, for one baseline."""
    if alert.worst is None:
        return None
    if "baseline" not in alert.worst.family.labels:
        return alert.worst
    return Selector(alert.worst.family, (*alert.worst.matchers, Matcher("baseline", (baseline,))))


def _worst_template(alert: Alert, lookback: int) -> str:
    selector = worst_selector(alert, "%s")  # filled in by the template's printf: baselines are plain words
    if selector is None:
        raise ValueError(
            f"{alert.name}: the description names {{worst}} columns, but the alert has no such family"
        )
    query = f"sort_desc(topk({WORST}, {vector(selector, ('column',), lookback)}))"
    asked = f"(printf `{query}` $labels.baseline)" if "baseline" in selector.family.labels else f"`{query}`"
    return (
        f"{{{{ range $place, $one := query {asked} }}}}"
        "{{ if $place }}, {{ end }}"
        '{{ $one.Labels.column }} ({{ printf "%.3g" $one.Value }}){{ end }}'
    )
