"""A transport that keeps writes in a spool while the exporter is away, and sends them in order later."""

from __future__ import annotations

import logging
from typing import Any

from wolfpack.client.failure import ServiceError
from wolfpack.client.memory_spool import MemorySpool
from wolfpack.client.retries import RETRY_FOR
from wolfpack.client.spool import Request, Spool
from wolfpack.client.transport import Transport, new_key

log = logging.getLogger("wolfpack.client")


class Outbox:
    """Sends what waits in the spool first, then the new request; spools it if the exporter stays away.

    Processes that share the folder send one after the other, so a newer part never overtakes an older one.

    Parameters
    ----------
    transport : what sends; it tries again by itself.
    spool : where requests wait.
    patience : seconds to wait for another process that is sending.
    """

    def __init__(self, transport: Transport, spool: Spool | MemorySpool, patience: float = RETRY_FOR) -> None:
        self._transport, self.spool, self._patience = transport, spool, patience

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        return self._transport.get(path, params)

    def send(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        body: bytes,
        content_type: str,
        key: str | None = None,
    ) -> Any:
        """Return the exporter's answer, or ``{"spooled": true, "waiting": …, "dropped": …}``.

        Raises
        ------
        ServiceError
            If the request is refused, or if it cannot be spooled either.
        """
        request = Request(method, path, params, body, content_type, key or new_key())
        try:
            with self.spool.sending(self._patience):
                self.spool.drain(self._send)
                return self._send(request)
        except (ServiceError, TimeoutError) as error:
            if isinstance(error, ServiceError) and not error.may_pass:
                raise
            return self._keep(request, error)

    def flush(self) -> None:
        """Send what waits.

        Raises
        ------
        ServiceError, TimeoutError
            If the exporter is still away, or another process is sending; what was not sent stays.
        """
        with self.spool.sending(self._patience):
            self.spool.drain(self._send)

    def _send(self, request: Request) -> Any:
        return self._transport.send(**vars(request))

    def _keep(self, request: Request, error: Exception) -> dict[str, Any]:
        try:
            self.spool.put(request)
        except (OSError, ValueError) as full:
            raise ServiceError(f"{error}; nor could it be spooled: {full}") from error
        there = self.spool.look()
        log.warning("%s; kept in spool %s, where %d requests wait", error, self.spool.folder, there.waiting)
        return {"spooled": True, "waiting": there.waiting, "dropped": there.dropped}
