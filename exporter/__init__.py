"""The service: receives profiles, rows and labels, keeps a ledger, computes windows, exposes gauges."""

from wolfpack.exporter.app import create_app, endpoints
from wolfpack.exporter.databases import LedgerError
from wolfpack.exporter.declaration import Endpoint, Raw
from wolfpack.exporter.keeping import Keeping, parse_keeping
from wolfpack.exporter.server import check_address, parse_listen, serve
from wolfpack.exporter.service import Service, open_service
from wolfpack.exporter.tokens import TokenFile, new_token

__all__ = [
    "Endpoint",
    "Keeping",
    "LedgerError",
    "Raw",
    "Service",
    "TokenFile",
    "check_address",
    "create_app",
    "endpoints",
    "new_token",
    "open_service",
    "parse_keeping",
    "parse_listen",
    "serve",
]
