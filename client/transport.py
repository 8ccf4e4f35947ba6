"""The one seam to a Wolfpack exporter over HTTP; tests and sidecars replace or reuse it whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol
from uuid import uuid4

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from wolfpack.client.failure import ServiceError
from wolfpack.client.retries import RETRY_FOR, persist

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, seconds to wait for an answer."""


class Transport(Protocol):
    """What the client needs of the service."""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        """Return the JSON answer of a GET."""
        ...

    def send(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        body: bytes,
        content_type: str,
        key: str | None = None,
    ) -> Any:
        """Return the JSON answer of a write; `key` is its idempotency key."""
        ...


class HttpTransport:
    """Requests over one kept connection; what may pass is tried again, writes under one idempotency key.

    Parameters
    ----------
    url : address of the exporter, as in ``http://exporter:9906``.
    token : bearer token.
    retry_for : seconds within which a request is tried again, see `wolfpack.client.retries.persist`.
    timeout : seconds to connect, and seconds to wait for an answer, of each attempt.

    Raises
    ------
    ServiceError
        From every method, when the exporter refuses, or does not answer until it is given up.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        retry_for: float = RETRY_FOR,
        timeout: tuple[float, float] = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self._retry_for, self._timeout, self._sleep = retry_for, timeout, sleep
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment must not see what goes to the exporter
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        return self._persist("GET", path, params or {}, None, {})

    def send(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        body: bytes,
        content_type: str,
        key: str | None = None,
    ) -> Any:
        # An attempt whose answer is lost may have been committed; the key lets the next one find that out.
        headers = {"Content-Type": content_type, "Idempotency-Key": key or new_key()}
        return self._persist(method, path, params, body, headers)

    def close(self) -> None:
        self._session.close()

    def _persist(
        self, method: str, path: str, params: dict[str, str], body: bytes | None, headers: dict[str, str]
    ) -> Any:
        return persist(lambda: self._call(method, path, params, body, headers), self._retry_for, self._sleep)

    def _call(
        self, method: str, path: str, params: dict[str, str], body: bytes | None, headers: dict[str, str]
    ) -> Any:
        where = f"{method} {self.url}{path}"
        try:
            answer = self._session.request(
                method,
                self.url + path,
                params=params,
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,  # a redirected POST would arrive as a GET
            )
        except requests.RequestException as error:
            raise ServiceError(
                f"{where}: no answer ({error}); is the exporter running?", may_pass=_may_pass(error)
            ) from error
        if answer.is_redirect:
            raise ServiceError(
                f"{where}: leads to {answer.headers['Location']!r}; give that address", answer.status_code
            )
        if not answer.ok:
            said, wait = _detail(answer), _retry_after(answer)
            raise ServiceError(f"{where}: {answer.status_code} {said}", answer.status_code, retry_after=wait)
        try:
            return answer.json()
        except ValueError as error:
            raise ServiceError(
                f"{where}: {answer.status_code}, but no JSON: {answer.text[:80]!r}; is this the exporter?",
                answer.status_code,
            ) from error


def new_key() -> str:
    """Return an idempotency key that nothing else has."""
    return uuid4().hex


def _may_pass(error: requests.RequestException) -> bool:
    """Tell a network that may come back from an address or a certificate that is wrong."""
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not isinstance(error, requests.exceptions.SSLError)


def _retry_after(answer: requests.Response) -> float:
    """Return the seconds that an answer asks to wait; it may also name a date."""
    try:
        return float(Retry().parse_retry_after(answer.headers["Retry-After"]))
    except (KeyError, InvalidHeader):
        return 0.0


def _detail(answer: requests.Response) -> str:
    try:
        problem = answer.json()
        return f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
