"""What an endpoint takes and answers, declared once at its view: route, checks, OpenAPI and docs follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import flask
from pydantic import BaseModel

Method = Literal["GET", "POST", "PUT"]
Scope = Literal["read", "write"]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query.

    Parameters
    ----------
    meaning : what it says, for the reader of the docs.
    default : its value where it is not given; None: it has none.
    needed : whether it must be given where it has no default.
    allowed : its only values; empty: any.
    numbers : least and most of a number; None: it is a text.
    pattern : that a text has, for the description; the view says what is wrong with another.
    instead : what to do where another value was meant, for the refusal.
    """

    name: str
    meaning: str
    default: str | None = None
    needed: bool = True
    allowed: tuple[str, ...] = ()
    numbers: tuple[float, float] | None = None
    pattern: str = ""
    instead: str = ""

    @property
    def required(self) -> bool:
        return self.needed and self.default is None


@dataclass(frozen=True)
class Raw:
    """A body or an answer that is no JSON: what it is, and its content types."""

    meaning: str
    types: tuple[str, ...] = ("application/octet-stream",)


@dataclass(frozen=True)
class Endpoint:
    """One method of one address.

    Parameters
    ----------
    path : as Flask writes it, ``/a/<b>``.
    scope : what a token needs; None: it is open.
    summary : first sentence of the view's docstring.
    body : model of a JSON body, or bytes; None: there is none.
    answer : typed dictionary of a JSON answer, or bytes.
    keyed : whether an idempotency key guards it.
    """

    method: Method
    path: str
    scope: Scope | None
    summary: str
    answer: Any
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | Raw | None = None
    keyed: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Group(flask.Blueprint):
    """A blueprint whose endpoints are declared; folders are those of templates and static files, if it has any."""

    def __init__(self, name: str, **folders: str) -> None:
        super().__init__(name, __name__, **folders)  # type: ignore[arg-type]  # of many options, all texts here
        self.endpoints: list[Endpoint] = []

    def declare(
        self,
        method: Method,
        path: str,
        *,
        scope: Scope | None,
        answer: Any,
        parameters: tuple[Parameter, ...] = (),
        body: type[BaseModel] | Raw | None = None,
        keyed: bool = False,
    ) -> Callable[[View], View]:
        """Declare that a view answers this; see `Endpoint`."""

        def declared(view: View) -> View:
            summary = (view.__doc__ or "").strip().split("\n")[0].rstrip(".")
            self.endpoints.append(Endpoint(method, path, scope, summary, answer, parameters, body, keyed))
            self.add_url_rule(path, view.__name__, view, methods=[method])
            return view

        return declared
