"""The shared model board under the file and variable name of grafanalib's `generate-dashboard`."""  # noqa: N999 - its convention

from __future__ import annotations

from wolfpack.dashboards.files import Definition
from wolfpack.dashboards.model_board import shared_board

dashboard = Definition(shared_board())
