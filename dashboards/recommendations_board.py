"""The board of recommendations: are lists good at their first places, for whom, and on what feedback does it rest?"""

from __future__ import annotations

from wolfpack.dashboards import output_panels as outputs
from wolfpack.dashboards import quality_panels as quality
from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board
from wolfpack.dashboards.links import Outside, evidence_link
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json
from wolfpack.dashboards.scope import Scope
from wolfpack.spec.measures import MEASURES, Metric

RECOMMENDATIONS_UID = "wolfpack-recommendations"
FIRST: tuple[Metric, ...] = ("ndcg", "map", "mrr", "hit_rate", "precision", "recall")
"""Measures of lists, those of the whole order before those of single places."""


def recommendations_board(outside: Outside = Outside()) -> Json:  # noqa: B008 - frozen
    """Return the board of models whose task is ranking."""
    scope = Scope()
    best, feedback = MEASURES["ndcg"], MEASURES["feedback_ratio"]
    now = (quality.now(scope, best, None), quality.now(scope, feedback, None), quality.coverage_now(scope))
    sections = [
        Section("Now", now),
        Section("Lists", tuple(quality.course(scope, MEASURES[name], None, expected=False) for name in FIRST)),
        Section("For whom", tuple(quality.by_segment(scope, MEASURES[name]) for name in ("ndcg", "hit_rate"))),
        Section("Outputs", outputs.panels(scope)),
        Section("Feedback", (quality.course(scope, feedback, None, expected=False), quality.coverage(scope))),
    ]
    text = f"Recommendations and rankings of one model over the first places of its lists. {MADE}"
    links = evidence_link(outside, scope)
    title = "Wolfpack / Recommendations"
    return board(title, RECOMMENDATIONS_UID, text, one_model(), sections, links, deployments(scope))
