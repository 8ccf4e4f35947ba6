"""What a model's own job imports: profile a table, log predictions, send."""

from wolfpack.client.job import Client
from wolfpack.client.transport import HttpTransport, ServiceError, Transport

__all__ = ["Client", "HttpTransport", "ServiceError", "Transport"]
