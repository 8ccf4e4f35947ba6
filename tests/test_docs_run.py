"""The pages: the Python that they show runs, and prints what is shown."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from tables import day
from test_docs import ROOT, blocks, text

from wolfpack.cli import servers
from wolfpack.cli.flights_replay import set_clock
from wolfpack.client import HttpTransport
from wolfpack.spec import names
from wolfpack.spec.measures import MEASURES

RUN = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)


@pytest.mark.parametrize("name", ["profiles.md", "statistics.md", "quality.md", "detectors.md"])
def test_python_that_is_shown_prints_what_is_shown(name: str) -> None:
    for code, printed in RUN.findall(text(name)):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, name, "exec"), {})

        assert out.getvalue() == printed


@pytest.fixture
def real(tmp_path) -> Iterator[str]:
    """A real exporter on the morning of 2 May 2013 with the README's model; a job's files in the working folder."""
    specs = tmp_path / "specs"
    specs.mkdir()
    zone = 'timezone: America/New_York\nsegments: {origin: {}}\nschedule: "0 6 * * *"\n'
    zone += "quality: {roc_auc: {drop: 0.1}}\n"
    readme = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]
    (specs / "m.yml").write_text(readme + zone)
    write_tables(tmp_path)
    before = Path.cwd()
    os.chdir(tmp_path)
    with servers.exporter(tmp_path, specs, "--replay") as url:
        set_clock(url, datetime.fromisoformat("2013-05-02T06:05:00-04:00"))
        yield url
    os.chdir(before)


def write_tables(folder: Path) -> None:
    def moved(number: int) -> pa.Table:
        table = day(number).rename_columns(
            ["flight_id", "departure", "delay", "carrier", "origin", "score", "late"]
        )
        at = np.datetime64("2013-03-01T12:00:00") + np.timedelta64(number, "D")
        return table.set_column(1, "departure", pa.array(np.repeat(at, table.num_rows)))

    pa.parquet.write_table(
        pa.concat_tables([moved(number) for number in range(60)]), folder / "train.parquet"
    )
    pa.parquet.write_table(moved(61), folder / "2013-05-01.parquet")
    labels = moved(61).select(["flight_id", "late"])
    pa.parquet.write_table(labels, folder / "2013-04-30-labels.parquet")


def test_the_jobs_that_are_shown_run(real) -> None:
    """The reference is registered, and the day's inputs, predictions and quality are on the page."""
    for code in blocks("client.md", "python"):
        assert "http://exporter:9906" in code
        exec(compile(code.replace("http://exporter:9906", real), "client.md", "exec"), {})
    set_clock(real, datetime.fromisoformat("2013-05-02T06:10:00-04:00"))  # which waits for what was sent
    transport, baseline = HttpTransport(real), MEASURES["roc_auc"].baseline
    shown = {
        family.name: transport.get("/api/v1/series", {"match": family.name, "as": "exposed"})["series"]
        for family in (names.COLUMN_PSI, names.ROC_AUC, baseline)
    }
    transport.close()

    assert {one["labels"]["role"] for one in shown[names.COLUMN_PSI.name]} == {"input", "prediction"}
    assert shown[names.ROC_AUC.name]
    assert shown[baseline.name]
