"""A source of tables that appear as files: each is a part, replaced when the file changes."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from wolfpack.client import open_files
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sources_delivery import Delivery, Place, Terms
from wolfpack.exporter.sources_paths import PathPattern
from wolfpack.exporter.sources_tables import ROLES, add_table, roles_of
from wolfpack.spec import TableError
from wolfpack.spec.source_kinds import FolderSource, filled
from wolfpack.stats import Profile, bare_plan

log = logging.getLogger("wolfpack.exporter")
SETTLED = 10.0
"""Seconds since a file was last written after which it is taken for whole."""
TOGETHER = 50_000
"""Keys that are committed at once, before the end of a file: one that comes again replaces itself."""
LONGEST_PART = 128


@dataclass(frozen=True)
class Taken:
    """A file as it was taken: its size, when it was written (ns), and the parts that came of it."""

    size: int = -1
    written: int = -1
    places: tuple[Place, ...] = ()

    @classmethod
    def read(cls, text: str | None) -> Taken:
        """Return what `text` gave; None stands for a file that was not taken yet."""
        if text is None:
            return cls()
        size, written, places = json.loads(text)
        return cls(size, written, tuple((version, role, start) for version, role, start in places))

    def text(self) -> str:
        return json.dumps([self.size, self.written, self.places])


class FolderReader:
    """Reads files that are new or changed. After each round, see `LogReader` for what is known."""

    def __init__(self, known: Known, name: str, source: FolderSource) -> None:
        self._name, self._source = name, source
        self._paths = PathPattern(filled(source.path, project=known.spec.project, model=known.spec.model))
        self.faults: list[str] = []
        self.exhausted = self.more = False
        self.there: set[str] = set()

    def close(self) -> None:
        """Hold nothing open."""

    def deliveries(self, states: Mapping[str, str], terms: Terms) -> Iterator[Delivery]:
        """Yield what is new since the positions; each delivery is to be committed before the next is asked for."""
        fault = self._paths.fault()
        self.faults, self.exhausted = [fault] if fault else [], True
        files = self._paths.files()
        self.there = {str(path) for path in files}
        for path in files:
            before = Taken.read(states.get(str(path)))
            now = _stat(path)
            if now is None or (before.size, before.written) == (now.size, now.written):
                continue
            if time.time() - now.written / 1e9 < SETTLED:
                self.exhausted = False
                continue
            try:
                yield from self._take(path, now, before, terms)
            except TableError as error:
                log.warning("%s: refused until it changes: %s", path, error)
                refused = Taken(now.size, now.written, before.places)
                yield Delivery("", {str(path): refused.text()}, refused=1)

    def _take(self, path: Path, now: Taken, before: Taken, terms: Terms) -> Iterator[Delivery]:
        """Yield what comes of one file; the last delivery has its parts, and says that it was taken.

        Raises
        ------
        TableError
            If it cannot be taken.
        """
        spec, told = terms.known.spec, self._paths.told(path)
        if told is None:
            raise TableError(
                f"its path is not like {self._paths.text}: there is no such date, or no such version"
            )
        when = self._source.time if told.at is None else told.at.replace(tzinfo=spec.zone)
        files = open_files(path)
        roles = roles_of(spec, files.schema.names, self._source.roles or ROLES)
        if not roles:
            raise TableError(
                f"none of its columns {files.schema.names} is one that the spec lets it be taken for"
            )
        if isinstance(when, str) and when not in files.schema.names:
            raise TableError(f"it has no time column {when!r}; it has {files.schema.names}")
        delivery, version = Delivery(self._part(path)), told.version or self._source.version
        for batch in files.batches():
            add_table(delivery, pa.Table.from_batches([batch]), roles, version, when, terms)
            if delivery.joined >= TOGETHER:
                yield delivery.take_joined()
        gone = set(before.places) - set(delivery.profiles)
        empty = Profile.empty(terms.plan or bare_plan(files.schema))
        places = tuple(sorted(delivery.profiles))
        delivery.profiles |= dict.fromkeys(gone, empty)
        delivery.states[str(path)] = Taken(now.size, now.written, places).text()
        yield delivery

    def _part(self, path: Path) -> str:
        """Return a name that stays while the file does."""
        name = f"{self._name}/{path.relative_to(self._paths.folder)}"
        return (
            name if len(name) <= LONGEST_PART else f"{self._name}/{hashlib.sha256(name.encode()).hexdigest()}"
        )


def _stat(path: Path) -> Taken | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Taken(found.st_size, found.st_mtime_ns)
