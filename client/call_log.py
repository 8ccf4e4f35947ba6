"""The prediction log of a live model: a line a call, written by the monitor's thread, rotated and compressed."""

from __future__ import annotations

import gzip
import logging
import math
import os
import random
import shutil
import time
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from filelock import FileLock

from wolfpack.client.call_rows import Answered, pairs
from wolfpack.client.prediction_log import Call
from wolfpack.client.slicing import Taken, breathe

log = logging.getLogger("wolfpack.client")
ROTATED = 64 * 1024 * 1024
KEPT = 10
TOGETHER = 20
"""Lines that are made before the thread lets others go on."""


class CallLog:
    """Where and how calls are written down, by all processes of a service into one file.

    Parameters
    ----------
    path : file; rotated ones are beside it as ``NAME.TIME.gz``. A log source of the spec reads them all.
    redact : inputs, and members of a prediction, that are left out of the lines.
    sample : share of the calls that are written, by their request id where they have one.
    rotate : bytes after which the file is renamed and compressed.
    keep : compressed files that are kept, the newest.

    Raises
    ------
    ValueError
        If `sample` is no share, or a number is below 1.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        redact: Collection[str] = (),
        sample: float = 1.0,
        rotate: int = ROTATED,
        keep: int = KEPT,
    ) -> None:
        if not 0 < sample <= 1 or rotate < 1 or keep < 1:
            raise ValueError(
                f"sample={sample!r}, rotate={rotate!r}, keep={keep!r}: a share in the range 0<x<=1, and two numbers "
                "from 1"
            )
        self.path, self.redact, self.sample = Path(path), frozenset(redact), sample
        self.rotate, self.keep = rotate, keep
        self.lost = 0
        """Lines that could not be written."""

    def opened(self, model: str, version: str) -> CallWriter:
        """Return what writes the calls of one version of a model."""
        return CallWriter(self, model, version)


class CallWriter:
    """Writes calls of slices; an error is logged and its lines are counted as lost."""

    def __init__(self, its: CallLog, model: str, version: str) -> None:
        self._its, self._model, self._version = its, model, version

    def write(self, taken: Taken) -> None:
        lines = list(self._lines(taken))
        try:
            self._append(b"".join(lines))
        except OSError:
            self._its.lost += len(lines)
            log.exception("%d lines of the prediction log %s are lost", len(lines), self._its.path)

    def _lines(self, taken: Taken) -> Iterator[bytes]:
        said = _by_call(taken)
        for place, call in enumerate(taken.calls):
            if not place % TOGETHER:
                breathe()
            if call[1] is not None and self._sampled(call[6]):
                try:
                    yield self._call(call, *said.get(place, (None, None))).line()
                except (TypeError, ValueError) as error:
                    self._its.lost += 1
                    log.warning("a call cannot be written to the prediction log: %s", error)

    def _call(self, call: Answered, flag: bool | None, score: float | None) -> Call:
        ended, seconds, endpoint, _, inputs, prediction, name, *_ = call
        return Call(
            datetime.fromtimestamp(ended, UTC),
            name or uuid4().hex,
            self._model,
            self._version,
            self._plain(inputs),
            self._plain(prediction),
            endpoint,
            seconds,
            flag,
            score,
        )

    def _sampled(self, name: str) -> bool:
        share = self._its.sample
        if share == 1.0:
            return True
        return (zlib.crc32(name.encode()) / 2**32 if name else random.random()) < share  # noqa: S311  # no secret

    def _plain(self, value: Any) -> Any:
        """Return what JSON can say: no NaN, no arrays, nothing that is to be left out."""
        if isinstance(value, Mapping):
            kept = {str(name): one for name, one in value.items() if name not in self._its.redact}
            return {name: self._plain(one) for name, one in kept.items()}
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if value is None or isinstance(value, (str, int)):
            return value
        if isinstance(value, (np.generic, np.ndarray)):
            return self._plain(value.tolist())
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        if hasattr(value, "model_dump"):
            return self._plain(value.model_dump())
        if hasattr(value, "__arrow_c_stream__"):
            return self._plain(pairs(value, None, "", None)[0])
        return str(value)

    def _append(self, lines: bytes) -> None:
        """Add whole lines to the file; of the processes that share it one does so at a time, and one rotates it."""
        if not lines:
            return
        path = self._its.path
        path.parent.mkdir(parents=True, exist_ok=True)
        full = None
        with FileLock(f"{path}.lock"):
            with path.open("ab") as file:
                file.write(lines)
                size = file.tell()
            if size >= self._its.rotate:
                full = path.with_name(f"{path.name}.{time.time_ns()}")
                path.rename(full)
        if full is not None:
            _compress(full)
            _forget(path, self._its.keep)


def _by_call(taken: Taken) -> dict[int, tuple[bool, float | None]]:
    """Return flag and score of each call whose rows were scored: any flag, the largest score."""
    if taken.scored is None:
        return {}
    found: dict[int, tuple[bool, float | None]] = {}
    flags: Sequence[bool] = taken.scored.flags.tolist()
    for place, flag, score in zip(
        taken.rows.owner.tolist(), flags, taken.scored.scores.tolist(), strict=True
    ):
        if math.isfinite(score):
            before = found.get(place, (False, None))
            found[place] = (before[0] or flag, score if before[1] is None else max(score, before[1]))
    return found


def _compress(file: Path) -> None:
    """Compress a file that nobody writes any more; a half of it is never seen under the last name."""
    beside = file.with_name(f"{file.name}.gz.tmp")
    with file.open("rb") as plain, gzip.open(beside, "wb") as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)
    beside.rename(file.with_name(f"{file.name}.gz"))
    file.unlink()


def _forget(path: Path, keep: int) -> None:
    packed = sorted(path.parent.glob(f"{path.name}.*.gz"))
    for old in packed[: max(len(packed) - keep, 0)]:
        old.unlink(missing_ok=True)
