"""What a reader of a board chooses first: the data source, and the model."""

from __future__ import annotations

from wolfpack.dashboards.layout import datasource, variable
from wolfpack.dashboards.panels import Json
from wolfpack.spec import names


def one_model() -> list[Json]:
    """Return the variables of a board that is about one model: data source, project and model."""
    return [
        datasource(),
        variable("project", "Project", f"label_values({names.MODEL_INFO}, project)"),
        variable("model", "Model", f'label_values({names.MODEL_INFO}{{project="$project"}}, model)'),
    ]
