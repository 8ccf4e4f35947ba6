"""The panels of drift: each score beside its noise floor, and all columns at once."""

from __future__ import annotations

from wolfpack.dashboards.model_panels import TOP, above
from wolfpack.dashboards.panels import PLAIN, Panel, Query, Steps, dashed, heat, lines
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import Family, names
from wolfpack.spec.model import Mean
from wolfpack.spec.vocabulary import Levels

OVER_NOISE: Steps = (("green", None), ("yellow", 1), ("orange", 2), ("red", 4))
"""Of a score as a multiple of its noise floor."""
SHOWN = 40


def drift_map(scope: Scope) -> Panel:
    """Return the columns that moved most, one row each, coloured by how far beyond their noise."""
    by = ("role", "column", "baseline")
    psi = f"{scope.most(names.COLUMN_PSI, by)} / {scope.most(names.COLUMN_PSI_NOISE, by)}"
    text = (
        f"Population stability index as a multiple of its noise floor, of the {SHOWN} columns with most: what changed, "
        "and since when. At 1 and below it means nothing; whether it alerts is said by the spec's levels below."
    )
    legend = "{{column}} ({{role}}, {{baseline}})"
    return heat("Drift by column", text, "none", [Query(f"topk({SHOWN}, {psi})", legend)], steps=OVER_NOISE)


def evidence(
    scope: Scope, score: Family, noise: Family, levels: Levels | None, *, title: str, text: str
) -> Panel:
    """Return the scores of the columns with most of them, each with its noise floor, dashed."""
    by = ("role", "column", "baseline")
    top = f"topk({TOP // 2}, {scope.most(score, by)})"
    queries = [
        Query(top, "{{column}} ({{role}}, {{baseline}})"),
        Query(f"{scope.most(noise, by)} and {top}", "noise floor {{column}} ({{role}}, {{baseline}})"),
    ]
    text = f"{text} The {TOP // 2} columns with most; a score below its dashed noise floor means nothing."
    return lines(title, text, "none", queries, steps=above(levels), overrides=[dashed("^noise floor ")])


def mean_change(scope: Scope, mean: Mean | None) -> Panel:
    by = ("role", "column", "baseline")
    change, noise = scope.most(names.COLUMN_MEAN_CHANGE, by), scope.most(names.COLUMN_MEAN_CHANGE_NOISE, by)
    top = f"topk({TOP // 2}, abs({change}))"
    queries = [
        Query(f"{change} and {top}", "{{column}} ({{role}}, {{baseline}})"),
        Query(f"{noise} and {top}", "noise floor {{column}} ({{role}}, {{baseline}})"),
    ]
    text = (
        f"Change of the mean as a share of the baseline's; the {TOP // 2} columns with most. Within its dashed noise "
        "floor, up or down, it means nothing."
    )
    steps: Steps = PLAIN
    if mean is not None:
        steps = (("orange", None), ("green", -mean.within), ("orange", mean.within))
    return lines("Change of the mean", text, "percentunit", queries, steps=steps, overrides=[dashed("^noise floor ")])


def novel(scope: Scope, levels: Levels | None) -> Panel:
    by = ("role", "column")
    top = f"topk({TOP // 2}, {scope.most(names.COLUMN_NOVEL, by)})"
    text = f"Share of rows whose value the reference never had; the {TOP // 2} columns with most."
    queries = [Query(top, "{{column}} ({{role}})")]
    return lines("Novel values by column", text, "percentunit", queries, steps=above(levels))
