"""The board of fairness: are groups of a segment served alike, or is what sets them apart no more than chance?"""

from __future__ import annotations

from wolfpack.dashboards import fairness_panels as fairness
from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board
from wolfpack.dashboards.links import Outside, evidence_link
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json
from wolfpack.dashboards.scope import Scope
from wolfpack.spec.fairness_names import GAPS, RATES

FAIRNESS_UID = "wolfpack-fairness"


def fairness_board(outside: Outside = Outside()) -> Json:  # noqa: B008 - frozen
    """Return the board of the segments that a spec compares under `fairness`."""
    scope = Scope()
    now = (*(fairness.over_chance(scope, name) for name in GAPS), fairness.smallest_now(scope))
    sections = [
        Section("Now", now),
        Section("Groups apart", tuple(fairness.gap(scope, name) for name in GAPS)),
        Section("Ratios", (fairness.ratios(scope),)),
        Section("Groups", tuple(fairness.rate(scope, name) for name in RATES)),
        Section("Rows", (fairness.sizes(scope),)),
    ]
    text = f"How far the groups of a model's segments are apart, beside what chance gives. {MADE}"
    links = evidence_link(outside, scope)
    return board("Wolfpack / Fairness", FAIRNESS_UID, text, one_model(), sections, links, deployments(scope))
