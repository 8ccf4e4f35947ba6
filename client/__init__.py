"""What a model's own job imports: profile rows wherever they are, log predictions, send."""

from wolfpack.client.failure import ServiceError
from wolfpack.client.files import Files, open_files
from wolfpack.client.formats import ENDINGS
from wolfpack.client.hashing import hash_keys
from wolfpack.client.inputs import profile
from wolfpack.client.job import Client
from wolfpack.client.outbox import Outbox
from wolfpack.client.spool import Spool, Spooled
from wolfpack.client.transport import HttpTransport, Transport

__all__ = [
    "ENDINGS",
    "Client",
    "Files",
    "HttpTransport",
    "Outbox",
    "ServiceError",
    "Spool",
    "Spooled",
    "Transport",
    "hash_keys",
    "open_files",
    "profile",
]
