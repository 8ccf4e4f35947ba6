"""Files as sources: any format, read again and again, in bounded memory, with types that hold to the end."""

from __future__ import annotations

import datetime as dt
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import csv, feather, ipc, parquet

from wolfpack import client, stats
from wolfpack import spec as spec_door
from wolfpack.cli import main
from wolfpack.client import delimited, json_lines, open_files
from wolfpack.client.transport import ServiceError

DAY = dt.datetime(2024, 3, 1, 12)
TABLE = pa.table(
    {
        "delay": [1.5, None, -3.0, 1e9],
        "seats": [2**53 + 1, 0, None, -4],
        "origin": ["JFK", None, "EWR", "JFK"],
        "late": [True, None, False, True],
        "at": pa.array([DAY, DAY + dt.timedelta(days=1), None, DAY], pa.timestamp("s")),
    }
)


GROUP = {False: 3, True: 50_000}
"""Rows of a row group or batch, of small tables and of large ones."""


def write_ndjson(table: pa.Table, file: Path) -> None:
    """Write one object a line; what is missing is left out."""
    rows = ({k: v for k, v in row.items() if v is not None} for row in table.to_pylist())
    file.write_text("".join(json.dumps(row, default=dt.datetime.isoformat) + "\n" for row in rows))


def write_stream(table: pa.Table, file: Path) -> None:
    with ipc.new_stream(str(file), table.schema) as writer:
        writer.write_table(table, max_chunksize=GROUP[len(table) > 1000])


WRITERS: dict[str, Callable[[pa.Table, Path], Any]] = {
    "t.parquet": lambda table, file: parquet.write_table(
        table, file, coerce_timestamps="ms", row_group_size=GROUP[len(table) > 1000]
    ),
    "t.csv": lambda table, file: csv.write_csv(table, file),
    "t.ndjson": write_ndjson,
    "t.jsonl": write_ndjson,
    "t.feather": lambda table, file: feather.write_feather(table, file, compression="zstd"),
    "stream.arrow": write_stream,
    "UPPER.CSV": lambda table, file: csv.write_csv(table, file),
}


def read(source: client.Files) -> pa.Table:
    return pa.Table.from_batches(source.batches(), source.schema)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows_each_time(tmp_path: Path, name: str) -> None:
    WRITERS[name](TABLE, tmp_path / name)
    source = open_files(tmp_path / name)

    assert source.schema.names == TABLE.column_names
    assert read(source).to_pydict() == TABLE.to_pydict()
    assert read(source).to_pydict() == TABLE.to_pydict()
    assert pa.table(source).to_pydict() == TABLE.to_pydict()


@pytest.mark.parametrize("name", WRITERS)
def test_a_profile_of_a_file_is_that_of_its_table(tmp_path: Path, name: str) -> None:
    WRITERS[name](TABLE, tmp_path / name)

    assert client.profile(tmp_path / name, by=["origin"]) == stats.profile(TABLE, by=["origin"])


def test_every_ending_is_tried() -> None:
    assert {Path(name).suffix.lower() for name in WRITERS} == set(client.ENDINGS)


# --- several files


def parts(folder: Path, *tables: dict[str, Any]) -> list[Path]:
    """Write each table to a Parquet file of its own."""
    files = [folder / f"day-{number}.parquet" for number in range(len(tables))]
    for file, table in zip(files, tables, strict=True):
        parquet.write_table(pa.table(table), file)
    return files


def test_globs_folders_and_lists_name_the_same_files(tmp_path: Path) -> None:
    files = parts(tmp_path, {"x": [1]}, {"x": [2]}, {"x": [3]})
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "readme.txt").touch()
    (tmp_path / "_temporary").mkdir()
    parts(tmp_path / "_temporary", {"x": [9]})
    found = {
        "list": open_files(files),
        "folder": open_files(tmp_path),
        "glob": open_files(f"{tmp_path}/day-*.parquet"),
        "below": open_files(f"{tmp_path.parent}/{tmp_path.name}/**/day-?.parquet"),
        "twice": open_files([*files, str(files[0]), f"{tmp_path}/*.parquet"]),
    }

    assert {name: read(source)["x"].to_pylist() for name, source in found.items()} == {
        name: [1, 2, 3] for name in found
    }
    assert found["list"].paths == found["twice"].paths == tuple(files)


def test_a_name_with_brackets_that_is_there_is_no_glob(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"x": [1]}), tmp_path / "a[1].parquet")

    assert open_files(f"{tmp_path}/a[1].parquet").paths == (tmp_path / "a[1].parquet",)


def test_columns_may_stand_in_another_order_and_numbers_may_widen(tmp_path: Path) -> None:
    files = parts(
        tmp_path,
        {"x": [1, 2], "s": pa.array(["a", "b"]).dictionary_encode(), "n": pa.nulls(2)},
        {"s": ["c"], "n": ["seen"], "x": [2.5]},
    )
    source = open_files(files)

    assert source.schema.types == [pa.float64(), pa.string(), pa.string()]
    assert read(source).to_pydict() == {"x": [1, 2, 2.5], "s": ["a", "b", "c"], "n": [None, None, "seen"]}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"x": [1]}, r"only .*day-0.parquet has 's'"),
        ({"x": [1], "s": ["a"], "y": [1]}, r"only .*day-1.parquet has 'y'"),
        ({"x": [1], "z": ["a"]}, r"only .*day-0.parquet has 's' and only .*day-1.parquet has 'z'"),
        ({"x": ["1"], "s": ["a"]}, r"column 'x' is int64 in .*day-0.parquet and string in .*day-1.parquet"),
        ({"x": [True], "s": ["a"]}, r"column 'x' is int64 in .*day-0.parquet and bool in .*day-1.parquet"),
    ],
)
def test_files_of_other_columns_are_refused_by_name(tmp_path: Path, other: Any, says: str) -> None:
    files = parts(tmp_path, {"x": [1], "s": ["a"]}, other)

    with pytest.raises(spec_door.TableError, match=says):
        open_files(files)


def test_an_integer_that_does_not_fit_is_an_error_and_not_another_number(tmp_path: Path) -> None:
    files = parts(tmp_path, {"x": pa.array([2**64 - 1], pa.uint64())}, {"x": pa.array([-1], pa.int64())})

    with pytest.raises(spec_door.TableError, match=r"day-0\.parquet.*18446744073709551615"):
        read(open_files(files))


@pytest.mark.parametrize("name", [None, "key"])
def test_the_index_of_pandas_is_no_column(tmp_path: Path, name: str | None) -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index([7, 9], name=name))
    frame.to_parquet(tmp_path / "1.parquet")
    frame.to_parquet(tmp_path / "2.parquet")

    assert client.profile(tmp_path).columns == ("x",)


# --- bad files


@pytest.mark.parametrize("name", WRITERS)
def test_a_truncated_file_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    rows = pa.concat_tables([TABLE] * 50)
    WRITERS[name](rows, tmp_path / name)
    data = (tmp_path / name).read_bytes()
    text = name.lower().endswith(("csv", "ndjson", "jsonl"))
    cut = data.rindex(b",", 0, len(data) - 40) if text else len(data) * 3 // 4
    (tmp_path / name).write_bytes(data[:cut])

    with pytest.raises(spec_door.TableError, match=f"{name}: cannot be read"):
        read(open_files(tmp_path / name))


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe nothing of the kind"], ids=["empty", "noise"])
def test_a_file_that_is_none_is_an_error_that_names_it(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(spec_door.TableError, match=name):
        read(open_files(tmp_path / name))


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ("{}/none.parquet", r"none.parquet: no such file or folder"),
        ("{}/*.parquet", r"the glob matches no file; tables end in .parquet, .csv"),
        ("{}", r"the folder holds no table"),
        ("{}/t.xlsx", r"ending '.xlsx' is not known; allowed are .parquet, .csv"),
        ([], r"no path was given"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path: Path, paths: Any, says: str) -> None:
    (tmp_path / "t.xlsx").touch()

    with pytest.raises(spec_door.TableError, match=says):
        open_files(paths.format(tmp_path) if isinstance(paths, str) else paths)


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,a\n1,2,3\n")

    with pytest.raises(spec_door.TableError, match=r"t\.csv: column 'a' is there 2 times"):
        open_files(tmp_path / "t.csv")


@pytest.mark.parametrize("late", [b"1\n" * 100, b""], ids=["late", "at once"])
def test_text_that_is_no_utf8_is_an_error_that_names_the_column(tmp_path: Path, monkeypatch, late) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    (tmp_path / "t.csv").write_bytes(b"a\n" + late + b"x\n\xff\xfe\n")

    with pytest.raises(spec_door.TableError, match=r"column 'a' has bytes that are no UTF-8"):
        open_files(tmp_path / "t.csv")


# --- types of text files

WORDS = ["", "NA", "1", "-7", "0", "true", "2.5", "1e300", "9" * 25, "2013-01-01", "2013-01-01 10:20:30"]
WORDS += ["2013-01-01 10:20:30.25", "10:20:30", "x", 'say "hi", you', "ü"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS[:6]), st.integers(1, 12)),
        min_size=1,
        max_size=6,
    )
)
def test_a_csv_has_the_types_of_reading_it_at_once(tmp_path: Path, monkeypatch, runs) -> None:
    """Whatever comes late in the file; blocks are so small that a run of equal rows fills some."""
    rows = [(one, other) for one, other, times in runs for _ in range(times)]
    file = tmp_path / "t.csv"
    pd.DataFrame(rows, columns=["a", "b"]).to_csv(file)
    whole = csv.read_csv(file, convert_options=csv.ConvertOptions(strings_can_be_null=True))
    monkeypatch.setattr(delimited, "BLOCK", 96)
    source = open_files(file)

    assert source.schema == whole.schema
    assert read(source).to_pydict() == whole.to_pydict()


def test_an_empty_field_of_text_is_missing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("s,t\na,1\n,2\nNA,3\n")

    assert client.profile(tmp_path / "t.csv")["s"].missing == 2


VALUES = st.sampled_from([None, 1, 2.5, -(2**40)]), st.sampled_from([None, "2013-01-01", "x", "ü\n"])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*VALUES), min_size=1, max_size=40))
def test_ndjson_has_types_that_hold_in_every_block(tmp_path: Path, monkeypatch, rows) -> None:
    lines = [json.dumps({"a": a, "b": b} if b is not None else {"a": a}) for a, b in rows]
    (tmp_path / "t.ndjson").write_text("\n".join(lines))
    monkeypatch.setattr(json_lines, "BLOCK", 30)
    source = open_files(tmp_path / "t.ndjson")
    found = read(source)
    texts = [b for _, b in rows if b is not None]

    assert found["a"].to_pylist() == [a for a, _ in rows]
    if texts and set(texts) != {"2013-01-01"}:
        assert found["b"].to_pylist() == [b for _, b in rows]
    elif texts:
        assert source.schema.field("b").type == pa.timestamp("s")


def test_ndjson_of_mixed_types_names_the_column(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(json_lines, "BLOCK", 9)
    (tmp_path / "t.ndjson").write_text('{"a": 1}\n' * 5 + '{"a": "x"}\n')

    with pytest.raises(spec_door.TableError, match=r"column 'a' is int64 in some lines and string in others"):
        open_files(tmp_path / "t.ndjson")


# --- bounded memory


MEMORY = """
import sys, pyarrow
from wolfpack.client import delimited, formats, json_lines, open_files
delimited.BLOCK = json_lines.BLOCK = 1 << 14
formats.ROWS = 4000
rows = sum(batch.num_rows for batch in open_files(sys.argv[1]).batches())
print(rows, pyarrow.default_memory_pool().max_memory())
"""


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.ndjson", "stream.arrow"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    """Of 10 MB of numbers, read in small blocks, Arrow never holds 3; its own files it maps."""
    numbers = np.random.default_rng(3).normal(size=(3, 400_000)).round(6)
    WRITERS[name](pa.table(dict(zip("abc", numbers, strict=True))), tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, tmp_path / name], capture_output=True, text=True, check=True
    )
    rows, most = map(int, done.stdout.split())

    assert rows == 400_000
    assert most < 3_000_000


def test_only_dictionaries_that_hold_all_values_are_read_as_such(tmp_path: Path) -> None:
    rows = 200_000
    few, many = np.arange(rows) % 3, np.arange(rows)
    table = pa.table({"few": few.astype(str), "many": np.char.add("key-", many.astype(str)), "n": many})
    parquet.write_table(table, tmp_path / "t.parquet")
    source = open_files(tmp_path / "t.parquet")

    assert [pa.types.is_dictionary(type_) for type_ in source.schema.types] == [True, False, False]
    assert read(source)["few"].cast(pa.string()).equals(table["few"].cast(pa.string()))


# --- the doors


class NoReference:
    """A service whose model has no reference yet."""

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        raise ServiceError("404 No reference: none", 404)


def test_a_client_profiles_paths_before_there_is_a_reference(tmp_path: Path) -> None:
    csv.write_csv(TABLE, tmp_path / "t.csv")
    door = client.Client("http://nowhere", project="p", model="m", transport=NoReference())  # type: ignore[arg-type]
    found = door.profile(tmp_path / "*.csv")

    assert (found.rows, found["delay"].missing, found["delay"].plan.edges) == (4, 1, ())
    assert found == door.profile(TABLE) == door.profile(open_files(tmp_path / "t.csv"))


def test_the_command_takes_a_glob_of_many_files(tmp_path: Path) -> None:
    parts(tmp_path, {"x": [1.0]}, {"x": [2.0, None]})
    done = CliRunner().invoke(main, ["profile", f"{tmp_path}/*.parquet", "-o", f"{tmp_path}/out.profile"])

    assert done.exit_code == 0, done.output
    found = stats.Profile.from_bytes((tmp_path / "out.profile").read_bytes())
    assert (found.rows, found["x"].missing) == (3, 1)


def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    parts(tmp_path, {"x": [1.0]}, {"y": [2.0]})
    done = CliRunner().invoke(main, ["profile", f"{tmp_path}/*.parquet", "-o", f"{tmp_path}/out.profile"])

    assert done.exit_code == 2
    assert "differ in their columns" in done.stderr


def test_a_source_can_be_sent_as_rows(tmp_path: Path) -> None:
    csv.write_csv(TABLE, tmp_path / "t.csv")
    sent = pa.ipc.open_stream(
        io.BytesIO(client.job.to_arrow_bytes(open_files(tmp_path / "t.csv")))
    ).read_all()

    assert sent.to_pydict() == TABLE.to_pydict()
