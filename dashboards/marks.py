"""Marks on the time axis of every panel of a board: what happened then, besides what is measured."""

from __future__ import annotations

from wolfpack.dashboards.panels import DATASOURCE, Json
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import names


def deployments(scope: Scope) -> list[Json]:
    """Return the annotation that marks when each version of a model entered the stage that it is in.

    The keys from `expr` on are those of Grafana's Prometheus data source; `useValueForTime` takes the value, in
    milliseconds, for the time of the mark.
    """
    by = ("version", "stage")
    expr = f"1000 * {scope.most(names.DEPLOYMENT, by)}"
    return [
        {
            "name": "Deployments", "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": "blue",
            "expr": expr, "step": "60s", "titleFormat": "version {{version}}", "textFormat": "{{stage}}",
            "tagKeys": "stage", "useValueForTime": True,
        }
    ]  # fmt: skip
