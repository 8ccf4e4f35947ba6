"""The parts of the API's page that follow from its endpoints' declarations: a table of all, and what each takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from wolfpack.exporter import Endpoint, Raw, endpoints


def table() -> list[list[str]]:
    """Return a row for each endpoint: its name, the scope it needs, what it does."""
    return [[f"`{one.name}`", one.scope or "–", one.summary] for one in endpoints()]


def parts() -> dict[str, list[list[str]]]:
    """Return, by part of the page, a row for each parameter of the query and each key of the body."""
    return {f"{one.method}:{one.path}": rows for one in endpoints() if (rows := list(_rows(one)))}


def _rows(one: Endpoint) -> Iterator[list[str]]:
    for parameter in one.parameters:
        default = "required" if parameter.required else _value(parameter.default)
        allowed = f" ({', '.join(f'`{value}`' for value in parameter.allowed)})" if parameter.allowed else ""
        yield [f"`{parameter.name}`", "query", default, parameter.meaning + allowed]
    if one.body is not None and not isinstance(one.body, Raw):
        yield from _keys(one.body, "body")


def _keys(model: type[BaseModel], place: str) -> Iterator[list[str]]:
    """Yield a row for each key of a JSON object; the keys of a list's entries after the list."""
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _value(field.default)
        yield [f"`{name}`", place, default, str(field.description)]
        entry = _entry(field.annotation)
        if entry is not None:
            yield from _keys(entry, f"{place}, `{name}[]`")


def _entry(annotation: Any) -> type[BaseModel] | None:
    inner = getattr(annotation, "__args__", (None,))[0]
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _value(default: object) -> str:
    if default is None:
        return "none"
    return "empty" if default == "" else f"`{default}`"
