"""Dashboards as code: from the metric catalogue and a spec to Grafana's classic JSON."""

from wolfpack.dashboards.files import generate, shared_boards, write
from wolfpack.dashboards.links import MODEL_UID, Outside
from wolfpack.dashboards.model_board import spec_board, spec_uid

__all__ = [
    "MODEL_UID",
    "Outside",
    "generate",
    "shared_boards",
    "spec_board",
    "spec_uid",
    "write",
]
