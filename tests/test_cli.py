"""The command: each part with good and bad input; 0 fine, 1 found something, 2 wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from conftest import FULL, THREE_LINES
from tables import day, inputs

from wolfpack.cli import main
from wolfpack.stats import Profile


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with two days as Parquet, one of them drifted, and a spec."""
    first, second = inputs(day(1, rows=2000)), inputs(day(2, rows=500))
    pa.parquet.write_table(first, tmp_path / "train.parquet")
    pa.parquet.write_table(second, tmp_path / "same.parquet")
    moved = second.set_column(0, "delay", pa.array(second["delay"].to_numpy() + 20))
    pa.csv.write_csv(moved, tmp_path / "moved.csv")
    (tmp_path / "spec.yml").write_text(FULL)
    return tmp_path


def test_check_says_what_is_fine_and_what_is_not(files) -> None:
    good = run("check", files / "spec.yml")
    (files / "spec.yml").write_text(THREE_LINES + "grase: 1h\n")
    bad = run("check", files / "spec.yml")

    assert (good[0], "travel/arrival-delay is fine" in good[1]) == (0, True)
    assert (bad[0], "spec.yml:4: grase: unknown key" in bad[1]) == (1, True)


def test_check_show_names_the_source_of_each_value(files) -> None:
    (files / "_defaults.yml").write_text("grace: 2h\n")
    _, out, _ = run("check", "--show", files)

    assert f'grace: "2h"  # {files / "_defaults.yml"}:1' in out
    assert f'owner: "flights"  # {files / "spec.yml"}:4' in out
    assert 'window: "7d"  # default' in out


def test_check_warns_of_nothing_for_every_key_is_acted_on(files) -> None:
    (files / "spec.yml").write_text(
        THREE_LINES + "detect:\n  - {metric: ml_pane_rows, method: trend}\nlive: {}\n"
    )
    code, _, err = run("check", files / "spec.yml")

    assert (code, err) == (0, "")


def test_schema_is_json() -> None:
    assert json.loads(run("schema")[1])["title"] == "Spec"


def test_rules_and_dashboards_write_as_a_whole(files) -> None:
    for command in ("rules", "dashboards"):
        first = run(command, files / "spec.yml", "-o", files / command)
        written = {file: file.read_text() for file in (files / command).rglob("*") if file.is_file()}
        again = run(command, files / "spec.yml", "-o", files / command)

        assert (first[0], again[0]) == (0, 0)
        assert written
        assert written == {f: f.read_text() for f in (files / command).rglob("*") if f.is_file()}


def test_a_file_of_the_users_is_not_overwritten(files) -> None:
    mine = files / "out" / "alertmanager.yml"
    mine.parent.mkdir()
    mine.write_text("route: {}\n")
    code, _, err = run("rules", files / "spec.yml", "-o", files / "out")

    assert code == 2
    assert "alertmanager.yml was not generated" in err
    assert mine.read_text() == "route: {}\n"
    assert not (files / "out" / "rules").exists()


def test_profile_and_compare_as_a_gate(files) -> None:
    made = run("profile", files / "train.parquet", "-o", files / "ref", "--by", "origin")
    plan = run("profile", files / "same.parquet", "-o", files / "now", "--plan", files / "ref")
    same = run("compare", files / "ref", files / "now", "--fail-on", "warning")
    moved = run("compare", files / "ref", files / "moved.csv", "--fail-on", "critical")
    told = run("compare", files / "ref", files / "moved.csv", "--format", "json")

    assert (made[0], plan[0]) == (0, 0)
    assert Profile.from_bytes((files / "ref").read_bytes()).rows == 2000
    assert (same[0], moved[0], told[0]) == (0, 1, 0)
    assert json.dumps(json.loads(told[1]))
    assert "delay" in moved[1]


def test_a_first_reference_has_the_kinds_ranges_segments_and_panes_of_its_spec(files) -> None:
    spec = files / "planned.yml"
    spec.write_text(
        "version: wolfpack/v1\nproject: travel\nmodel: planned\ntimezone: America/New_York\n"
        "columns: {delay: {range: [0, 60]}, n: {type: categorical}}\nsegments: {origin: {values: [JFK]}}\n"
    )
    rows = {"day": ["2024-05-01", "2024-05-02"], "delay": [-1.0, 5.0], "n": [1, 2], "origin": ["JFK", "EWR"]}
    pa.csv.write_csv(pa.table(rows), files / "planned.csv")
    code, _, err = run("profile", files / "planned.csv", "-o", files / "first", "--plan", spec, "--time", "day")
    found = Profile.from_bytes((files / "first").read_bytes())

    assert code == 0, err
    assert (found["n"].kind, found["delay"].out_of_range) == ("categorical", 1)
    assert found.plan.segments == {"origin": ("JFK",)}
    assert len(found.panes) == 2
    assert next(iter(found.panes)) == 1714536000  # midnight in New York


def test_rows_that_a_classifier_tells_apart_close_the_gate(files) -> None:
    """x and y turned round: each column is as before."""
    x, noise = np.random.default_rng(5).normal(size=(2, 600))
    for name, sign in (("together", 1), ("apart", -1)):
        pa.parquet.write_table(pa.table({"x": x, "y": sign * x + noise / 5}), files / f"{name}.parquet")
    sides = files / "together.parquet", files / "apart.parquet"
    plain = run("compare", *sides, "--fail-on", "warning")
    told = run("compare", *sides, "--classifier", "--fail-on", "warning")
    read = json.loads(run("compare", *sides, "--classifier", "--format", "json")[1])["separation"]

    assert (plain[0], told[0]) == (0, 1)
    assert "rows can be told apart: ROC AUC of a classifier 0.9" in told[1]
    assert read["drifted"]
    assert set(read["importances"]) == {"x", "y"}


def test_a_gate_does_not_open_for_what_it_cannot_compare(files) -> None:
    """A column that is gone, other columns, no rows: none of them is fine."""
    train = pa.parquet.read_table(files / "train.parquet")
    cases = {
        "gone": (train.drop_columns(["delay"]), "`delay` is not in the current table"),
        "other": (train.rename_columns(["a", "b", "c"]), "nothing could be compared"),
        "empty": (train.slice(0, 0), "nothing could be compared"),
    }
    for name, (table, says) in cases.items():
        pa.parquet.write_table(table, files / f"{name}.parquet")
        code, _, err = run(
            "compare", files / "train.parquet", files / f"{name}.parquet", "--fail-on", "critical"
        )
        assert (code, says in err) == (1, True), (name, err)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["profile", "spec.yml", "-o", "x"], "ending '.yml' is not known"),
        (["compare", "spec.yml", "spec.yml"], "send what to_bytes returns"),
        (["compare", "train.parquet", "broken.parquet"], "cannot be read"),
        (["compare", "ref", "train.parquet", "--classifier"], "a profile holds no rows; name two tables"),
        (["send", "profile", "ref", "--project", "p", "--model", "m"], "--at"),
        (
            ["send", "labels", "moved.csv", "--project", "p", "--model", "m", "--url", "http://127.0.0.1:9"],
            "no answer",
        ),
        (["detect", "--spec", "spec.yml", "--source", "graphite=http://x"], "exporter=URL"),
        (["detect", "--spec", "spec.yml", "--source", "prometheus=http://x"], "--exporter URL"),
        (["detect", "--spec", "spec.yml", "--source", "exporter=http://x", "--wait"], "belong to --once"),
        (["serve", "--spec", "spec.yml", "--ledger", "sqlite:////nonexistent/l.db"], "cannot be opened"),
        (["serve", "--spec", "spec.yml", "--ledger", "foo"], "allowed are sqlite:///PATH"),
        (["serve", "--spec", "spec.yml", "--ledger", "mysql://h/d"], "mysql is not supported"),
        (
            ["serve", "--spec", "spec.yml", "--ledger", "sqlite://", "--tokens", "ref"],
            "must be a list of tokens",
        ),
        (["profile", "train.parquet", "-o", "nodir/x"], "nodir/x"),
        (["profile", "train.parquet", "-o", "x", "--time", "delay"], "give both"),
        (["rules", "empty", "-o", "x"], "no spec is here"),
        (["serve", "--spec", "empty", "--ledger", "sqlite://"], "no spec is here"),
    ],
)
def test_wrong_use_exits_2_and_says_what_to_do(files, arguments, says) -> None:
    (files / "empty").mkdir()
    (files / "broken.parquet").write_bytes(b"PAR1 but no more")
    (files / "ref").write_bytes(b"x")
    there = [files / one if (files / one).exists() else one for one in arguments]
    code, out, err = run(*there)

    assert code == 2, out + err
    assert says in err


def test_a_token_is_shown_once_and_kept_as_a_hash() -> None:
    import hashlib

    import yaml

    code, out, err = run("token", "new", "jobs", "--project", "travel", "--scope", "write")
    entry = yaml.safe_load(out)[0]
    secret = err.split()[-1]

    assert code == 0
    assert entry["sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert (entry["projects"], entry["scopes"]) == (["travel"], ["write"])
    assert secret not in out


def test_every_command_has_help() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        assert run(name, "--help")[0] == 0
