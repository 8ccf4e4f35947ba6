"""Links between boards, which keep project, model and the time range, and to pages outside Grafana."""

from __future__ import annotations

from dataclasses import dataclass

from wolfpack.dashboards.panels import Json, Panel, linked
from wolfpack.dashboards.scope import Scope

MODEL_UID = "wolfpack-model"
COLUMN_UID = "wolfpack-column"
_TIME = "${__url_time_range}"
_SOURCE = "${datasource:queryparam}"


@dataclass(frozen=True)
class Outside:
    """Where boards lead to outside Grafana; what is empty has no link.

    Parameters
    ----------
    evidence : address of the exporter as people's browsers reach it.
    runbooks : address of the generated folder of runbooks.
    """

    evidence: str = ""
    runbooks: str = ""


def to_model(panel: Panel, field: str) -> Panel:
    """Return a table of models with a link from the column `field` of each line to the model's board."""
    row = "var-project=${__data.fields.project}&var-model=${__data.fields.model}"
    return linked(panel, "Model board", f"/d/{MODEL_UID}?{_SOURCE}&{row}&{_TIME}", field)


def to_column(panel: Panel, scope: Scope) -> Panel:
    """Return a panel whose series have a label `column` with a link from each to the column's board."""
    column = "var-shown=${__field.labels.column}"
    return linked(panel, "Column board", f"/d/{COLUMN_UID}?{_SOURCE}&{_of(scope)}&{column}&{_TIME}")


def evidence_link(outside: Outside, scope: Scope, column: bool = False) -> list[Json]:
    """Return the board's link to the evidence page of the model, or of its column; none without an address."""
    if not outside.evidence:
        return []
    page = f"{outside.evidence.rstrip('/')}/models/{_plain(scope.project)}/{_plain(scope.model)}"
    return [_link("Evidence page", page + ("/columns/${shown:percentencode}" if column else ""))]


def to_runbook(panel: Panel, outside: Outside) -> Panel:
    """Return a panel of alerts with a link from each series to the runbook of its alert, if there is an address."""
    if not outside.runbooks:
        return panel
    return linked(panel, "Runbook", f"{outside.runbooks.rstrip('/')}/${{__field.labels.alertname}}.md")


def _of(scope: Scope) -> str:
    return "&".join(
        f"${{{name}:queryparam}}" if value == f"${name}" else f"var-{name}={value}"
        for name, value in (("project", scope.project), ("model", scope.model))
    )


def _plain(name: str) -> str:
    return f"${{{name[1:]}}}" if name.startswith("$") else name


def _link(title: str, url: str) -> Json:
    return {
        "asDropdown": False, "icon": "doc", "includeVars": False, "keepTime": False, "tags": [],
        "targetBlank": True, "title": title, "tooltip": "", "type": "link", "url": url,
    }  # fmt: skip
