"""Values of a spec changed in its text, everything else as it stands there, as a diff."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import yaml

from wolfpack.rules.knobs import Place
from wolfpack.spec import Loaded, Spec, WolfpackError, load


def spec_diff(loaded: Loaded, wanted: Spec, changes: Mapping[Place, str], beside: Path) -> str:
    """Return a unified diff after which the file says `wanted`, for ``patch -p1`` and ``git apply``; "" for none.

    Parameters
    ----------
    changes : by place, the value as YAML.
    beside : folder that the names in the diff are relative to, where the file lies in it.

    Raises
    ------
    WolfpackError
        If the file is written in a way that hides where the value stands, such as an alias.
    """
    with loaded.path.open(encoding="utf-8", newline="") as file:
        before = file.read()
    after = before
    for place, value in changes.items():
        after = with_value(after, place, value)
    if load(loaded.path, text=after).spec != wanted:
        told = ", ".join(f"{'.'.join(place)}: {value}" for place, value in changes.items())
        raise WolfpackError(f"{loaded.path}: cannot be changed by rule; write by hand: {told}")
    path = loaded.path.absolute()
    name = path.relative_to(beside) if path.is_relative_to(beside) else path.relative_to("/")
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def with_value(text: str, place: Place, value: str) -> str:
    """Return the text of a mapping in YAML with a value at a place; keys on the way that are missing are added.

    Examples
    --------
    >>> print(with_value("drift: {psi: {warning: 0.1}}  # as usual", ("drift", "psi", "warning"), "0.2"))
    drift: {psi: {warning: 0.2}}  # as usual
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    rest = list(place)
    while isinstance(node, yaml.MappingNode) and rest:
        inner = next((its for key, its in node.value if key.value == rest[0]), None)
        if inner is None:
            return _with_key(text, node, _nested(rest, value))
        node, rest = inner, rest[1:]
    if node is None:
        return f"{_nested(rest, value)}\n"
    written = value if not rest else "{" + _nested(rest, value) + "}"
    start, end = node.start_mark.index, node.end_mark.index
    space = " " if start == end else ""  # nothing stands behind the colon
    return text[:start] + space + written + text[end:]


def _nested(keys: list[str], value: str) -> str:
    """Return keys in each other with a value, the outermost without braces."""
    text = value
    for key in reversed(keys[1:]):
        text = f"{{{_key(key)}: {text}}}"
    return f"{_key(keys[0])}: {text}"


def _key(key: str) -> str:
    return key if key.isidentifier() else yaml.safe_dump(key, default_style='"', width=1000).strip()


def _with_key(text: str, node: yaml.MappingNode, entry: str) -> str:
    if node.flow_style:
        end = node.end_mark.index - 1
        comma = ", " if node.value else ""
        return text[:end].rstrip() + comma + entry + text[end:]
    last = node
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    end = last.end_mark.index
    # A block of text ends where the next line begins.
    at = end if text[:end].endswith("\n") else text.find("\n", end) + 1 or len(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    before = text[:at] if text[:at].endswith("\n") else text[:at] + newline
    return before + " " * node.start_mark.column + entry + newline + text[at:]
