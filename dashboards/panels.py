"""Panels: the one module over grafanalib (with `layout`, which places them), which corrects what it writes.

grafanalib 0.7.1 writes the JSON of Grafana 6 (schemaVersion 12): Grafana's own migration of that loses the
shared crosshair, its null data sources become the default one, every refId is empty, and graphs have 100
points. Here everything is written in the shape of schema 39, so that no migration touches it, and keys that
are gone are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import grafanalib.core

core: Any = grafanalib.core  # attrs classes without types: a checker takes them to have no parameters

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

Json = dict[str, Any]
Steps = Sequence[tuple[str, float | None]]
"""Colours from a value on; the first begins at None, below everything."""
PLAIN: Steps = (("green", None),)

STALE_PANEL = (
    "editable",
    "error",
    "height",
    "span",
    "minSpan",
    "maxDataPoints",
    "hideTimeOverride",
    "links",
)
_STALE_TABLE = ("columns", "fontSize", "color", "mappings")
_STALE_TARGET = ("query", "target", "metric", "step", "intervalFactor", "interval", "hide")


@dataclass(frozen=True)
class Query:
    """One expression and how its series are called; `{{label}}` in the legend is the label's value."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Column:
    """One column of a table: the newest values of an expression; `shown` is False where only its labels count."""

    title: str
    expr: str
    unit: str = "none"
    steps: Steps = PLAIN
    shown: bool = True


@dataclass(frozen=True)
class Panel:
    """One panel, its JSON without a place, and the size it takes: columns of 24, rows of 30 pixels."""

    json: Json
    width: int
    height: int


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
    height: int = 8,
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
    return _panel(panel, width, height)


def heat(title: str, description: str, unit: str, queries: Sequence[Query], *, steps: Steps) -> Panel:
    """Return the values of many series over time as colours, one row each; `steps` are the colours."""
    panel = core.StateTimeline(
        title=title,
        description=description,
        targets=[core.Target(expr=one.expr, legendFormat=one.legend) for one in queries],
        thresholds=_steps(steps),
        extraJson={
            "fieldConfig": {"defaults": {"unit": unit, "color": {"mode": "thresholds"}}},
            "options": {
                "legend": {"showLegend": False, "calcs": []}, "tooltip": {"sort": "none"}, "mergeValues": True,
                "showValue": "never", "rowHeight": 0.9,
            },
        },
    )  # fmt: skip
    return _panel(panel, 24, 10)


def table(
    title: str, description: str, columns: Sequence[Column], *, keys: Sequence[str], sort: str, width: int = 24
) -> Panel:
    """Return a row for each set of `keys`, with the newest value of each column, the largest of `sort` first.

    Parameters
    ----------
    keys : labels that every query keeps; a query may keep further ones, which become columns of text.
    """
    panel = core.Table(
        title=title,
        description=description,
        targets=[
            core.Target(expr=one.expr, legendFormat=one.title, instant=True, format="table") for one in columns
        ],
        thresholds=_steps(PLAIN),
        overrides=[_cell(one) for one in columns if one.shown],
        transformations=[{"id": "merge", "options": {}}, {"id": "organize", "options": _order(columns, keys)}],
        extraJson={
            "fieldConfig": {"defaults": {"unit": "none", "custom": {"filterable": True, "align": "auto"}}},
            "options": {"showHeader": True, "cellHeight": "sm"},
        },
        sortBy=[core.TableSortByField(sort, desc=True)],
    )
    made = _panel(panel, width, 12)
    made.json["fieldConfig"]["defaults"]["custom"].pop("displayMode")  # `cellOptions` since Grafana 9.4
    return Panel(without(made.json, _STALE_TABLE), made.width, made.height)


def linked(panel: Panel, title: str, url: str, field: str | None = None) -> Panel:
    """Return the panel with a link on each of its values, or only on those of one column of a table."""
    fields, link = panel.json["fieldConfig"], [{"title": title, "url": url, "targetBlank": False}]
    if field is None:
        defaults = fields["defaults"]
        fields = fields | {"defaults": defaults | {"links": [*defaults.get("links", []), *link]}}
    else:
        fields = fields | {"overrides": [*fields["overrides"], _override("byName", field, {"links": link})]}
    return Panel(panel.json | {"fieldConfig": fields}, panel.width, panel.height)


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


def _panel(panel: Any, width: int, height: int) -> Panel:
    made = without(plain(panel), STALE_PANEL)
    made["datasource"] = DATASOURCE
    made["targets"] = [
        without(target, _STALE_TARGET)
        | {"refId": letter, "datasource": DATASOURCE, "editorMode": "code", "range": not target["instant"]}
        for letter, target in zip(ascii_uppercase, made["targets"], strict=False)
    ]
    return Panel(made, width, height)


def _steps(steps: Steps) -> list[Json]:
    return [{"color": color, "value": value} for color, value in steps]


def _cell(column: Column) -> Json:
    colored: Json = {"custom.cellOptions": {"type": "color-background", "mode": "basic"}}
    steps = {"mode": "absolute", "steps": _steps(column.steps)}
    properties: Json = {"unit": column.unit, "thresholds": steps}
    return _override("byName", column.title, properties | (colored if len(column.steps) > 1 else {}))


def _order(columns: Sequence[Column], keys: Sequence[str]) -> Json:
    """Return what the table leaves out, how its columns are called, and their order."""
    values = {f"Value #{letter}": one for one, letter in zip(columns, ascii_uppercase, strict=False)}
    hidden = ["Time", *(name for name, one in values.items() if not one.shown)]
    return {
        "excludeByName": dict.fromkeys(hidden, True),
        "renameByName": {name: one.title for name, one in values.items() if one.shown},
        "indexByName": {name: place for place, name in enumerate([*keys, *values])},
    }


def _override(matcher: str, what: str, properties: Json) -> Json:
    return {
        "matcher": {"id": matcher, "options": what},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }


def plain(thing: Any) -> Json:
    """Return grafanalib's JSON as plain dictionaries, without nulls but that of a first step."""
    return dict(_pruned(thing))


def _pruned(thing: Any) -> Any:
    """Return what grafanalib's own encoder writes of a thing, in one pass over it and without text between."""
    if thing is None or isinstance(thing, str | int | float):
        return thing
    if isinstance(thing, list | tuple):
        return [_pruned(one) for one in thing]
    if not isinstance(thing, dict):
        return _pruned(thing.to_json_data())
    step = thing.keys() == {"color", "value"}
    return {key: _pruned(value) for key, value in thing.items() if value is not None or step}


def without(thing: Json, keys: Iterable[str]) -> Json:
    return {key: value for key, value in thing.items() if key not in keys}
