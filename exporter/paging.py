"""Lists in pages, newest first: what comes meanwhile stands before the first page and moves no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, select

from wolfpack.exporter.problems import Problem
from wolfpack.exporter.requests import argument

LIMIT = 1_000
"""Most entries of a page."""


def whole_number(name: str, default: int, least: int, most: int) -> int:
    """Return a query parameter that is a whole number, or raise a Problem (422)."""
    text = argument(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise Problem(422, "Bad number", f"{name}={text!r}; allowed are {least} to {most}", name)
    return int(text)


def newest_first(
    connection: Connection, table: Table, where: list[ColumnElement[bool]], entry: Callable[[Row[Any]], Any]
) -> tuple[list[Any], str | None]:
    """Return the page that the request asks for by `limit` and `cursor`, and the cursor of the next one."""
    limit, cursor = whole_number("limit", LIMIT, 1, LIMIT), whole_number("cursor", 2**62, 0, 2**62)
    query = select(table).where(*where, table.c.id < cursor).order_by(table.c.id.desc()).limit(limit + 1)
    rows = connection.execute(query).all()
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return [entry(row) for row in rows[:limit]], following
