"""Selectors as in PromQL: a family's name and label matchers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from wolfpack.spec import Family, family

_FORM = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*", re.DOTALL)
_MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)')


@dataclass(frozen=True)
class Matchers:
    """Label matchers, all of which must hold; a label that is not there counts as empty."""

    each: tuple[tuple[str, str, str], ...]

    def match(self, labels: Mapping[str, str]) -> bool:
        return all(_holds(op, labels.get(name, ""), value) for name, op, value in self.each)

    def equal(self, name: str) -> str | None:
        """Return the value that a label must be equal to, if it is pinned."""
        return next((value for its, op, value in self.each if its == name and op == "="), None)


def parse(text: str) -> tuple[str, Matchers]:
    """Read ``FAMILY{label="value", label=~"regex"}``.

    Raises
    ------
    ValueError
        If the form is another one, the family is not in the catalogue, or it has no such label.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(f'{text!r} is no selector; write FAMILY{{label="value"}}')
    found = family(form[1])
    return found.name, Matchers(tuple(_matchers(found, form[2] or "")))


def _matchers(found: Family, text: str) -> list[tuple[str, str, str]]:
    each, at = [], 0
    while text[at:].strip():
        matcher = _MATCHER.match(text, at)
        if matcher is None:
            raise ValueError(f'{text[at:]!r} is no matcher; write label="value", with =, !=, =~ or !~')
        name, op, value = matcher[1], matcher[2], re.sub(r"\\(.)", r"\1", matcher[3])
        if name not in found.labels:
            raise ValueError(f"{found.name} has no label {name!r}; it has {', '.join(found.labels)}")
        if op in ("=~", "!~"):
            try:
                _matches(value, "")
            except pa.ArrowInvalid as error:
                raise ValueError(f"{name}{op}{value!r}: {error}") from None
        each.append((name, op, value))
        at = matcher.end()
    return each


def _holds(op: str, found: str, wanted: str) -> bool:
    if op in ("=", "!="):
        return (found == wanted) == (op == "=")
    return _matches(wanted, found) == (op == "=~")


def _matches(pattern: str, text: str) -> bool:
    """Match the whole text by RE2, as Prometheus does: its time is linear, whatever the pattern."""
    return bool(pc.match_substring_regex(pa.array([text]), f"^(?:{pattern})$")[0].as_py())
