"""The largest and the most hostile input: an answer or a clear error, in one process that never takes 1 GB."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.spec.errors import ProfileFormatError
from wolfpack.stats import Profile, compare, profile

SMALL = profile(pa.table({"x": [1.0, 2.0], "c": ["a", "b"]})).to_bytes()
MOST_MEMORY = 1000
"""Megabytes."""


def wide() -> Any:
    table = pa.table({f"c{k}": [1.0, 2.0, None] * 4 for k in range(10_000)})
    before = profile(table)
    found = compare(before, Profile.from_bytes(profile(table, baseline=before).to_bytes()))
    return len(found.columns), len(found.drifted)


def categories() -> Any:
    """A key has no drift by its values: all of them are new every day."""
    before = profile(pa.table({"id": np.arange(1_000_000).astype(str)}))
    now = profile(pa.table({"id": np.arange(500_000, 1_500_000).astype(str)}), baseline=before)
    return before.plan.columns["id"].categories, before["id"].count, compare(before, now).drifted


def refused(data: bytes) -> str:
    try:
        Profile.from_bytes(data)
    except ProfileFormatError as error:
        return str(error)
    return "taken"


def rewritten(change: Callable[[pa.Table], pa.Table], compression: str | None = "zstd") -> bytes:
    table = change(pa.ipc.open_stream(SMALL).read_all())
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def replaced(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), values)


def claim(table: pa.Table) -> pa.Table:
    return replaced(table, "rows", pa.array([10**18] * table.num_rows, pa.int64()))


def zeros(table: pa.Table) -> pa.Table:
    """Thirty million zeros in the last row's sketch: 240 MB in 11 kB."""
    ends = pa.array([0] * table.num_rows + [30_000_000], pa.int32())
    return replaced(table, "items", pa.ListArray.from_arrays(ends, pa.array(np.zeros(30_000_000))))


def rows(table: pa.Table) -> pa.Table:
    return table.take(np.zeros(400_000, np.int64)).combine_chunks()


def far(data: bytes) -> bytes:
    """One buffer says that it is of 2**40 bytes."""
    size = data.index(b"\x28\xb5\x2f\xfd") - 8  # the first frame of zstd, and the length before it
    return data[:size] + (1 << 40).to_bytes(8, "little") + data[size + 8 :]


CASES: dict[str, Callable[[], Any]] = {
    "wide": wide,
    "categories": categories,
    "claim": lambda: refused(rewritten(claim)),
    "zeros": lambda: refused(rewritten(zeros)),
    "rows": lambda: refused(rewritten(rows, None)),
    "far": lambda: refused(far(SMALL)),
}


def peak() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Print by case what came of it, and the largest resident set up to then, MB."""
    print(json.dumps({name: (case(), peak()) for name, case in CASES.items()}))


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("wide", [10_000, 0]),
        ("categories", [[], 1_000_000, []]),
        ("claim", "rows is not in the range 0<=x<=1000000000000"),
        ("zeros", "they unpack to 240000"),
        ("rows", "two rows for one column"),
        ("far", "they unpack to 10995116"),
    ],
)
def test_hard_input_has_an_answer_within_a_gigabyte(found, name: str, answer: Any) -> None:
    came, memory = found[name]

    assert answer in came if isinstance(answer, str) else came == answer
    assert memory < MOST_MEMORY


def test_a_large_profile_that_hardly_packs_is_read_whatever_its_size(monkeypatch) -> None:
    """A reference with a year of panes unpacks to more than a stranger's few bytes may."""
    monkeypatch.setattr("wolfpack.stats.ipc.MOST_BYTES", 1000)
    large = profile(pa.table({"x": np.random.default_rng(1).normal(size=1000)}))

    assert Profile.from_bytes(large.to_bytes()) == large


def test_a_stream_of_other_messages_is_refused() -> None:
    """Dictionaries unpack too, and no profile has any."""
    table = pa.table({"x": pa.array(["a"]).dictionary_encode()})
    sink = pa.BufferOutputStream()
    said = pa.ipc.open_stream(SMALL).schema.metadata
    with pa.ipc.new_stream(sink, table.schema.with_metadata(said)) as writer:
        writer.write_table(table.replace_schema_metadata(said))

    with pytest.raises(ProfileFormatError, match="its fields are"):
        Profile.from_bytes(bytes(sink.getvalue()))


if __name__ == "__main__":
    main()
