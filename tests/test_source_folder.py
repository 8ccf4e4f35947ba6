"""The folder source: each file is a part once it is whole, replaced when it changes, refused with the reason."""

from __future__ import annotations

import logging
import os
import time
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from conftest import FULL
from sqlalchemy import func, select
from tables import day, reference

from wolfpack.exporter import schema, sources_folder
from wolfpack.exporter.keys import key_hashes
from wolfpack.exporter.sources_paths import PathPattern, Told
from wolfpack.stats import Profile

REFERENCE = "/api/v1/projects/travel/models/arrival-delay/reference"
DATED = "path: FOLDER/day=%Y-%m-%d/*.parquet"


class Folder:
    """An exporter with one folder source, and its folder."""

    def __init__(self, make_exporter, folder: Path, keys: str = DATED) -> None:
        self.folder = folder
        spec = FULL + f"sources:\n  tables:\n    kind: folder\n    {keys.replace('FOLDER', str(folder))}\n"
        self.exporter = make_exporter(spec)
        self.exporter.at("2024-05-03T06:00:00-04:00")

    def put(self, name: str, table: pa.Table, age: float = 60.0) -> Path:
        """Write a table as a file that was last written so many seconds ago."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(table, path)
        return self.age(path, age)

    def age(self, path: Path, age: float = 60.0) -> Path:
        os.utime(path, (time.time() - age, time.time() - age))
        return path

    def read(self) -> None:
        """Let every source have a round."""
        for its in self.exporter.service.sources._running.values():
            its.next = 0.0
        self.exporter.service.sources.run()

    def parts(self, role: str = "input") -> dict[tuple[str, str, str], int]:
        """Return the rows of the parts that count, by version, local date and name."""
        c, zone = schema.parts.c, self.exporter.service.registry.all()[0].spec.zone
        newest = select(func.max(c.id)).where(c.role == role).group_by(c.version, c.start, c.part)
        with self.exporter.service.ledger.read() as connection:
            rows = connection.execute(
                select(c.version, c.start, c.part, c.data).where(c.id.in_(newest))
            ).all()
        return {
            (one.version, f"{datetime.fromtimestamp(one.start, zone):%m-%d}", one.part): Profile.from_bytes(
                one.data
            ).rows
            for one in rows
        }

    def own(self, name: str) -> float:
        return self.exporter.value(name, project="travel", model="arrival-delay", source="tables")

    def keys(self, table) -> list[str]:
        with self.exporter.service.ledger.read() as connection:
            return sorted(connection.execute(select(table.c.key)).scalars())


@pytest.fixture
def folder(make_exporter, tmp_path) -> Folder:
    (tmp_path / "data").mkdir()
    return Folder(make_exporter, tmp_path / "data")


def test_files_are_taken_once_as_they_appear(folder) -> None:
    folder.put("day=2024-05-01/a.parquet", day(61))
    folder.read()
    folder.put("day=2024-05-01/b.parquet", day(61, rows=50))
    folder.put("day=2024-05-02/a.parquet", day(62, rows=70))
    folder.read()
    folder.read()

    assert folder.parts() == {
        ("0", "05-01", "tables/day=2024-05-01/a.parquet"): 200,
        ("0", "05-01", "tables/day=2024-05-01/b.parquet"): 50,
        ("0", "05-02", "tables/day=2024-05-02/a.parquet"): 70,
    }
    assert folder.own("wolfpack_source_rows_total") == 320
    assert folder.own("wolfpack_source_lag_seconds") == 0


def test_a_table_serves_as_whatever_its_columns_are(folder) -> None:
    """Inputs, predictions that wait for labels, and labels; the gauges are those of a job that sends them."""
    folder.exporter.http.put(REFERENCE, data=reference(20).to_bytes())
    table = day(61)
    folder.put("day=2024-05-01/inputs.parquet", table.select(["delay", "carrier", "origin"]))
    folder.put("day=2024-05-01/scores.parquet", table.select(["id", "score", "origin"]))
    folder.put("day=2024-05-01/late.parquet", table.select(["id", "late"]))
    folder.read()
    folder.exporter.at("2024-05-03T07:00:00-04:00")
    value = folder.exporter.value

    assert value("ml_pane_rows", role="input") == value("ml_pane_rows", role="prediction") == 200
    assert value("ml_pane_mean", role="prediction", column="score") == pytest.approx(
        table["score"].to_numpy().mean()
    )
    assert value("ml_model_roc_auc") > 0.6
    assert value("ml_model_roc_auc", segment="origin", segment_value="JFK") > 0.6


def test_one_table_may_serve_as_all_of_them(folder) -> None:
    folder.put("day=2024-05-01/all.parquet", day(61))
    folder.read()

    assert sum(folder.parts("input").values()) == sum(folder.parts("prediction").values()) == 200
    assert len(folder.keys(schema.predictions)) == len(folder.keys(schema.labels)) == 200


def test_a_role_that_is_not_wanted_is_left_out(make_exporter, tmp_path) -> None:
    folder = Folder(make_exporter, tmp_path / "data", DATED + "\n    roles: [prediction]")
    folder.put("day=2024-05-01/all.parquet", day(61))
    folder.read()

    assert folder.parts("input") == {}
    assert len(folder.parts("prediction")) == 1
    assert folder.keys(schema.labels) == []


def test_labels_need_no_date(make_exporter, tmp_path) -> None:
    folder = Folder(make_exporter, tmp_path / "data", "path: FOLDER/*.csv\n    roles: [label]")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "late.csv").write_text("id,late\na,1\nb,0\nc,\n")
    folder.age(tmp_path / "data" / "late.csv")
    folder.read()

    assert sorted(folder.keys(schema.labels)) == sorted(key_hashes(["a", "b"]).tolist())


def test_rows_fall_into_the_panes_of_their_time_column(make_exporter, tmp_path) -> None:
    folder = Folder(make_exporter, tmp_path / "data", "path: FOLDER/*.parquet\n    time: time")
    table = pa.concat_tables([day(61), day(62, rows=50)])
    nulls = day(62, rows=5).set_column(1, "time", pa.nulls(5, table["time"].type))
    folder.put("a.parquet", pa.concat_tables([table, nulls]))
    folder.read()

    assert folder.parts() == {("0", "05-01", "tables/a.parquet"): 200, ("0", "05-02", "tables/a.parquet"): 50}
    assert folder.own("wolfpack_source_refused_total") == 5


def test_a_file_that_changes_replaces_all_that_came_of_it(make_exporter, tmp_path) -> None:
    """Also the pane that it has no rows of any more."""
    folder = Folder(make_exporter, tmp_path / "data", "path: FOLDER/*.parquet\n    time: time")
    folder.put("a.parquet", pa.concat_tables([day(61), day(62)]))
    folder.put("b.parquet", day(62, rows=11))
    folder.read()
    folder.put("a.parquet", day(61, rows=30), age=50)
    folder.read()
    folder.exporter.at("2024-05-03T07:00:00-04:00")

    assert folder.parts() == {
        ("0", "05-01", "tables/a.parquet"): 30,
        ("0", "05-02", "tables/a.parquet"): 0,
        ("0", "05-02", "tables/b.parquet"): 11,
    }
    assert folder.exporter.value("ml_pane_rows", role="input") == 11
    assert folder.exporter.value("ml_window_rows", role="input") == 41


def test_a_file_that_is_deleted_stays_taken(folder) -> None:
    path = folder.put("day=2024-05-01/a.parquet", day(61))
    folder.read()
    path.unlink()
    folder.read()

    assert sum(folder.parts().values()) == 200


def test_a_file_is_taken_when_it_has_rested(folder) -> None:
    path = folder.put("day=2024-05-01/a.parquet", day(61), age=sources_folder.SETTLED - 5)
    folder.read()
    folder.exporter.at("2024-05-03T06:10:00-04:00")
    folder.read()
    before, lag = folder.parts(), folder.own("wolfpack_source_lag_seconds")
    folder.age(path, sources_folder.SETTLED + 1)
    folder.read()

    assert (before, lag) == ({}, 600)
    assert sum(folder.parts().values()) == 200


def test_a_file_that_cannot_be_read_is_refused_until_it_changes(folder, caplog) -> None:
    path = folder.put("day=2024-05-01/a.parquet", day(61))
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    folder.age(path)
    folder.put("day=2024-05-01/b.parquet", day(61, rows=9))
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        folder.read()
        folder.read()
    before = folder.parts()
    path.write_bytes(whole)
    folder.age(path, 30)
    folder.read()

    assert list(before.values()) == [9]
    assert caplog.text.count("a.parquet: refused until it changes") == 1
    assert sorted(folder.parts().values()) == [9, 200]
    assert folder.own("wolfpack_source_refused_total") == 1
    assert folder.own("wolfpack_source_lag_seconds") == 0


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (pa.table({"other": [1]}).select([]), "none of its columns"),
        (pa.table({"id": ["a"], "late": [3.0]}), "label column 'late' holds 3.0; a binary label is 0, 1 or null"),
        (pa.table({"id": ["a", "b"], "late": [None, "x"]}), "holds values that are no numbers"),
    ],
    ids=["nothing", "label", "text"],
)
def test_a_table_that_cannot_be_taken_is_refused_with_the_reason(folder, caplog, table, reason) -> None:
    folder.put("day=2024-05-01/a.parquet", table)
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        folder.read()

    assert reason in caplog.text
    assert folder.keys(schema.labels) == []


def test_a_date_that_does_not_exist_is_refused(folder, caplog) -> None:
    folder.put("day=2024-02-31/a.parquet", day(61))
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        folder.read()

    assert "there is no such date" in caplog.text
    assert folder.parts() == {}


@pytest.mark.parametrize("date", ["2024-05-09", "2022-01-01"])
def test_rows_of_panes_that_are_not_taken_are_refused(folder, date) -> None:
    folder.put(f"day={date}/a.parquet", day(61, rows=7))
    folder.read()

    assert folder.parts() == {}
    assert folder.own("wolfpack_source_refused_total") == 7


def test_names_with_underscore_or_dot_are_passed_over(folder) -> None:
    """Where writers put what is not done."""
    for name in ("_temporary/a.parquet", ".a.parquet", "_SUCCESS"):
        folder.put(f"day=2024-05-01/{name}", day(61))
    folder.put("day=2024-05-01/a.txt", day(61))
    folder.read()

    assert folder.parts() == {}


def test_a_missing_folder_makes_the_source_lag_and_is_told(make_exporter, tmp_path, caplog) -> None:
    folder = Folder(make_exporter, tmp_path / "later")
    with caplog.at_level(logging.WARNING, "wolfpack.exporter"):
        folder.read()
    folder.exporter.at("2024-05-03T07:00:00-04:00")
    folder.read()
    behind = folder.own("wolfpack_source_lag_seconds")
    (tmp_path / "later").mkdir()
    folder.read()

    assert behind == 3600
    assert f"{tmp_path / 'later'}: there is no such folder" in caplog.text
    assert folder.own("wolfpack_source_lag_seconds") == 0


def test_the_version_may_stand_in_the_path_or_in_the_spec(make_exporter, tmp_path) -> None:
    path = "path: FOLDER/{version}/%Y/%m/%Y%m%d.parquet"
    one = Folder(make_exporter, tmp_path / "data", path)
    one.put("v2/2024/05/20240501.parquet", day(61))
    one.put("v3/2024/05/20240502.parquet", day(61))
    one.put("v3/2024/04/20240502.parquet", day(61))  # month 04 and 05 contradict each other
    one.read()

    assert {(version, date) for version, date, _ in one.parts()} == {("v2", "05-01"), ("v3", "05-02")}


def test_a_long_name_is_still_one_part(folder) -> None:
    folder.put(f"day=2024-05-01/{'x' * 200}.parquet", day(61))
    folder.put(f"day=2024-05-01/{'x' * 201}.parquet", day(61))
    folder.read()

    assert [len(name) <= 128 for _, _, name in folder.parts()] == [True, True]


def test_a_large_table_is_taken_whole(folder, monkeypatch) -> None:
    """Its keys are committed in several steps, its parts in one."""
    monkeypatch.setattr(sources_folder, "TOGETHER", 100)
    monkeypatch.setattr("wolfpack.client.formats.ROWS", 60)
    folder.put("day=2024-05-01/all.parquet", day(61))
    folder.read()

    assert list(folder.parts().values()) == [200]
    assert len(folder.keys(schema.predictions)) == len(folder.keys(schema.labels)) == 200


def test_a_restart_takes_nothing_again(folder, make_exporter, tmp_path) -> None:
    folder.put("day=2024-05-01/a.parquet", day(61))
    folder.read()
    folder.exporter.close()
    again = Folder(make_exporter, tmp_path / "data")
    again.read()

    assert again.own("wolfpack_source_rows_total") == 0
    assert sum(again.parts().values()) == 200


PATTERNS = [
    ("/d/%Y-%m-%d.csv", "/d/2024-05-01.csv", Told(datetime(2024, 5, 1), None)),
    ("/d/%Y%m%dT%H%M%S.csv", "/d/20240501T060102.csv", Told(datetime(2024, 5, 1, 6, 1, 2), None)),
    ("/d/**/day=%Y-%m-%d/*.parquet", "/d/a/b/day=2024-05-01/x.parquet", Told(datetime(2024, 5, 1), None)),
    ("/d/**/day=%Y-%m-%d/*.parquet", "/d/day=2024-05-01/x.parquet", Told(datetime(2024, 5, 1), None)),
    ("/d/*/%Y-%m-%d.csv", "/d/a/b/2024-05-01.csv", None),
    ("/d/%Y-%m-%d.csv", "/d/2024-13-01.csv", None),
    ("/d/%Y-%m-%d.csv", "/d/2024-5-01.csv", None),
    ("/d/100%%/{version}-%Y-%m-%d.csv", "/d/100%/a.b-2024-05-01.csv", Told(datetime(2024, 5, 1), "a.b")),
    ("/d/{version}/x.csv", "/d/ü/x.csv", None),
    ("/d/[ab]?.csv", "/d/bx.csv", Told(None, None)),
    ("/d/[!ab].csv", "/d/b.csv", None),
    ("/d/a+(b).csv", "/d/a+(b).csv", Told(None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "path", "expected"), PATTERNS)
def test_what_a_path_says(pattern, path, expected) -> None:
    assert PathPattern(pattern).told(Path(path)) == expected
