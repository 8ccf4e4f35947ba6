"""Reading specs: YAML with the line of every value, defaults of the folders above, faults all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from yaml.constructor import SafeConstructor

from wolfpack.spec.errors import Fault, SpecError
from wolfpack.spec.model import Spec

DEFAULTS = "_defaults.yml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""By libyaml where PyYAML has it: some ten times faster."""
MOST_VALUES, DEEPEST = 1_000_000, 50
"""What a spec may hold; an alias that holds itself, or many of many, would be read for ever."""
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Loaded:
    """A spec, the file it came from, and for each value given the file and line that gave it."""

    spec: Spec
    path: Path
    sources: dict[Place, tuple[str, int]]


def load(path: Path | str, root: Path | str | None = None, text: str | None = None) -> Loaded:
    """Read one spec with the defaults of its folder and the folders above it, up to `root`.

    Parameters
    ----------
    text : read instead of what the file holds.

    Raises
    ------
    SpecError
        If anything in the file or its defaults is wrong; every fault at once, with file and line.
    """
    path = Path(path)
    merged: dict[str, Any] = {}
    sources: dict[Place, tuple[str, int]] = {}
    for file in [*_defaults(path, Path(root) if root else None), path]:
        data, lines = _read(file, text if file is path else None)
        merged = _merge(merged, data)
        sources |= {place: (str(file), line) for place, line in lines.items()}
    try:
        return Loaded(Spec.model_validate(merged), path, sources)
    except ValidationError as error:
        raise SpecError([_fault(path, merged, sources, dict(item)) for item in error.errors()]) from None


def load_all(paths: Iterable[Path | str]) -> list[Loaded]:
    """Read every spec among files and folders (``*.yml``, ``*.yaml``), in order of path.

    Raises
    ------
    SpecError
        If a spec is wrong, a path does not exist, or two files describe one model.
    """
    paths = list(paths)
    loaded: list[Loaded] = []
    faults: list[Fault] = []
    for file, root in _files(paths, faults):
        try:
            loaded.append(load(file, root))
        except SpecError as error:
            faults += error.faults
    seen: dict[tuple[str, str], Loaded] = {}
    for one in loaded:
        key = (one.spec.project, one.spec.model)
        if key in seen:
            line = one.sources.get(("model",), ("", 1))[1]
            faults.append(
                Fault(str(one.path), line, f"model {'/'.join(key)} is described by {seen[key].path} too")
            )
        seen.setdefault(key, one)
    if not loaded and not faults:
        given = ", ".join(str(path) for path in paths)
        faults.append(Fault(given, 0, "no spec is here; a spec is a file *.yml or *.yaml"))
    if faults:
        raise SpecError(faults)
    return loaded


def _files(paths: Iterable[Path | str], faults: list[Fault]) -> list[tuple[Path, Path | None]]:
    files: list[tuple[Path, Path | None]] = []
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted({*path.rglob("*.yml"), *path.rglob("*.yaml")})
            files += [(file, path) for file in found if file.name != DEFAULTS]
        elif path.exists():
            files.append((path, None))
        else:
            faults.append(Fault(str(path), 0, "no such file or folder"))
    return files


def _defaults(path: Path, root: Path | None) -> list[Path]:
    """Return the defaults files that apply, outermost first; without a root, as far up as they are unbroken."""
    found: list[Path] = []
    for folder in path.absolute().parents:
        file = folder / DEFAULTS
        if file.exists():
            found.append(file)
        elif root is None:
            break
        if root is not None and folder == root.absolute():
            break
    return found[::-1]


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _read(file: Path, text: str | None = None) -> tuple[dict[str, Any], dict[Place, int]]:
    try:
        text = file.read_text(encoding="utf-8") if text is None else text
        node = yaml.compose(text, Loader=_LOADER)
        if not isinstance(node, yaml.MappingNode):
            raise SpecError([Fault(str(file), 1, "must be a mapping that begins with `version: wolfpack/v1`")])
        lines: dict[Place, int] = {}
        faults: list[Fault] = []
        _walk(node, (), lines, faults, str(file))
        if faults:
            raise SpecError(faults)
        return SafeConstructor().construct_document(node), lines
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([Fault(str(file), 0, f"cannot be read: {error}")]) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise SpecError([Fault(str(file), line, f"is no YAML: {getattr(error, 'problem', error)}")]) from None


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], faults: list[Fault], file: str) -> None:
    if len(lines) > MOST_VALUES or len(place) > DEEPEST:
        text = f"more than {MOST_VALUES:,} values or {DEEPEST} levels, aliases counted where they are used"
        raise SpecError([Fault(file, node.start_mark.line + 1, text)])
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                faults.append(
                    Fault(file, line, f"{_dotted(inner)}: is given twice, first in line {lines[inner]}")
                )
            lines[inner] = line
            _walk(value, inner, lines, faults, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*place, index)] = value.start_mark.line + 1
            _walk(value, (*place, index), lines, faults, file)


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _fault(
    path: Path, data: dict[str, Any], sources: dict[Place, tuple[str, int]], error: dict[str, Any]
) -> Fault:
    place = _place(error["loc"], data)
    nearest = place or _named(str(error["msg"]))
    while nearest and nearest not in sources:
        nearest = nearest[:-1]
    file, line = sources.get(nearest, (str(path), 1))
    dotted = _dotted(place)
    if error["type"] == "extra_forbidden":
        text = f"unknown key, value {error['input']!r}; {_hint(place, data)}"
    elif error["type"] == "missing":
        text = "is missing and has no default"
    elif error["type"].startswith("union_tag"):
        given = repr(error["ctx"]["tag"]) if "tag" in error["ctx"] else "nothing"
        text = f"kind is {given}; allowed are {', '.join(_kinds(place, data))}"
    else:
        text = str(error["msg"]).removeprefix("Value error, ")
        text = text if error["type"] == "value_error" else f"{error['input']!r} is not allowed: {text}"
    return Fault(file, line, f"{dotted}: {text}" if dotted else text)


def _place(loc: Iterable[str | int], data: Any) -> Place:
    """Return where a fault is in the file; pydantic also names the kind by which it chose a section."""
    place: list[str | int] = []
    for part in loc:
        if (isinstance(data, dict) and part not in data and part == data.get("kind")) or part == "[key]":
            continue
        place.append(part)
        data = _inner(data, part)
    return tuple(place)


def _inner(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _named(message: str) -> Place:
    """Return the key that a fault of the spec as a whole begins with, as in ``window: 30h is not …``."""
    found = re.match(r"(?:Value error, )?([a-z_]+(?:\.[a-z_]+)*):", message)
    return tuple(found[1].split(".")) if found else ()


def _hint(place: Place, data: dict[str, Any]) -> str:
    known = list(_section(place[:-1], data).model_fields)
    near = get_close_matches(str(place[-1]), known, 1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"Known are {', '.join(known)}"


def _section(place: Place, data: Any) -> type[BaseModel]:
    """Return the model of the section at `place`, found by walking the annotations and what was given."""
    section: type[BaseModel] = Spec
    found: list[type[BaseModel]] = [section]
    for part in place:
        data = _inner(data, part)
        if part in section.model_fields:
            found = _models(section.model_fields[str(part)].annotation)
        of_kind = [one for one in found if isinstance(data, dict) and data.get("kind") in _kind(one)]
        section = (of_kind or found or [section])[0]
    return section


def _kinds(place: Place, data: dict[str, Any]) -> list[str]:
    """Return the kinds of section that there may be at a place."""
    outer = _section(place[:-2], data)
    return [kind for one in _models(outer.model_fields[str(place[-2])].annotation) for kind in _kind(one)]


def _kind(section: type[BaseModel]) -> tuple[str, ...]:
    """Return the values that the key `kind` of a section may have; empty without one."""
    field = section.model_fields.get("kind")
    return getattr(field.annotation, "__args__", ()) if field else ()


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models(inner)]
