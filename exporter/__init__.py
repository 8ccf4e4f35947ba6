"""The service: receives profiles, rows and labels, keeps a ledger, computes windows, exposes gauges."""

from wolfpack.exporter.app import create_app, endpoints
from wolfpack.exporter.declaration import Endpoint, Raw
from wolfpack.exporter.ledger import LedgerError
from wolfpack.exporter.server import check_address, parse_listen, serve
from wolfpack.exporter.service import Service, open_service
from wolfpack.exporter.tokens import load_tokens, new_token

__all__ = [
    "Endpoint",
    "LedgerError",
    "Raw",
    "Service",
    "check_address",
    "create_app",
    "endpoints",
    "load_tokens",
    "new_token",
    "open_service",
    "parse_listen",
    "serve",
]
