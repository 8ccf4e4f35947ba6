"""Panels, variables and boards: the one module over grafanalib, which corrects what it writes.

grafanalib 0.7.1 writes the JSON of Grafana 6 (schemaVersion 12): Grafana's own migration of that loses the
shared crosshair, its null data sources become the default one, every refId is empty, and graphs have 100
points. Here everything is written in the shape of schema 39, so that no migration touches it, and keys that
are gone are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import grafanalib.core
from grafanalib._gen import DashboardEncoder

core: Any = grafanalib.core  # attrs classes without types: a checker takes them to have no parameters

SCHEMA_VERSION = 39
"""Grafana 10.4 and later; the newest that 10 and 11 both read without migration."""
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
"""Width of Grafana's grid."""
TAG = "wolfpack"
ALL = ".+"
ON_TIME_CHANGE = 2

Json = dict[str, Any]
Steps = Sequence[tuple[str, float | None]]
"""Colours from a value on; the first begins at None, below everything."""
PLAIN: Steps = (("green", None),)

_STALE_BOARD = (
    "__inputs",
    "rows",
    "style",
    "hideControls",
    "sharedCrosshair",
    "gnetId",
    "version",
    "timepicker",
)
_STALE_PANEL = (
    "editable",
    "error",
    "height",
    "span",
    "minSpan",
    "maxDataPoints",
    "hideTimeOverride",
    "links",
)
_STALE_TARGET = ("query", "target", "metric", "step", "intervalFactor", "interval", "hide")
_STALE_VARIABLE = ("useTags", "tagsQuery", "tagValuesQuery", "auto", "auto_min", "auto_count")


@dataclass(frozen=True)
class Query:
    """One expression and how its series are called; `{{label}}` in the legend is the label's value."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One panel, its JSON without a place, and the size it takes: columns of 24, rows of 30 pixels."""

    json: Json
    width: int
    height: int


@dataclass(frozen=True)
class Section:
    """A titled row of panels, laid out from left to right."""

    title: str
    panels: tuple[Panel, ...]


def stat(
    title: str, description: str, unit: str, queries: Sequence[Query], *, steps: Steps = PLAIN, width: int = 3
) -> Panel:
    """Return the newest value of each series in large print; a series that is gone has none."""
    panel = core.Stat(
        title=title,
        description=description,
        format=unit,
        targets=[core.Target(expr=one.expr, legendFormat=one.legend, instant=True) for one in queries],
        thresholds=_steps(steps),
        reduceCalc="lastNotNull",
        graphMode="none",
        noValue="–",
        color={"mode": "thresholds"},
    )
    return _panel(panel, width, 4)


def lines(
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Query],
    *,
    steps: Steps = PLAIN,
    overrides: Sequence[Json] = (),
    width: int = 12,
) -> Panel:
    """Return values over time as steps; `steps` of more than one colour draw threshold lines."""
    panel = core.TimeSeries(
        title=title,
        description=description,
        unit=unit,
        targets=[core.Target(expr=one.expr, legendFormat=one.legend) for one in queries],
        thresholds=_steps(steps),
        thresholdsStyleMode="dashed" if len(steps) > 1 else "off",
        lineInterpolation="stepAfter",  # a gauge of a pane holds until the next one
        showPoints="never",
        stacking={"mode": "none", "group": "A"},
        tooltipMode="multi",
        tooltipSort="desc",
        overrides=list(overrides),
        extraJson={"options": {"legend": {"showLegend": True}}},
    )
    return _panel(panel, width, 8)


def states(
    title: str,
    description: str,
    queries: Sequence[Query],
    texts: dict[str, tuple[str, str]],
    *,
    width: int = 24,
) -> Panel:
    """Return the state of each series over time; `texts` gives text and colour of each value."""
    options = {
        value: {"text": text, "color": color, "index": i}
        for i, (value, (text, color)) in enumerate(texts.items())
    }
    panel = core.StateTimeline(
        title=title,
        description=description,
        targets=[core.Target(expr=one.expr, legendFormat=one.legend) for one in queries],
        thresholds=_steps(PLAIN),
        mappings=[{"type": "value", "options": options}],
        extraJson={
            "fieldConfig": {"defaults": {"unit": "none"}},
            "options": {"legend": {"showLegend": False, "calcs": []}, "tooltip": {"sort": "none"}},
        },
    )
    return _panel(panel, width, 8)


def dashed(pattern: str) -> Json:
    """Return the override that draws series whose name matches a regular expression dashed."""
    return _override("byRegexp", f"/{pattern}/", {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}})


def band(lower: str, upper: str) -> list[Json]:
    """Return the overrides that fill between two series of these names and hide their lines."""
    hidden: Json = {"custom.lineWidth": 0, "color": {"mode": "fixed", "fixedColor": "blue"}}
    fill: Json = {"custom.fillBelowTo": lower, "custom.fillOpacity": 15}
    return [_override("byName", lower, hidden), _override("byName", upper, hidden | fill)]


def datasource() -> Json:
    """Return the variable that every panel's data source comes from."""
    variable = core.Template(name="datasource", label="Data source", type="datasource", query="prometheus")
    return _variable(variable, current=None)


def variable(name: str, label: str, query: str, *, several: bool = False) -> Json:
    """Return a variable that asks Prometheus; `several` allows more than one value and begins with all."""
    template = core.Template(
        name=name,
        label=label,
        query=query,
        dataSource=DATASOURCE,
        refresh=ON_TIME_CHANGE,
        multi=several,
        includeAll=several,
        allValue=ALL if several else None,
    )
    everything = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return _variable(template, current=everything if several else None) | {"definition": query}


def board(
    title: str, uid: str, description: str, variables: Sequence[Json], sections: Iterable[Section]
) -> Json:
    """Return the JSON of a dashboard: classic schema, read-only, panels placed without overlap.

    Raises
    ------
    ValueError
        If a panel is wider than the grid.
    """
    link = core.DashboardLink(title="Wolfpack", tags=[TAG], asDropdown=True, includeVars=True, keepTime=True)
    frame = core.Dashboard(
        title=title,
        uid=uid,
        description=description,
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        links=[link],
        refresh="1m",
        schemaVersion=SCHEMA_VERSION,
        tags=[TAG],
        time=core.Time("now-14d", "now"),
        timezone="browser",
    )
    plain = _without(_plain(frame), _STALE_BOARD)
    return plain | {"templating": {"list": list(variables)}, "panels": _placed(sections)}


def _placed(sections: Iterable[Section]) -> list[Json]:
    """Return the panels with their places and ids: left to right, a new line where the next does not fit."""
    placed: list[Json] = []
    top = 0
    for section in sections:
        row = _without(_plain(core.RowPanel(title=section.title)), _STALE_PANEL)
        for stale in ("datasource", "fieldConfig", "targets", "transformations", "transparent"):
            row.pop(stale, None)
        placed.append(row | {"gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}})
        left, top, height = 0, top + 1, 0
        for panel in section.panels:
            if panel.width > COLUMNS:
                raise ValueError(
                    f"{panel.json['title']!r} is {panel.width} wide; a board has {COLUMNS} columns"
                )
            if left + panel.width > COLUMNS:
                left, top, height = 0, top + height, 0
            placed.append(
                panel.json | {"gridPos": {"x": left, "y": top, "w": panel.width, "h": panel.height}}
            )
            left, height = left + panel.width, max(height, panel.height)
        top += height
    return [panel | {"id": i} for i, panel in enumerate(placed, 1)]


def _panel(panel: Any, width: int, height: int) -> Panel:
    plain = _without(_plain(panel), _STALE_PANEL)
    plain["datasource"] = DATASOURCE
    plain["targets"] = [
        _without(target, _STALE_TARGET)
        | {"refId": letter, "datasource": DATASOURCE, "editorMode": "code", "range": not target["instant"]}
        for letter, target in zip(ascii_uppercase, plain["targets"], strict=False)
    ]
    return Panel(plain, width, height)


def _variable(template: Any, current: Json | None) -> Json:
    plain = _without(_plain(template), _STALE_VARIABLE)
    return plain | {"current": current or {}, "regex": "", "options": []}


def _steps(steps: Steps) -> list[Json]:
    return [{"color": color, "value": value} for color, value in steps]


def _override(matcher: str, what: str, properties: Json) -> Json:
    return {
        "matcher": {"id": matcher, "options": what},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }


def _plain(thing: Any) -> Json:
    """Return grafanalib's JSON as plain dictionaries, without nulls but that of a first step."""
    return dict(_pruned(json.loads(json.dumps(thing, cls=DashboardEncoder))))


def _pruned(thing: Any) -> Any:
    if isinstance(thing, list):
        return [_pruned(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    step = thing.keys() == {"color", "value"}
    return {key: _pruned(value) for key, value in thing.items() if value is not None or step}


def _without(plain: Json, keys: Iterable[str]) -> Json:
    return {key: value for key, value in plain.items() if key not in keys}
