"""The board of quality: one measure in its interval, what is expected before labels come, and what it all rests on."""

from __future__ import annotations

from wolfpack.dashboards import quality_panels as quality
from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board
from wolfpack.dashboards.links import Outside, evidence_link
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json
from wolfpack.dashboards.scope import Scope

QUALITY_UID = "wolfpack-quality"


def quality_board(outside: Outside = Outside()) -> Json:  # noqa: B008 - frozen
    """Return the board that says whether a model still predicts well, and how much is known about it."""
    scope = Scope()
    now = (quality.chosen_now(scope), quality.coverage_now(scope), quality.unmatched_now(scope))
    sections = [
        Section("Now", now),
        Section("Measure", (quality.chosen(scope), quality.chosen_by_segment(scope))),
        Section("Parts", (quality.chosen_by_version(scope), quality.chosen_by_class(scope))),
        Section("Before labels come", (quality.chosen_estimate(scope), quality.chosen_estimate_error(scope))),
        Section("What was learnt", (quality.calibration(scope, None), quality.concept(scope))),
        Section("Regions", (quality.region_errors(scope),)),
        Section("Training", (quality.retrain(scope), quality.new_labels(scope))),
        Section("Labels", (quality.coverage(scope), quality.labels(scope), quality.unmatched(scope))),
    ]
    text = f"A measure of quality of one model, its estimate, and the labels that it rests on. {MADE}"
    choice, links = [*one_model(), quality.measure_choice(scope)], evidence_link(outside, scope)
    return board("Wolfpack / Quality", QUALITY_UID, text, choice, sections, links, deployments(scope))
