"""Samples with their times sent by Prometheus' remote write 1.0, which VictoriaMetrics, Mimir and Thanos take too.

https://prometheus.io/docs/specs/prw/remote_write_spec/
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import pyarrow as pa
import requests

from wolfpack.client import ServiceError
from wolfpack.client.retries import RETRY_FOR, persist

Samples = Sequence[tuple[float, float | None]]
"""Times (epoch seconds), ascending, and values; None ends a series for now."""
SAMPLES = 10_000
"""Samples of a request, about."""
_STALE = struct.pack("<Q", 0x7FF0000000000002)
"""The NaN by which Prometheus says that a series ended (`value.StaleNaN`)."""
_HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def send_samples(
    url: str,
    series: Iterable[tuple[Mapping[str, str], Samples]],
    token: str | None = None,
    retry_for: float = RETRY_FOR,
    most: int = SAMPLES,
) -> int:
    """Send samples in requests of bounded size and return how many there were; what may pass is tried again.

    Raises
    ------
    ServiceError
        If the store refuses, or does not answer.
    """
    sent = 0
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment must not see what goes to the store
        session.headers.update(_HEADERS)
        if token:
            session.headers["Authorization"] = f"Bearer {token}"
        for batch in _batches(series, most):
            body = pa.compress(write_request(batch), codec="snappy", asbytes=True)
            persist(partial(_post, session, url, body), retry_for)
            sent += sum(len(samples) for _, samples in batch)
    return sent


def write_request(series: Iterable[tuple[Mapping[str, str], Samples]]) -> bytes:
    """Return a `prometheus.WriteRequest` as Protocol Buffers bytes: labels sorted by name, times in milliseconds."""
    return b"".join(_field(1, _series(labels, samples)) for labels, samples in series)


def _series(labels: Mapping[str, str], samples: Samples) -> bytes:
    named = (
        _field(1, _field(1, name.encode()) + _field(2, labels[name].encode())) for name in sorted(labels)
    )
    return b"".join(named) + b"".join(_field(2, _sample(at, value)) for at, value in samples)


def _sample(at: float, value: float | None) -> bytes:
    number = _STALE if value is None else struct.pack("<d", value)
    return b"\x09" + number + b"\x10" + _varint(round(at * 1000))  # field 1: double; field 2: int64


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _batches(
    series: Iterable[tuple[Mapping[str, str], Samples]], most: int
) -> Iterator[list[tuple[Mapping[str, str], Samples]]]:
    batch, size = list[tuple[Mapping[str, str], Samples]](), 0
    for labels, samples in series:
        for first in range(0, len(samples), most):
            part = samples[first : first + most]
            batch.append((labels, part))
            size += len(part)
            if size >= most:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _post(session: requests.Session, url: str, body: bytes) -> None:
    try:
        answer = session.post(url, data=body, timeout=60, allow_redirects=False)
    except requests.RequestException as error:
        raise ServiceError(f"POST {url}: no answer ({error})") from error
    if answer.status_code not in (200, 202, 204):
        raise ServiceError(f"POST {url}: {answer.status_code} {answer.text[:300]}", answer.status_code)
