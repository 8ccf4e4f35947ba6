"""The panels of outputs as such: whether they look alive, and how recommendations spread."""

from __future__ import annotations

from wolfpack.dashboards.panels import Panel, Query, dashed, lines
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import Family
from wolfpack.spec.output_names import EVENT_RATIO, EVENT_RATIO_STDERR, OUTPUT_MEASURES, ROWS, OutputMetric

HEALTH: tuple[OutputMetric, ...] = ("empty_ratio", "constant", "repeated_request_ratio", "switch_ratio")
SPREAD: tuple[OutputMetric, ...] = ("catalogue_coverage", "unseen_ratio", "gini", "popularity")
CONTENT: tuple[OutputMetric, ...] = ("diversity", "novelty", "entropy", "length")
BAND_SD = 1.96
"""Standard errors each side: 95 % of a Gaussian."""


def output_health(scope: Scope) -> Panel:
    """Return whether outputs look alive."""
    text = "Outputs that are empty, all alike, asked again, or another than the one before for the same subject."
    return _several(scope, "Outputs", text, "percentunit", HEALTH)


def output_rows(scope: Scope) -> Panel:
    """Return how many outputs the rest rests on."""
    return lines("Outputs counted", ROWS.help, "short", [Query(scope.most(ROWS), "outputs")])


def events(scope: Scope) -> Panel:
    """Return the ratios of counts that the team names, in their intervals."""
    by = ("event",)
    value, spread = scope.most(EVENT_RATIO, by), f"{BAND_SD} * {scope.most(EVENT_RATIO_STDERR, by)}"
    queries = [Query(value, "{{event}}")]
    queries.append(Query(f"{value} - {spread}", "{{event}} lower"))
    queries.append(Query(f"{value} + {spread}", "{{event}} upper"))
    text = "One count that the team names over another, such as clicks over shown, with its 95 % interval."
    return lines("Events", text, "percentunit", queries, overrides=[dashed(" (lower|upper)$")])


def spread(scope: Scope) -> Panel:
    """Return how recommendations spread over items and users."""
    text = "How much of training's catalogue is recommended, how unequally, to how popular items, and what is new."
    return _several(scope, "Spread of recommendations", text, "percentunit", SPREAD)


def content(scope: Scope) -> Panel:
    """Return what lists are like."""
    text = "Distance of the items of a list, novelty and entropy in bits, and items of a list."
    return _several(scope, "Lists of recommendations", text, "none", CONTENT)


def panels(scope: Scope) -> tuple[Panel, ...]:
    """Return all of them."""
    return output_health(scope), output_rows(scope), events(scope), spread(scope), content(scope)


def _several(scope: Scope, title: str, text: str, unit: str, names: tuple[OutputMetric, ...]) -> Panel:
    found: list[Family] = [OUTPUT_MEASURES[name].value for name in names]
    queries = [Query(scope.most(one), name.replace("_", " ")) for name, one in zip(names, found, strict=True)]
    return lines(title, text, unit, queries)
