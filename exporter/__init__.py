"""The service: receives profiles, rows and labels, keeps a ledger, computes windows, exposes gauges."""

from wolfpack.exporter.app import create_app, endpoints
from wolfpack.exporter.audit import audit
from wolfpack.exporter.databases import LedgerError
from wolfpack.exporter.declaration import Endpoint, Raw
from wolfpack.exporter.export import export
from wolfpack.exporter.export_folder import ExportFolder
from wolfpack.exporter.forgetting import forget, model_number
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.past import past
from wolfpack.exporter.remote_write import send_samples
from wolfpack.exporter.server import check_address, parse_listen, serve
from wolfpack.exporter.service import Service, open_service
from wolfpack.exporter.tokens import TokenFile, new_token

__all__ = [
    "Endpoint",
    "ExportFolder",
    "Ledger",
    "LedgerError",
    "Raw",
    "Service",
    "TokenFile",
    "audit",
    "check_address",
    "create_app",
    "endpoints",
    "export",
    "forget",
    "model_number",
    "new_token",
    "open_service",
    "parse_listen",
    "past",
    "send_samples",
    "serve",
]
