"""The board of live services: does it answer, fast and without errors, and does it see what it was trained on?"""

from __future__ import annotations

from wolfpack.dashboards import live_panels as live
from wolfpack.dashboards import model_panels as panel
from wolfpack.dashboards.choices import one_model
from wolfpack.dashboards.layout import MADE, Section, board, variable
from wolfpack.dashboards.links import Outside, evidence_link, to_column, to_runbook
from wolfpack.dashboards.marks import deployments
from wolfpack.dashboards.panels import Json
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import names

LIVE_UID = "wolfpack-live"
LAST = "now-6h"
"""A live window is of minutes: days of it say nothing of now."""


def live_board(outside: Outside = Outside()) -> Json:  # noqa: B008 - frozen
    """Return the board of one live model: what its monitors count, and what calls came to in the last minutes."""
    scope = Scope()
    choice = [
        *one_model(),
        variable("role", "Role", scope.values(names.LIVE_MEAN, "role"), several=True),
        variable("column", "Column", scope.values(names.LIVE_MEAN, "column"), several=True),
    ]
    means = (live.means(scope), to_column(live.mean_change(scope, None), scope))
    sections = [
        Section("Now", (live.workers(scope), live.lost(scope), panel.firing(scope, "live"))),
        Section("Alerts", (to_runbook(panel.alerts(scope, "live"), outside),)),
        Section("Traffic", (live.traffic(scope), live.rate(scope))),
        Section("Answers", (live.errors(scope, None), live.latency(scope, None))),
        Section("Inputs", (live.outliers(scope, None), live.scores(scope), *means)),
        Section("Outputs", (live.empty(scope, None),)),
    ]
    text = f"Traffic, errors, latency, outliers and means of one live model. {MADE}"
    links, marks = evidence_link(outside, scope), deployments(scope)
    return board("Wolfpack / Live", LIVE_UID, text, choice, sections, links, marks, since=LAST)
