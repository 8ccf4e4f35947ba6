"""`wolfpack init`: the first spec says what was seen, passes the check, and destroys nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from tables import day

from wolfpack.cli import main
from wolfpack.cli.first_spec import outward
from wolfpack.spec import load


def run(*words: object) -> Any:
    return CliRunner().invoke(main, ["init", *map(str, words)])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A day of rows, with some columns that are hard to write down."""
    random = np.random.default_rng(1)
    rows = day(0, 500, target=random.integers(0, 2, 500)).drop_columns(["late"])
    odd: dict[str, Any] = {
        "no": random.choice(["a: b", "#c", "d"], 500),
        "lines": ["a", "a", "\n", "a", "a"] * 100,
        "yes: #1": np.full(500, 5),
        "day": np.datetime_as_string(np.datetime64("2024-01-01") + np.arange(500)),
        "tags": [[1]] * 500,
        "box": [{"a": 1}] * 500,
        "empty": pa.nulls(500, pa.float64()),
        "seats": pa.array([None, *random.integers(-43, 1302, 497), -43, 1301]),
        "word": [f"w{i % 300}" for i in range(500)],
    }
    for name, values in odd.items():
        rows = rows.append_column(name, pa.array(values) if not isinstance(values, pa.Array) else values)
    parquet.write_table(rows, tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


def test_the_first_spec_is_valid_and_says_what_was_seen(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "travel" / "arrival-delay.yml"
    done = run(table, "-o", out)
    assert done.exit_code == 0, done.output
    spec, text = load(out).spec, out.read_text()

    assert (spec.project, spec.model) == ("travel", "arrival-delay")
    assert {name: column.type for name, column in spec.columns.items()} == {
        "delay": "numeric",
        "carrier": "categorical",
        "origin": "categorical",
        "no": "categorical",
        "lines": "categorical",
        "tags": "list",
        "yes: #1": "numeric",
        "empty": "numeric",
        "seats": "numeric",
        "word": "categorical",
    }
    assert spec.prediction is not None
    assert (spec.prediction.column, spec.prediction.task, spec.prediction.range) == (
        "score",
        "binary",
        (0, 1),
    )
    assert spec.label is not None
    assert (spec.label.column, spec.label.key) == ("target", "id")
    assert spec.segments == {}
    for line in (
        "# Times, for --time and not inputs: time, day",
        "#   origin: {}  # 2 values",
        "#   carrier: {}  # 3 values",
        "  seats: {type: numeric}  # 0.20 % missing; -43 to 1301; if no other can be right: range: [-100, 1400]",
        "  'yes: #1': {type: numeric}  # always 5",
        "  empty: {type: numeric}  # 100.00 % missing",
        "# box is left out: struct<a: int64> is only counted",
        '  lines: {type: categorical}  # 2 values: a, "\\n"',
        "# Keys (no value twice in the first 500 rows): id",
    ):
        assert line in text.splitlines(), line
    assert "#   word" not in text
    assert "#   lines" not in text


def test_what_it_says_to_type_next_can_be_typed(table: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("rows.parquet", "-o", "m.yml", "--project", "p").exit_code == 0
    shown = [
        line[4:].split() for line in Path("m.yml").read_text().splitlines() if line.startswith("#   wolfpack")
    ]

    assert [words[1] for words in shown] == ["check", "profile"]
    for words in shown:
        done = CliRunner().invoke(main, words[1:])
        assert done.exit_code == 0, done.output


def test_the_ranges_and_segments_that_are_offered_can_be_taken(table: Path, tmp_path: Path) -> None:
    """With every offer taken the spec is still valid."""
    run(table, "-o", tmp_path / "m.yml")
    lines = (tmp_path / "m.yml").read_text().splitlines()
    start = lines.index("# segments:")
    taken = [line.removeprefix("# ") for line in lines[start:]]
    offered = [
        line.split("# ")[0].replace("}", f", {line.split('be right: ')[1]}}}")
        for line in lines
        if "right:" in line
    ]
    columns = ["columns:", *offered]
    head = [line for line in lines[:start] if line.split(":")[0] in ("version", "project", "model")]
    (tmp_path / "m.yml").write_text("\n".join([*head, *columns, *taken]))
    spec = load(tmp_path / "m.yml").spec

    assert spec.columns["seats"].range == (-100, 1400)
    assert set(spec.segments) == {"carrier", "origin", "no"}


def test_of_several_candidates_the_user_chooses(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    columns = {
        "score_a": random.random(200),
        "score_b": random.random(200) * 9,
        "id": range(200),
        "uuid": range(200),
    }
    parquet.write_table(pa.table(columns | {"label": random.integers(0, 2, 200)}), tmp_path / "t.parquet")
    run(tmp_path / "t.parquet", "-o", tmp_path / "m.yml")
    lines = (tmp_path / "m.yml").read_text().splitlines()

    assert load(tmp_path / "m.yml").spec.prediction is None
    assert load(tmp_path / "m.yml").spec.label is None
    assert "# Predictions, by name: score_a, score_b" in lines
    assert "# prediction: {column: score_a, task: binary, range: [0, 1]}" in lines
    assert "# label: {column: label, key: id, matures_after: 1d}  # truth, a day later" in lines


def test_few_rows_without_a_name_of_a_key_make_no_key(tmp_path: Path) -> None:
    columns = {"seats": [1, 2, 3], "user_id": [7, 8, 9], "other_id": [7, None, 9], "x_id": [1.5, 2.5, 3.5]}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    run(tmp_path / "t.parquet", "-o", tmp_path / "m.yml")

    assert "# Keys (no value twice in the first 3 rows): user_id" in (tmp_path / "m.yml").read_text()
    assert set(load(tmp_path / "m.yml").spec.columns) == {"seats", "other_id", "x_id"}


def test_a_spec_that_is_there_is_overwritten_only_by_force(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.yml"
    out.write_text("mine")
    refused = run(table, "-o", out)

    assert (refused.exit_code, out.read_text()) == (2, "mine")
    assert "is there already; write to another file, or overwrite it with --force" in refused.stderr
    assert run(table, "-o", out, "--force").exit_code == 0
    assert load(out).spec.model == "m"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--project", "a b"], "--project: 'a b' is not a name"),
        (["--model", "ü"], "--model: 'ü' is not a name"),
    ],
)
def test_a_name_that_is_not_allowed_is_refused(
    table: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    done = run(table, "-o", tmp_path / "m.yml", *words)

    assert (done.exit_code, (tmp_path / "m.yml").exists()) == (2, False)
    assert says in done.stderr


def test_a_file_name_that_is_no_name_is_made_one(table: Path, tmp_path: Path) -> None:
    assert run(table, "-o", tmp_path / "my team!" / "arrival (new).yml").exit_code == 0

    spec = load(tmp_path / "my team!" / "arrival (new).yml").spec
    assert (spec.project, spec.model) == ("my-team", "arrival-new")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"x": pa.array([], pa.float64())}), tmp_path / "t.parquet")
    done = run(tmp_path / "t.parquet", "-o", tmp_path / "m.yml")

    assert done.exit_code == 2
    assert "t.parquet: no rows, so nothing is known of its columns" in done.stderr


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@settings(deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=5, unique=True))
def test_any_name_of_a_column_can_be_written(tmp_path_factory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("named")
    parquet.write_table(pa.table({name: [1.5, 2.5] for name in names}), folder / "t.parquet")
    done = run(folder / "t.parquet", "-o", folder / "m.yml")
    assert done.exit_code == 0, done.output
    spec = load(folder / "m.yml").spec
    left = [spec.prediction.column] if spec.prediction else []

    assert [*spec.columns, *left] == sorted(names, key=lambda name: (name in left, names.index(name)))
    assert yaml.safe_load((folder / "m.yml").read_text())["version"] == "wolfpack/v1"


@given(st.floats(-1e15, 1e15), st.floats(1e-3, 1e15))
def test_round_ranges_hold_what_was_seen_and_little_more(low: float, width: float) -> None:
    high = low + width
    if high > low:
        bottom, top = outward(low, high)

        assert bottom <= low < high <= top
        assert top - bottom <= 2 * (high - low) or math.isclose(low, high, rel_tol=1e-12)
