"""The panels of fairness: how far the groups of a segment are apart, what chance gives, and the groups themselves."""

from __future__ import annotations

from collections.abc import Mapping

from wolfpack.dashboards.model_panels import above
from wolfpack.dashboards.panels import Panel, Query, Steps, dashed, lines, stat
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import Spec
from wolfpack.spec.fairness_names import GAPS, RATES, SMALLEST, SMALLEST_LABELLED
from wolfpack.spec.vocabulary import Levels

OF_SEGMENTS = {"segment": '!=""'}
SEGMENT = ("segment",)
GROUP = ("segment", "segment_value")
OVER_NOISE: Steps = (("green", None), ("orange", 1))


def panels(scope: Scope, spec: Spec) -> tuple[Panel, ...]:
    """Return the panels of a spec that compares groups; lines are at the first segment's levels."""
    its = next(iter(spec.fairness.values()))
    told: Mapping[str, Levels] = {
        "demographic_parity": its.demographic_parity,
        "equal_opportunity": its.equal_opportunity,
        "equalized_odds": its.equalized_odds,
    }
    apart = [gap(scope, name, told[name]) for name in GAPS]
    return (*apart, ratios(scope), *(rate(scope, name) for name in RATES), sizes(scope))


def gap(scope: Scope, name: str, levels: Levels | None = None) -> Panel:
    """Return the difference of one criterion for each segment, beside what chance gives."""
    difference, _, noise = GAPS[name]
    queries = [
        Query(scope.most(difference, SEGMENT, **OF_SEGMENTS), "{{segment}}"),
        Query(scope.most(noise, SEGMENT, **OF_SEGMENTS), "by chance {{segment}}"),
    ]
    text = f"{difference.help} Dashed, what groups alike reach by chance; below it the difference means nothing."
    overrides = [dashed("^by chance ")]
    return lines(_title(name), text, "none", queries, steps=above(levels), overrides=overrides, width=8)


def over_chance(scope: Scope, name: str) -> Panel:
    """Return how often the newest difference of one criterion is what chance gives."""
    difference, _, noise = GAPS[name]
    expr = f"{scope.most(difference, SEGMENT, **OF_SEGMENTS)} / {scope.most(noise, SEGMENT, **OF_SEGMENTS)}"
    text = "The difference as a multiple of what groups alike reach by chance; at 1 and below it means nothing."
    return stat(f"{_title(name)} over chance", text, "none", [Query(expr, "{{segment}}")], steps=OVER_NOISE, width=6)


def smallest_now(scope: Scope) -> Panel:
    queries = _sizes(scope)
    return stat("Rows of the smallest group", "Few rows tell little about a group.", "short", queries, width=6)


def ratios(scope: Scope) -> Panel:
    queries = [
        Query(scope.most(ratio, SEGMENT, **OF_SEGMENTS), f"{_title(name).lower()} of {{{{segment}}}}")
        for name, (_, ratio, _) in GAPS.items()
    ]
    text = "Smallest over largest rate of the groups of a segment; 0.8 is the four-fifths rule."
    return lines("Ratio of groups", text, "none", queries, width=24)


def rate(scope: Scope, name: str) -> Panel:
    """Return one rate of every group."""
    queries = [Query(scope.most(RATES[name], GROUP, **OF_SEGMENTS), "{{segment}} {{segment_value}}")]
    return lines(f"{_title(name)} by group", RATES[name].help, "percentunit", queries, width=8)


def sizes(scope: Scope) -> Panel:
    text = "Rows of the smallest group, and labelled rows of the group that has fewest: few tell little about a group."
    return lines("Smallest groups", text, "short", _sizes(scope), width=24)


def _sizes(scope: Scope) -> list[Query]:
    return [
        Query(scope.most(family, SEGMENT, **OF_SEGMENTS), f"{said} of {{{{segment}}}}")
        for family, said in ((SMALLEST, "rows"), (SMALLEST_LABELLED, "labelled rows"))
    ]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
