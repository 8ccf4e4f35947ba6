"""The one seam to a Wolfpack exporter over HTTP; tests and sidecars replace or reuse it whole."""

from __future__ import annotations

from typing import Any, Protocol

import requests

from wolfpack.spec.errors import WolfpackError

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, seconds to wait for an answer."""


class ServiceError(WolfpackError):
    """Catch this when the exporter refused a request or could not be reached; `status` is 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


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
    """Requests over one kept connection, with a bearer token if one is given."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment must not see what goes to the exporter
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        return self._call("GET", path, params or {}, None, {})

    def send(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        body: bytes,
        content_type: str,
        key: str | None = None,
    ) -> Any:
        headers = {"Content-Type": content_type} | ({"Idempotency-Key": key} if key else {})
        return self._call(method, path, params, body, headers)

    def close(self) -> None:
        self._session.close()

    def _call(
        self, method: str, path: str, params: dict[str, str], body: bytes | None, headers: dict[str, str]
    ) -> Any:
        try:
            answer = self._session.request(
                method, self.url + path, params=params, data=body, headers=headers, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise ServiceError(
                f"{method} {self.url}{path}: no answer ({error}); is the exporter running?"
            ) from error
        if answer.ok:
            return answer.json()
        raise ServiceError(
            f"{method} {self.url}{path}: {answer.status_code} {_detail(answer)}", answer.status_code
        )


def _detail(answer: requests.Response) -> str:
    try:
        problem = answer.json()
        return f"{problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
