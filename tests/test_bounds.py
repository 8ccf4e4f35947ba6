"""Bodies that would become far more than they are: a real exporter refuses them, and its memory hardly grows."""

from __future__ import annotations

import gzip
import io
import json
import socket
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from conftest import FULL
from sending import ARROW, REFERENCE
from tables import day, inputs

from wolfpack.cli import servers
from wolfpack.client.job import to_arrow_bytes
from wolfpack.stats import profile
from wolfpack.stats.codec import SCHEMA

PARQUET, LINES, CSV = "application/vnd.apache.parquet", "application/x-ndjson", "text/csv"
MODEL = {"project": "travel", "model": "arrival-delay"}
PROFILE = profile(inputs(day(61)), by=["origin"]).to_bytes()
MANY = 60_000_000
MB = 1 << 20


def stream(table: pa.Table, compression: str | None = "zstd") -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def parquet(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def with_metadata(**changed: bytes) -> bytes:
    table = pa.ipc.open_stream(PROFILE).read_all()
    metadata = dict(table.schema.metadata) | {name.encode(): value for name, value in changed.items()}
    return stream(table.replace_schema_metadata(metadata))


def long_sketch() -> bytes:
    """Return a profile whose first sketch has 60 million items, all 0."""
    table = pa.ipc.open_stream(PROFILE).read_all().slice(0, 1)
    place = SCHEMA.get_field_index("items")
    items = pa.LargeListArray.from_arrays([0, MANY], np.zeros(MANY)).cast(pa.list_(pa.float64()))
    return stream(table.set_column(place, SCHEMA.field(place), items))


def many_states() -> bytes:
    """Return a profile of one column in 400,000 panes."""
    table = pa.ipc.open_stream(PROFILE).read_all()
    rows = pa.concat_tables([table.slice(0, 2)] * 200_000).combine_chunks()
    panes = pa.array(np.repeat(np.arange(200_000), 2))
    return stream(rows.set_column(0, SCHEMA.field(0), panes).replace_schema_metadata(table.schema.metadata))


def nulls(rows: int) -> bytes:
    return stream(pa.table({"a": pa.nulls(rows)}))


def repeated(rows: int, length: int) -> pa.Table:
    words = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), ["x" * length])
    return pa.table({"delay": words})


def views() -> bytes:
    """Return 100,000 times the same text of 100 kB."""
    one = pa.array(["x" * 100_000], pa.string_view())
    item = one.buffers()[1].to_pybytes()
    several = pa.Array.from_buffers(
        pa.string_view(), 100_000, [None, pa.py_buffer(item * 100_000), one.buffers()[2]]
    )
    return stream(pa.table({"delay": several}))


def overlapping() -> bytes:
    """Return 10,000 lists, each the same million items."""
    lists = pa.ListViewArray.from_arrays([0] * 10_000, [MB] * 10_000, np.zeros(MB))
    return stream(pa.table({"delay": lists}))


KEYS = json.dumps({f"k{i}": 1 for i in range(5000)}).encode()
DELTAS = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}
CRAFTED = {
    "plan": lambda: ("profiles", with_metadata(plan=zlib.compress(b"[" + b"[]," * 20_000_000 + b"[]]")), ""),
    "unplanned": lambda: ("profiles", with_metadata(unplanned=b"[" + b"[]," * 5_000_000 + b"[]]"), ""),
    "sketch": lambda: ("profiles", long_sketch(), ""),
    "states": lambda: ("profiles", many_states(), ""),
    "reference": lambda: ("reference", long_sketch(), ""),
    "scores": lambda: ("scores", long_sketch(), ""),
    "zeros": lambda: ("batches", stream(pa.table({"a": np.zeros(MANY)})), ARROW),
    "lz4": lambda: ("batches", stream(pa.table({"a": np.zeros(MANY)}), "lz4"), ARROW),
    "nulls": lambda: ("batches", nulls((1 << 31) - 1), ARROW),
    "null keys": lambda: ("labels", nulls((1 << 31) - 1), ARROW),
    "null items": lambda: ("batches", stream(pa.table({"a": [[None] * MANY]})), ARROW),
    "fields": lambda: ("batches", stream(pa.table({f"c{i}": [] for i in range(40_000)})), ARROW),
    "dictionary": lambda: ("batches", stream(repeated(MB, 100_000)), ARROW),
    "views": lambda: ("batches", views(), ARROW),
    "list views": lambda: ("batches", overlapping(), ARROW),
    "pages": lambda: ("batches", parquet(pa.table({"a": np.zeros(MANY)}), use_dictionary=False), PARQUET),
    "runs": lambda: ("batches", parquet(pa.table({"a": np.zeros(MANY)})), PARQUET),
    "texts": lambda: ("batches", parquet(repeated(MB, 100_000)), PARQUET),
    "deltas": lambda: ("batches", parquet(repeated(10, 9), **DELTAS), PARQUET),
    "nested": lambda: ("batches", parquet(pa.table({"a": [[0] * MANY]})), PARQUET),
    "keys": lambda: ("batches", KEYS + b"\n{}" * 100_000, LINES),
    "spaced keys": lambda: ("batches", KEYS.replace(b":", b" :") + b"\n{}" * 100_000, LINES),
    "deep": lambda: ("batches", b'{"a":' * 500 + b"1" + b"}" * 500, LINES),
    "columns": lambda: ("batches", b"," * 1_000_000 + b"\n1", CSV),
    "gzip": lambda: ("batches", gzip.compress(b"\0" * 500_000_000, 1), CSV),
    "zstd": lambda: ("batches", pa.compress(b"\0" * 500_000_000, "zstd", asbytes=True), CSV),
    "json": lambda: ("anomalies", b'{"anomalies": [' + b"[]," * 3_000_000 + b"[]]}", "application/json"),
}  # fmt: skip
MOST_GROWTH = 150 * MB
"""Bytes of memory: less than a tenth of what the least of these bodies would take."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A real exporter that has taken a profile and rows: what it loads for them is no growth."""
    folder = tmp_path_factory.mktemp("bounds")
    (folder / "specs").mkdir()
    (folder / "specs" / "m.yml").write_text(FULL)
    with servers.exporter_process(folder, folder / "specs") as (url, process):
        assert send(url, "profiles", PROFILE, "").status_code == 200
        assert send(url, "batches", to_arrow_bytes(inputs(day(61))), ARROW).status_code == 200
        yield url, process.pid


def send(url: str, kind: str, body: bytes, content_type: str, encoding: str = "") -> requests.Response:
    at = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    headers = {name: value for name, value in headers.items() if value}
    if kind in ("reference", "scores"):
        path = f"{url}{REFERENCE}{'/scores' * (kind == 'scores')}"
        return requests.put(path, data=body, headers=headers, timeout=60)
    params = MODEL | ({"at": at} if kind in ("profiles", "batches", "predictions") else {})
    return requests.post(f"{url}/api/v1/{kind}", data=body, params=params, headers=headers, timeout=60)


def memory(pid: int, what: str) -> int:
    """Return bytes of memory of a process; `VmHWM` is the most since `forget`."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(what)))


@pytest.mark.parametrize("name", CRAFTED)
def test_a_body_that_would_expand_is_refused_in_bounded_memory(served, name) -> None:
    url, pid = served
    kind, body, content_type = CRAFTED[name]()
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
    before = memory(pid, "VmRSS")
    answer = send(url, kind, body, content_type, name if name in ("gzip", "zstd") else "")
    growth = memory(pid, "VmHWM") - before

    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "detail", "where"}
    assert growth < MOST_GROWTH + 2 * len(body), f"{growth / MB:.0f} MB for {len(body) / MB:.1f}"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_packed_rows_are_taken_and_cut_ones_refused(served, encoding) -> None:
    url, _ = served
    rows = to_arrow_bytes(inputs(day(61)))
    pack = {"gzip": gzip.compress, "zstd": lambda data: pa.compress(data, "zstd", asbytes=True)}[encoding]
    whole, two = pack(rows), pack(rows[:100]) + pack(rows[100:])

    assert send(url, "batches", whole, ARROW, encoding).json()["rows"] == 200
    assert send(url, "batches", two, ARROW, encoding).json()["rows"] == 200
    assert send(url, "batches", whole[:-20], ARROW, encoding).status_code == 400
    assert send(url, "batches", rows, ARROW, encoding).status_code == 400
    assert send(url, "batches", whole, ARROW, "br").status_code == 415


def test_a_body_over_the_limit_is_refused_as_json_before_it_is_read(served) -> None:
    url, _ = served
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /api/v1/profiles HTTP/1.1\r\nHost: a\r\nContent-Length: 1099511627776\r\n\r\nx"
        )
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"Content-Type: application/problem+json" in head
    assert set(json.loads(body)) == {"type", "title", "detail", "where"}
