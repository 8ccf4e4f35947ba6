"""The benchmark of the rules runs from end to end and prints every row that it owes; nothing here depends on a time."""

from __future__ import annotations

import re

import click
import pytest
from test_benchmarks import run

from benchmarks.rules import QUICK, evaluated
from wolfpack.cli import servers


@pytest.mark.needs("prometheus")
def test_every_number_of_rules_is_printed() -> None:
    rows, said = run("rules")

    assert [row["at most"] for row in rows] == ["3 s", "stated", "1/8", "stated", "20 s"]
    assert re.match(r"\d+ rules of 2 models over \d+ series", rows[0]["what"])
    assert float(rows[0]["measured"].split(" ")[0]) > 0
    assert "Prometheus 2." in said


@pytest.mark.needs("prometheus")
def test_no_number_is_taken_where_scrapes_fail(tmp_path) -> None:
    """A target that is not there: Prometheus evaluates rules over nothing, which takes no time."""
    port = servers.free_port()
    with pytest.raises(click.ClickException, match=r"share of scrapes that succeeded': 0\.0"):
        evaluated(tmp_path / "prometheus", port, str(tmp_path / "none*.yml"), QUICK)
