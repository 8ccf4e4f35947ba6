"""Paths with a date and a version in them: which files there are, and what their paths say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from glob import glob, has_magic
from pathlib import Path

from wolfpack.client import ENDINGS
from wolfpack.spec.source_kinds import DIRECTIVES
from wolfpack.spec.vocabulary import NAME

_TOKEN = re.compile(
    r"%(?P<directive>.)|\{(?P<name>version)\}|(?P<all>\*\*/?)|(?P<one>\*)|(?P<any>\?)|(?P<set>\[[^]]+\])"
)
_WILD = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


@dataclass(frozen=True)
class Told:
    """What a path says of its rows: the local time of their pane, and their version; None where it says nothing."""

    at: datetime | None
    version: str | None


@dataclass(frozen=True)
class PathPattern:
    """A glob in which strftime's directives stand for a date and ``{version}`` for a version."""

    text: str

    @cached_property
    def glob(self) -> str:
        """The pattern with a star for every date and version."""
        return _TOKEN.sub(lambda found: _starred(found), self.text)

    @cached_property
    def expression(self) -> re.Pattern[str]:
        parts, end, seen = [], 0, set[str]()
        for found in _TOKEN.finditer(self.text):
            parts += [re.escape(self.text[end : found.start()]), _expression(found, seen)]
            end = found.end()
        return re.compile("".join([*parts, re.escape(self.text[end:])]))

    @cached_property
    def folder(self) -> Path:
        """The part of the path without wildcards; the folder of a path that has none."""
        parts = Path(self.glob).parts
        fixed = next((place for place, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
        return Path(*parts[:fixed])

    def files(self) -> list[Path]:
        """Return the tables that match, by name; names that begin with ``_`` or ``.`` are passed over."""
        found = (Path(name) for name in sorted(glob(self.glob, recursive=True)))
        return [
            path for path in found if path.suffix.lower() in ENDINGS and self._shown(path) and path.is_file()
        ]

    def fault(self) -> str | None:
        """Return why nothing can match now; None if something could."""
        if not self.folder.is_dir():
            return f"{self.folder}: there is no such folder"
        return None

    def told(self, path: Path) -> Told | None:
        """Return what a path says; None if it does not match, or names a day that does not exist."""
        found = self.expression.fullmatch(str(path))
        if found is None:
            return None
        groups = found.groupdict()
        version = groups.pop("version", None)
        if version is not None and not NAME.fullmatch(version):
            return None
        numbers = {name: int(text) for name, text in groups.items()}
        if not numbers:
            return Told(None, version)
        try:
            year, month, day, hour, minute, second = (numbers.get(name, 0) for name in DIRECTIVES)
            return Told(datetime(year, month, day, hour, minute, second), version)
        except ValueError:
            return None

    def _shown(self, path: Path) -> bool:
        return not any(part.startswith((".", "_")) for part in path.relative_to(self.folder).parts)


def _starred(found: re.Match[str]) -> str:
    if found["directive"] == "%":
        return "%"
    return "*" if found["directive"] or found["name"] else found[0]


def _expression(found: re.Match[str], seen: set[str]) -> str:
    if found["directive"] == "%":
        return "%"
    if name := found["directive"] or found["name"]:
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>{DIRECTIVES.get(name, '[^/]+')})"
    if found["set"]:
        return "[^" + found["set"][2:] if found["set"].startswith("[!") else found["set"]
    return _WILD[found[0]]
