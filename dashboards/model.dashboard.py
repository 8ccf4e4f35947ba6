"""The shared model board under the file and variable name that grafanalib's `generate-dashboard` wants."""

from __future__ import annotations

from wolfpack.dashboards.files import Definition
from wolfpack.dashboards.model_board import shared_board

dashboard = Definition(shared_board())
