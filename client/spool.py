"""A folder that keeps writes for an exporter that is away: in order, bounded, shared by processes.

Each request is a file: a line with the format and the SHA-256 of the rest, a line of JSON, the body. It is written
beside its name, synced and renamed, so a process that is killed leaves a whole file or none. The number that a
file is named by is its place in the order.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from wolfpack.client.failure import ServiceError
from wolfpack.client.whole_file import PART, write_whole

log = logging.getLogger("wolfpack.client")
LIMIT = 256 * 1024 * 1024
"""Bytes of a spool: some 10,000 profiles of 20 columns."""
FORMAT = b"wolfpack-spool-1"
ENDING = ".request"
REFUSED = frozenset({400, 409, 413, 415, 422})
"""Statuses that are about the request itself: sending it again would not help. Others are about the way there
(a token, an address), and end the sending."""


@dataclass(frozen=True)
class Request:
    """A write as it is to be sent, with the idempotency key of all its attempts. Tokens are not part of it."""

    method: str
    path: str
    params: Mapping[str, str]
    body: bytes
    content_type: str
    key: str


@dataclass(frozen=True)
class Spooled:
    """What a spool holds: requests that wait, those set aside (torn or refused), and how many were ever dropped."""

    waiting: int
    aside: int
    dropped: int


class Spool:
    """Requests that wait in a folder.

    Parameters
    ----------
    folder : made when the first request comes; several processes may use it.
    limit : bytes that its files may have together; beyond it the oldest are dropped, those set aside first.
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder, self.limit = folder, limit

    def look(self) -> Spooled:
        """Return what is there now."""
        return Spooled(len(self._waiting()), len(self._aside()), self._dropped())

    def put(self, request: Request) -> None:
        """Keep a request behind all others, durably.

        Raises
        ------
        ValueError
            If it alone is larger than the spool may be.
        """
        data = _packed(request)
        if len(data) > self.limit:
            raise ValueError(
                f"spool {self.folder}: a request of {len(data)} bytes is larger than its limit of {self.limit}"
            )
        with self._writing():
            self._make_room(len(data))
            newest = self._waiting()[-1:]
            number = int(newest[0].stem) + 1 if newest else 1
            write_whole(self.folder / f"{number:012}{ENDING}", data)

    @contextmanager
    def sending(self, seconds: float) -> Iterator[None]:
        """Hold the right to send, which one process and thread has at a time; wait for it so long.

        Raises
        ------
        TimeoutError
            If another one is still sending.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / "sending.lock", timeout=seconds):
                yield
        except Timeout as error:
            raise TimeoutError(f"spool {self.folder}: another process is sending it") from error

    def drain(self, send: Callable[[Request], object]) -> None:
        """Send what waits, the oldest first, until nothing is left; to be called while `sending`.

        A torn file, and a request that is refused for what it is, is set aside with a warning; the rest is sent.

        Raises
        ------
        ServiceError
            If the exporter is still away, or refuses all alike; what was not sent stays.
        """
        while files := self._waiting():
            for file in files:
                self._send(file, send)

    def _send(self, file: Path, send: Callable[[Request], object]) -> None:
        try:
            request = _unpacked(file.read_bytes())
        except FileNotFoundError:  # dropped meanwhile, to make room
            return
        except _Torn as error:
            self._set_aside(file, "torn", str(error))
            return
        try:
            send(request)
        except ServiceError as error:
            if error.status not in REFUSED:
                raise
            self._set_aside(file, "refused", str(error))
        else:
            file.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "writing.lock"):
            for left in self.folder.glob(f"[0-9]*{PART}"):
                self._set_aside(left, "torn", "the process that wrote it was stopped")
            yield

    def _waiting(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{ENDING}"))

    def _aside(self) -> list[Path]:
        return sorted([*self.folder.glob("torn/*"), *self.folder.glob("refused/*")])

    def _make_room(self, size: int) -> None:
        files = [*self._aside(), *self._waiting()]
        sizes = {file: _size(file) for file in files}
        over = sum(sizes.values()) + size - self.limit
        victims = []
        for file in files:
            if over <= 0:
                break
            over -= sizes[file]
            victims.append(file)
        lost = [file for file in victims if file.parent == self.folder]
        if lost:
            dropped = self._dropped() + len(lost)
            write_whole(self.folder / "dropped", str(dropped).encode())
            log.warning(
                "spool %s is full (%d bytes): the %d oldest requests are dropped, %d since it was made",
                self.folder, self.limit, len(lost), dropped,
            )  # fmt: skip
        for file in victims:
            file.unlink(missing_ok=True)

    def _dropped(self) -> int:
        try:
            return int((self.folder / "dropped").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def _set_aside(self, file: Path, why: str, error: str) -> None:
        folder = self.folder / why
        folder.mkdir(exist_ok=True)
        kept = folder / f"{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}-{file.name}"
        file.replace(kept)
        log.warning("spool %s: %s is %s and kept aside as %s: %s", self.folder, file.name, why, kept, error)


class _Torn(Exception):
    """A file of the spool is not as it was written."""


def _packed(request: Request) -> bytes:
    head = {name: value for name, value in asdict(request).items() if name != "body"}
    rest = json.dumps(head).encode() + b"\n" + request.body
    return b"%s %s\n%s" % (FORMAT, hashlib.sha256(rest).hexdigest().encode(), rest)


def _unpacked(data: bytes) -> Request:
    first, _, rest = data.partition(b"\n")
    if first != b"%s %s" % (FORMAT, hashlib.sha256(rest).hexdigest().encode()):
        raise _Torn(f"its {len(data)} bytes are not those that were written")
    head, _, body = rest.partition(b"\n")
    return Request(**json.loads(head), body=body)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
