"""Every request of a WSGI or ASGI application as a call: latency, throughput and errors by route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, MutableMapping
from contextlib import suppress
from typing import Any

from wolfpack.client.live_call import LiveCall

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Begin = Callable[[], LiveCall]
Bound = Callable[[str], str]
UNMATCHED = "__unmatched__"
"""Endpoint of requests that no route took: addresses that anybody may make up."""
FAILED = 500
"""Statuses from this on are the service's own failures."""


class WsgiMiddleware:
    """A WSGI application around another (PEP 3333).

    Parameters
    ----------
    begin : returns a new call.
    bound : returns an endpoint as it is counted.
    paths : only requests to these; None: to all.
    """

    def __init__(self, app: WsgiApp, begin: Begin, bound: Bound, paths: Collection[str] | None) -> None:
        self._app, self._begin, self._bound, self._paths = app, begin, bound, paths

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if self._paths is not None and path not in self._paths:
            return self._app(environ, start_response)
        call, status, route = self._begin(), [0], [path]

        def start(line: str, *rest: Any) -> Any:
            with suppress(ValueError, IndexError):
                status[0] = int(line.split(" ", 1)[0])
            # Now: Flask forgets the request before its answer is out.
            route[0] = _flask_route(environ) or _unrouted(path, status[0])
            return start_response(line, *rest)

        def end(error: BaseException | None) -> None:
            _end(call, self._bound(route[0]), status[0], error)

        call.__enter__()
        try:
            body = self._app(environ, start)
        except BaseException as error:
            end(error)
            raise
        return _Body(body, end)


class AsgiMiddleware:
    """An ASGI application around another (version 3); what is not HTTP goes through."""

    def __init__(self, app: AsgiApp, begin: Begin, bound: Bound, paths: Collection[str] | None) -> None:
        self._app, self._begin, self._bound, self._paths = app, begin, bound, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope.get("type") != "http" or (self._paths is not None and path not in self._paths):
            await self._app(scope, receive, send)
            return
        call, status = self._begin(), [0]

        async def sending(message: Any) -> None:
            if message.get("type") == "http.response.start":
                status[0] = int(message.get("status", 0))
            await send(message)

        call.__enter__()
        try:
            await self._app(scope, receive, sending)
        except BaseException as error:
            self._end(call, scope, status[0], error)
            raise
        self._end(call, scope, status[0], None)

    def _end(self, call: LiveCall, scope: Scope, status: int, error: BaseException | None) -> None:
        route = _asgi_route(scope) or _unrouted(str(scope.get("path", "")), status)
        _end(call, self._bound(route), status, error)


class _Body:
    """The body of an answer; the call ends with it, at the latest when the server closes it."""

    def __init__(self, body: Iterable[bytes], end: Callable[[BaseException | None], None]) -> None:
        self._body, self._end, self._ended = body, end, False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except BaseException as error:
            self._finish(error)
            raise
        self._finish(None)

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._finish(None)

    def _finish(self, error: BaseException | None) -> None:
        if not self._ended:
            self._ended = True
            self._end(error)


def _end(call: LiveCall, endpoint: str, status: int, error: BaseException | None) -> None:
    call.endpoint = endpoint
    call.failed = call.failed or status >= FAILED
    call.__exit__(None if error is None else type(error), error, None)


def _unrouted(path: str, status: int) -> str:
    return UNMATCHED if status == 404 else path


def _flask_route(environ: dict[str, Any]) -> str | None:
    """Return the rule that Flask (Werkzeug) matched, if it did."""
    rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    return rule if isinstance(rule, str) else None


def _asgi_route(scope: Scope) -> str | None:
    """Return the path of the route that Starlette (FastAPI) matched, if it did."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None
