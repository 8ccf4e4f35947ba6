"""Bodies that were packed on the way: unpacked as far as a body may be long, and no further."""

from __future__ import annotations

import flask
import pyarrow as pa

from wolfpack.exporter.problems import Problem

MAX_BODY = 64 * 1024 * 1024
"""Largest body in bytes, as it is sent and unpacked; larger rows belong into a profile made where they are."""
MAX_JSON = 8 * 1024 * 1024
"""Largest body of JSON: 10,000 findings have some 6 MB, and as objects any JSON takes twenty times its length."""
ENCODINGS = ("gzip", "zstd")
_STEP = 1 << 20


def body(most: int = MAX_BODY) -> bytes:
    """Return the request's body, unpacked as `Content-Encoding` says.

    Raises
    ------
    Problem
        413 if it is longer than `most` bytes, 415 if its encoding is not known, 400 if it cannot be unpacked.
    """
    sent = flask.request.get_data()
    encoding = flask.request.headers.get("Content-Encoding", "identity").strip().lower()
    found = sent if encoding in ("identity", "") else _unpacked(sent, encoding, most)
    if len(found) > most:
        raise _too_long(most)
    return found


def _unpacked(sent: bytes, encoding: str, most: int) -> bytes:
    if encoding not in ENCODINGS:
        raise Problem(
            415,
            "Unknown encoding",
            f"{encoding[:40]!r}; allowed are {', '.join(ENCODINGS)}, one of them",
            "Content-Encoding",
        )
    found = bytearray()
    try:
        with pa.CompressedInputStream(pa.BufferReader(sent), encoding) as stream:
            while piece := stream.read(_STEP):
                found += piece
                if len(found) > most:
                    raise _too_long(most)
    except (pa.ArrowException, OSError) as error:
        detail = f"the body is no {encoding}: {str(error)[:200]}"
        raise Problem(400, "Unreadable encoding", detail, "Content-Encoding") from error
    return bytes(found)


def _too_long(most: int) -> Problem:
    return Problem(
        413,
        "Too large",
        f"the body is longer than {most} bytes; profile rows where they are, or send them in parts",
        "body",
    )
