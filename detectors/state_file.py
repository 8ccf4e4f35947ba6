"""What the sidecar keeps between cycles, on disk: so that a restart reads and judges only what changed meanwhile.

A cache, never the truth: a file that is damaged, of another release, source or format is put aside with a word in the
log, and everything is read anew, with the same scores.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from wolfpack.detectors.detection import Floats
from wolfpack.detectors.memory import Memory, Shelf, Track
from wolfpack.detectors.watch import Watch, with_windows

log = logging.getLogger(__name__)
FORMAT = b"wolfpack detector state 1 "


class StateFile:
    """The file of one sidecar.

    Parameters
    ----------
    path : where it is; written whole beside it and then moved there, so a crash leaves the old one.
    origin : what the content depends on besides the specs: release, source and its options. It is signed with the
        content, so that what was read elsewhere is not taken.
    """

    def __init__(self, path: Path, origin: str) -> None:
        self._path, self._origin = path, origin
        self._written = ""

    def restore(self, memory: Memory, watches: Iterable[Watch]) -> int:
        """Put what is kept of these watches into a memory; return of how many there was something."""
        try:
            shelves = _shelves(self._signed())
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s is not used, everything is read anew: %s", self._path, error)
            return 0
        known = {_name(watch): watch for watch in with_windows(watches)}
        found = {known[name]: shelf for name, shelf in shelves.items() if name in known}
        memory.shelves.update(found)
        return sum(watch.of_windows is not None for watch in found)

    def keep(self, memory: Memory) -> None:
        """Write what a memory holds, unless the file holds it; an error is logged: nothing depends on the file."""
        body = _body(memory.shelves)
        signature = _signature(self._origin, body)
        if signature == self._written:
            return
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(FORMAT + signature.encode() + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self._path)
        except OSError as error:
            log.warning("%s was not written; the next start reads everything anew: %s", self._path, error)
            return
        self._written = signature

    def _signed(self) -> bytes:
        """Return the content, if it is ours and whole."""
        head, _, body = self._path.read_bytes().partition(b"\n")
        if not head.startswith(FORMAT):
            raise ValueError("it is no state of this format")
        if head[len(FORMAT) :].decode(errors="replace") != _signature(self._origin, body):
            raise ValueError("it is damaged, or of another release or source")
        return body


def _signature(origin: str, body: bytes) -> str:
    return hashlib.sha256(origin.encode() + b"\n" + body).hexdigest()


def _name(watch: Watch) -> str:
    """Return a text that is the same for equal watches, in every process."""

    def plain(days: frozenset[date]) -> list[str]:
        return sorted(day.isoformat() for day in days)

    return json.dumps(asdict(watch), default=plain, sort_keys=True)


def _body(shelves: dict[Watch, Shelf]) -> bytes:
    tracks = [track for shelf in shelves.values() for track in shelf.tracks.values()]
    told = json.dumps([_told(watch, shelf) for watch, shelf in shelves.items()], sort_keys=True)
    out = io.BytesIO()
    np.savez(
        out,
        told=np.frombuffer(told.encode(), dtype=np.uint8),
        times=_joined([track.times for track in tracks]),
        values=_joined([track.values for track in tracks]),
    )
    return out.getvalue()


def _told(watch: Watch, shelf: Shelf) -> dict[str, Any]:
    tracks = [
        {"labels": one.labels, "points": len(one.times), "fault": one.fault, "fresh": one.fresh}
        for one in shelf.tracks.values()
    ]
    return {"watch": _name(watch), "read": shelf.read, "seen": shelf.seen, "tracks": tracks}


def _joined(arrays: list[Floats]) -> Floats:
    return np.concatenate(arrays) if arrays else np.empty(0)


def _shelves(body: bytes) -> dict[str, Shelf]:
    with np.load(io.BytesIO(body), allow_pickle=False) as kept:
        told, times, values = json.loads(kept["told"].tobytes()), kept["times"], kept["values"]
    found, first = {}, 0
    for one in told:
        shelf = Shelf(one["read"], one["seen"])
        for its in one["tracks"]:
            points = slice(first, first + its["points"])
            first = points.stop
            track = Track(
                its["labels"], times[points].copy(), values[points].copy(), its["fault"], its["fresh"]
            )
            shelf.tracks[tuple(sorted(track.labels.items()))] = track
        found[one["watch"]] = shelf
    return found
