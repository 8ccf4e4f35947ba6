"""A source that follows logs of one JSON object a line: what is new in its files, in blocks of whole lines."""

from __future__ import annotations

import logging
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from glob import glob
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wolfpack.client.prediction_log import Calls, read_calls
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sources_delivery import AHEAD, Delivery, Pane, Rows, Terms, add_rows, cut
from wolfpack.exporter.sources_files import HEAD, Seen, Stream, look, marks, matching, open_file, recognise
from wolfpack.spec import TableError
from wolfpack.spec.source_kinds import LogSource, filled

log = logging.getLogger("wolfpack.exporter")
SLICE = 4 * 1024 * 1024
"""Bytes that are read at once: some 6,000 lines of 20 inputs."""
LONGEST = 4 * SLICE
"""Bytes of the longest line; what is longer is refused in pieces."""
TOGETHER, MOST = 8, 16
"""Slices that are one part where there are many to be read, and those of one file before it is another one's turn."""
HELD = 64
"""Files that are kept open, the newest, so that one that is replaced or deleted can be read to its end."""
TOLD = 5
"""Refused lines of a slice that are told by their place; the others are counted."""
BROKEN = 3600.0
"""Seconds after which a compressed file without an end is no longer one that is being written."""


class LogReader:
    """Reads what is new in the files of one log source. Positions are in the ledger, open files are kept here.

    After each round `faults` says what could not be read, `exhausted` whether all that was there was taken, and
    `more` whether the rest can be taken at once.
    """

    def __init__(self, known: Known, name: str, source: LogSource) -> None:
        self._name, self._source = name, source
        self._pattern = filled(source.path, project=known.spec.project, model=known.spec.model)
        self._held: dict[str, tuple[Path, BufferedIOBase]] = {}
        self.faults: list[str] = []
        self.exhausted = self.more = False
        self.there: set[str] = set()

    def close(self) -> None:
        for _, file in self._held.values():
            file.close()
        self._held.clear()

    def deliveries(self, states: Mapping[str, str], terms: Terms) -> Iterator[Delivery]:
        """Yield what is new since the positions; each delivery is to be committed before the next is asked for."""
        self.faults, self.exhausted, self.more = [], True, False
        streams = {key: Stream.read(state) for key, state in states.items()}
        present = self._present(list(streams.values()))
        self.there = set(present)
        for key in [key for key in self._held if key in streams and key not in present]:
            path, file = self._held.pop(key)
            with file:
                log.info("%s: replaced or deleted; the rest of it is read from the file that was open", path)
                yield from self._rest(file, path, streams[key], terms)
        self.close()
        live = {Path(name) for name in glob(self._pattern, recursive=True)}
        held = [seen.path for seen, _ in present.values() if seen.path in live][-HELD:]
        for seen, stream in present.values():
            try:
                yield from self._read(seen, stream, seen.path in held, terms)
            except EOFError:
                self._unfinished(seen.path)
            except (OSError, zlib.error) as error:
                self.faults.append(f"{seen.path}: {error}")

    def _present(self, streams: list[Stream]) -> dict[str, tuple[Seen, Stream]]:
        """Return the files by the stream that they are; of copies the one that is not compressed, or longer."""
        found: dict[str, tuple[Seen, Stream]] = {}
        # The shortest first: a longer copy of a file that is new too begins like it.
        for seen in sorted(self._seen(), key=lambda seen: len(seen.first)):
            stream = recognise(seen, streams)
            streams.append(stream)
            other = found.get(stream.key)
            if other is None or _rank(seen) > _rank(other[0]):
                found[stream.key] = seen, stream
        return dict(sorted(found.items(), key=lambda one: one[1][0].modified))

    def _seen(self) -> Iterator[Seen]:
        paths = matching(self._pattern)
        if not paths:
            self.faults.append(f"{self._pattern}: no file matches")
        for path in paths:
            try:
                seen = look(path)
            except EOFError:
                self._unfinished(path)
            except (OSError, zlib.error) as error:
                self.faults.append(f"{path}: {error}")
            else:
                if seen is not None:
                    yield seen

    def _read(self, seen: Seen, stream: Stream, hold: bool, terms: Terms) -> Iterator[Delivery]:
        if seen.compressed and stream.whole == seen.size:
            return
        file = open_file(seen.path)
        kept = False
        try:
            if not stream.begins(file.read(HEAD)):
                self.exhausted = False  # replaced since it was looked at
                return
            now = _as_seen(seen, stream)
            if now != stream and stream.offset:
                yield self._moved(now)
            yield from self._rest(file, seen.path, now, terms)
            kept = hold
        finally:
            if kept:
                self._held[stream.key] = seen.path, file
            else:
                file.close()

    def _rest(self, file: BufferedIOBase, path: Path, stream: Stream, terms: Terms) -> Iterator[Delivery]:
        """Yield what an open file has from the position on."""
        compressed, delivery = path.suffix == ".gz", None
        for number, block in enumerate(blocks(file, stream.offset, whole=compressed), 1):
            part = f"{self._name}/{stream.key}-{stream.cut}/{stream.offset}"
            delivery = delivery or Delivery(part)
            self._add(delivery, path, stream.offset, block, terms)
            stream = replace(stream, offset=stream.offset + len(block))
            delivery.states[stream.key] = stream.text()
            # Without a reference the plan is made of the block's own columns, and those of another may be others.
            if number % TOGETHER == 0 or terms.plan is None:
                yield delivery
                delivery = None
            if number == MOST:
                self.exhausted, self.more = False, True
                break
        else:
            if compressed:
                stream = replace(stream, whole=os.fstat(file.fileno()).st_size)
                delivery = delivery or Delivery("")
                delivery.states[stream.key] = stream.text()
        if delivery is not None:
            yield delivery

    def _moved(self, stream: Stream) -> Delivery:
        """Return a position without rows."""
        return Delivery("", {stream.key: stream.text()})

    def _add(self, delivery: Delivery, path: Path, base: int, block: bytes, terms: Terms) -> None:
        """Add the calls of a block of lines that begins at byte `base`."""
        spec = terms.known.spec
        calls = read_calls(
            block,
            spec.model,
            fields=self._source.fields,
            prediction=spec.prediction.column if spec.prediction else "prediction",
            zone=spec.zone,
            unit=self._source.time_unit,
        )
        delivery.refused += len(calls.refused)
        _tell(path, base, calls)
        for version in pc.unique(calls.version).to_pylist():
            its = np.asarray(pc.equal(calls.version, version))
            rows = _rows(calls, version, its, terms)
            delivery.refused += int(np.count_nonzero(its)) - sum(len(places) for _, places in rows.panes)
            try:
                add_rows(delivery, rows, terms)
            except TableError as error:
                delivery.refused += sum(len(places) for _, places in rows.panes)
                log.warning(
                    "%s: rows of version %s from byte %d on are refused: %s", path, version, base, error
                )

    def _unfinished(self, path: Path) -> None:
        """Wait for a compressed file without an end, which is being written; an old one will never have it."""
        self.exhausted = False
        if time.time() - path.stat().st_mtime > BROKEN:
            self.faults.append(f"{path}: ends in the middle; it was cut, or never written to its end")


def blocks(file: BufferedIOBase, offset: int, whole: bool) -> Iterator[bytes]:
    """Yield what a file has from an offset on, in blocks of whole lines.

    Parameters
    ----------
    whole : the file will not grow, so what is after its last newline is a line too.
    """
    file.seek(offset)
    rest = b""
    while data := file.read(SLICE):
        data = rest + data
        end = data.rfind(b"\n") + 1 or (len(data) if len(data) >= LONGEST else 0)
        if end:
            yield data[:end]
        rest = data[end:]
    if whole and rest:
        yield rest


def _rank(seen: Seen) -> tuple[bool, int]:
    return not seen.compressed, seen.size


def _as_seen(seen: Seen, stream: Stream) -> Stream:
    """Return the stream known by more of its first bytes, if there are more now, and set back if it was cut."""
    known = marks(seen.first)
    if len(known) > len(stream.marks):
        stream = replace(stream, marks=known)
    if not seen.compressed and seen.size < stream.offset:
        log.warning(
            "%s: was cut from %d to %d bytes; it is followed from there", seen.path, stream.offset, seen.size
        )
        stream = replace(stream, offset=seen.size, cut=stream.cut + 1)
    return stream


def _tell(path: Path, base: int, calls: Calls) -> None:
    """Log where refused lines are, never what they say."""
    for start, reason in calls.refused[:TOLD]:
        log.warning("%s: the line at byte %d is refused: it %s", path, base + start, reason)
    more = len(calls.refused) - TOLD
    if more > 0:
        log.warning("%s: %d more lines up to byte %d are refused", path, more, base + calls.refused[-1][0])


def _rows(calls: Calls, version: str, its: NDArray[np.bool_], terms: Terms) -> Rows:
    """Return the rows of one version, by role, with their keys if predictions are joined."""
    spec, mask = terms.known.spec, pa.array(its)
    inputs, prediction = calls.inputs, calls.prediction
    for name in spec.segments:
        if prediction.num_columns and name in inputs.column_names and name not in prediction.column_names:
            prediction = prediction.append_column(name, inputs[name])
    keys: list[Any] = []
    if spec.label is not None and spec.prediction is not None:
        keys = calls.request_id.filter(mask).to_pylist()
        for table in (inputs, prediction):
            if spec.label.key in table.column_names:
                named = table[spec.label.key].filter(mask).to_pylist()
                keys = [key if name is None else name for key, name in zip(keys, named, strict=True)]
    roles = {
        "input": inputs.drop_columns([one for one in inputs.column_names if spec.role_of(one) == "key"]),
        "prediction": prediction,
    }
    tables = {role: table.filter(mask) if table.num_columns else table for role, table in roles.items()}
    return Rows(version, _panes(calls.seconds[its], terms), tables, keys)


def _panes(seconds: NDArray[np.int64], terms: Terms) -> list[Pane]:
    """Return the panes that are taken; rows of other decades are left out first, for panes are cut one by one."""
    oldest = terms.now - (terms.kept + 2 * terms.known.spec.every).total_seconds()
    near = np.flatnonzero((seconds > oldest) & (seconds < terms.now + 2 * AHEAD.total_seconds()))
    times = pa.chunked_array([pa.array(seconds[near]).cast(pa.timestamp("s", "UTC"))])
    return [(start, near[places]) for start, places in cut("time", times, terms)]
