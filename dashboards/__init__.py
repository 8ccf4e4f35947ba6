"""Dashboards as code: from the metric catalogue and a spec to Grafana's classic JSON."""

from wolfpack.dashboards.files import generate, write
from wolfpack.dashboards.model_board import SHARED_UID, shared_board, spec_board, spec_uid

__all__ = ["SHARED_UID", "generate", "shared_board", "spec_board", "spec_uid", "write"]
