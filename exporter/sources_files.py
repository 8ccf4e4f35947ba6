"""Files that grow, rotate and are compressed: which is which by how it begins, and what is new in it.

A file is known by its first bytes, never by its name or inode: a log that is renamed, copied and truncated, or
compressed goes on where it was, and one that is put in another's place begins anew.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from glob import glob
from io import BufferedIOBase
from itertools import chain, count
from pathlib import Path

HEAD, APART = 1024, 64
"""Bytes by which a file is known, of a shorter one all whole lines; and how far the lengths to be told by are apart."""
ROTATED = "[.-]*"
"""What rotation appends to a name: ``.1``, ``-20240501``, ``.2.gz``."""
UNREAD = (".bz2", ".xz", ".zst", ".zip", ".lock", ".tmp")


@dataclass(frozen=True)
class Stream:
    """How far a file was read.

    Parameters
    ----------
    key : the name under which its position is kept.
    marks : lengths of its beginning, ascending, each with its digest: the first line, and more of it up to `HEAD`.
    offset : bytes that were taken, uncompressed.
    cut : how often it was truncated in place.
    whole : size of the compressed file that was read to its end; 0: none was.
    """

    key: str
    marks: tuple[tuple[int, str], ...]
    offset: int = 0
    cut: int = 0
    whole: int = 0

    @classmethod
    def read(cls, text: str) -> Stream:
        """Return what `text` gave."""
        its = json.loads(text)
        return cls(**its | {"marks": tuple((length, digest) for length, digest in its["marks"])})

    def text(self) -> str:
        return json.dumps(vars(self))

    def begins(self, first: bytes) -> bool:
        """Tell whether the file begins so, as far as both are known."""
        fit = [mark for mark in self.marks if mark[0] <= len(first)]
        return bool(fit) and _digest(first[: fit[-1][0]]) == fit[-1][1]


@dataclass(frozen=True)
class Seen:
    """A file as it is now: its first bytes, and its size as it is on disk."""

    path: Path
    first: bytes
    size: int
    modified: float

    @property
    def compressed(self) -> bool:
        return self.path.suffix == ".gz"


def look(path: Path) -> Seen | None:
    """Return what a file begins with; None if it is not there, or has no whole line yet.

    Raises
    ------
    EOFError
        If it is compressed, and ends in the middle.
    """
    try:
        with open_file(path) as file:
            first = file.read(HEAD)
            stat = os.fstat(file.fileno())
    except FileNotFoundError:
        return None
    return Seen(path, first, stat.st_size, stat.st_mtime) if b"\n" in first or len(first) == HEAD else None


def open_file(path: Path) -> BufferedIOBase:
    """Open a file to be read, uncompressed."""
    return gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb")


def matching(pattern: str) -> list[Path]:
    """Return the files of a glob and those that rotation made of them."""
    names = {name for each in (pattern, pattern + ROTATED) for name in glob(each, recursive=True)}
    files = [Path(name) for name in names if not name.endswith(UNREAD)]
    return sorted(file for file in files if file.is_file())


def recognise(seen: Seen, streams: Collection[Stream]) -> Stream:
    """Return the stream that a file is, as far as it was read, or a new one."""
    for stream in streams:
        if stream.begins(seen.first):
            return stream
    made, used = marks(seen.first), {stream.key for stream in streams}
    first = made[0][1][:16]
    keys = chain([first], (f"{first}.{number}" for number in count(2)))
    return Stream(next(key for key in keys if key not in used), made)


def marks(first: bytes) -> tuple[tuple[int, str], ...]:
    """Return lengths at which a file can be told by its beginning: ends of lines, apart by `APART`, and `HEAD`."""
    lengths: list[int] = []
    end = first.find(b"\n") + 1
    while end:
        lengths.append(end)
        end = first.find(b"\n", end + APART) + 1
    lengths += [HEAD] if len(first) == HEAD and HEAD not in lengths else []
    return tuple((length, _digest(first[:length])) for length in lengths)


def _digest(first: bytes) -> str:
    return hashlib.sha256(first).hexdigest()[:32]
