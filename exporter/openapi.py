"""The OpenAPI description of the API, made from the declarations of its endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from wolfpack.exporter.answers import Refusal
from wolfpack.exporter.collectors import release
from wolfpack.exporter.declaration import Endpoint, Parameter, Raw
from wolfpack.exporter.parameters import COLUMN, MODEL, PROJECT

Json = dict[str, Any]
_IN_PATH = {one.name: one for one in (PROJECT, MODEL, COLUMN)}
_PLACE = re.compile(r"<(?:path:)?(\w+)>")
_REF = "#/components/schemas/{model}"
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of the request and its retries; what was done under it is not done again.",
    "schema": {"type": "string", "maxLength": 256},
}


def describe(endpoints: Iterable[Endpoint]) -> Json:
    """Return the description (OpenAPI 3.1) of endpoints."""
    schemas: Json = {}
    paths: dict[str, Json] = {}
    for one in endpoints:
        paths.setdefault(_PLACE.sub(r"{\1}", one.path), {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wolfpack exporter",
            "version": release(),
            "description": "Takes profiles, rows, predictions, labels and what jobs tell; answers what became of them.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Endpoint, schemas: Json) -> Json:
    places = [_IN_PATH[name] for name in _PLACE.findall(one.path)]
    operation: Json = {
        "operationId": _identifier(one),
        "summary": one.summary,
        "parameters": [_parameter(place, "path") for place in places]
        + [_parameter(parameter, "query") for parameter in one.parameters]
        + [_KEY] * one.keyed,
        "responses": {
            "200": {"description": "It is done.", "content": _content(one.answer, schemas)},
            "default": {
                "description": "It is refused, and nothing is changed.",
                "content": {"application/problem+json": {"schema": _schema(Refusal, schemas)}},
            },
        },
    }
    if one.scope is not None:
        operation["description"] = f"Needs a token with the scope `{one.scope}`."
        operation["security"] = [{"token": []}]
    if one.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(one.body, schemas)}
    return operation


def _identifier(one: Endpoint) -> str:
    words = re.findall(r"[a-z]+", _PLACE.sub("", one.path).removeprefix("/api/v1/"))
    if one.path == "/" or one.path.startswith("/models/"):
        words = ["page", *words]
    return "_".join([one.method.lower(), *words])


def _parameter(one: Parameter, place: str) -> Json:
    schema: Json = {"type": "string"}
    if one.numbers is not None:
        schema = {"type": "number", "minimum": one.numbers[0], "maximum": one.numbers[1]}
        schema |= {"type": "integer"} if isinstance(one.numbers[0], int) else {}
    if one.pattern:
        schema["pattern"] = one.pattern
    if one.allowed:
        schema["enum"] = list(one.allowed)
    if one.default is not None:
        schema["default"] = one.default if one.numbers is None else float(one.default)
    required = place == "path" or one.required
    return {"name": one.name, "in": place, "required": required, "description": one.meaning, "schema": schema}


def _content(what: Any, schemas: Json) -> Json:
    if isinstance(what, Raw):
        text: Json = {"schema": {"type": "string", "description": what.meaning}}
        return {kind: text if kind.startswith("text/") else {} for kind in what.types}
    return {"application/json": {"schema": _schema(what, schemas)}}


def _schema(kind: Any, schemas: Json) -> Json:
    """Return a reference to the schema of a type, which is entered with what it is made of."""
    found = TypeAdapter(kind).json_schema(ref_template=_REF)
    schemas |= found.pop("$defs", {})
    schemas[kind.__name__] = found
    return {"$ref": _REF.format(model=kind.__name__)}
