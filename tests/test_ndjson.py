"""Lines of JSON that end a process are refused; no others are."""

from __future__ import annotations

import json
import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wolfpack.client import open_files
from wolfpack.client.ndjson import LONG, check_lines
from wolfpack.spec import TableError

ARRAYS = b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}\n"
HIDDEN = b'{"b": "}", "a": ' * 20_000 + b"1" + b"}" * 20_000 + b"\n"
"""Deep, though as many brackets close as open anywhere in it."""
FATAL = {
    "null": (b"null\n", 1),
    "null of a later block": (b'{"a": 1}\n' * 200_000 + b"null\n", 200_001),
    "null after blanks": (b" \n\r\n \t null", 3),
    "null after a mark": (b"\xef\xbb\xbfnull\n", 1),
    "arrays": (ARRAYS, 1),
    "arrays of a later line": (b'{"a": []}\n' + ARRAYS, 2),
    "objects": (b'{"a": ' * 20_000 + b"1" + b"}" * 20_000 + b"\n", 1),
    "hidden": (HIDDEN, 1),
}
READ = "import io, sys, pyarrow.json as j; j.read_json(io.BytesIO(sys.stdin.buffer.read()))"


@pytest.mark.parametrize(("data", "line"), FATAL.values(), ids=FATAL)
def test_a_line_that_ends_the_process_is_refused_by_its_number(data, line) -> None:
    with pytest.raises(pa.ArrowInvalid, match=rf"^line {line} is "):
        check_lines(data)


@pytest.mark.parametrize("name", ["null", "arrays", "arrays of a later line", "objects", "hidden"])
def test_these_lines_do_end_a_process(name) -> None:
    """When this is skipped with the lowest pyarrow of setup.cfg, the check can go."""
    done = subprocess.run([sys.executable, "-c", READ], input=FATAL[name][0], capture_output=True)
    if done.returncode == 0:
        pytest.skip(f"pyarrow {pa.__version__} reads it")

    assert done.returncode < 0, done.stderr


VALUES = st.sampled_from(["null", None, 1, [None], [[[]]], {"a": None}, "\nnull", "[{" * LONG])


@given(st.lists(st.dictionaries(st.sampled_from(["null", "a", "[[["]), VALUES, max_size=3), max_size=5))
def test_lines_of_objects_pass(rows) -> None:
    check_lines(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


@pytest.mark.parametrize(
    "row",
    [
        {"text": "[{" * LONG},
        {"embedding": [0.5] * LONG},
        {"rows": [{"a": [1]}] * LONG},
        {"deep": json.loads("[" * 500 + "]" * 500), "long": "x" * LONG},
    ],
    ids=lambda row: next(iter(row)),
)
def test_long_lines_that_are_not_deep_pass(row) -> None:
    check_lines(json.dumps(row).encode())


@pytest.mark.parametrize(("data", "line"), FATAL.values(), ids=FATAL)
def test_the_exporter_refuses_them_and_lives(exporter, data, line) -> None:
    answer = exporter.send("/api/v1/batches", data, "application/x-ndjson", at="2024-05-01")

    assert answer.status_code == 400
    assert f"line {line} is" in answer.json["detail"]


def test_a_file_with_such_a_line_is_refused_by_name(tmp_path) -> None:
    (tmp_path / "rows.ndjson").write_bytes(b"null\n")
    with pytest.raises(TableError, match=r"rows\.ndjson.*line 1 is null"):
        open_files(tmp_path / "rows.ndjson")
