"""Lists in pages: what comes or goes meanwhile moves no entry from one page to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Table, select

from wolfpack.exporter.parameters import PAGE
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.requests import number, optional

_LIMIT, _CURSOR = PAGE
_FIRST = 2**62
T = TypeVar("T")


def newest_first(
    connection: Connection, table: Table, where: list[ColumnElement[bool]], entry: Callable[[Row[Any]], Any]
) -> tuple[list[Any], str | None]:
    """Return the page of a table that the request asks for, and the cursor of the next one."""
    limit, text = page_limit(), page_cursor()
    cursor = _FIRST if text is None else whole(text)
    query = select(table).where(*where, table.c.id < cursor).order_by(table.c.id.desc()).limit(limit + 1)
    rows = connection.execute(query).all()
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return [entry(row) for row in rows[:limit]], following


def in_order(entries: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], str | None]:
    """Return the page of a list, sorted by `key`, that the request asks for, and the cursor of the next one."""
    limit, cursor = page_limit(), page_cursor()
    rest = [one for one in sorted(entries, key=key) if cursor is None or key(one) > cursor]
    return rest[:limit], key(rest[limit - 1]) if len(rest) > limit else None


def page_limit() -> int:
    return int(number(_LIMIT))


def page_cursor() -> str | None:
    return optional(_CURSOR)


def whole(text: str) -> int:
    """Return the number that a cursor is, or raise a Problem (422)."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _FIRST):
        raise bad_cursor(text)
    return int(text)


def bad_cursor(text: str) -> Problem:
    return Problem(
        422, "Bad cursor", f"cursor={text[:80]!r}; give `next` of the page before, or none", "cursor"
    )
