"""Dashboards as code: from the metric catalogue and a spec to Grafana's classic JSON."""

from wolfpack.dashboards.files import generate, write
from wolfpack.dashboards.model_board import SHARED_UID, shared_board, spec_board, spec_uid
from wolfpack.dashboards.service_board import SERVICE_UID, service_board

__all__ = [
    "SERVICE_UID",
    "SHARED_UID",
    "generate",
    "service_board",
    "shared_board",
    "spec_board",
    "spec_uid",
    "write",
]
