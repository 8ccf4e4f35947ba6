"""`wolfpack ledger backfill`: real stores hold the ledger's history at the times that it is of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from conftest import THREE_LINES
from sending import points
from tables import day, inputs

from wolfpack.cli import main
from wolfpack.exporter.remote_write import write_request
from wolfpack.rules.process import free_port, running
from wolfpack.rules.tsdb import prometheus_over
from wolfpack.stats import profile

ROWS = 'ml_window_rows{role="input",segment="",version=""}'
FINDING = {
    "project": "travel",
    "model": "arrival-delay",
    "role": "input",
    "metric": "ml_pane_rows",
    "detector": "d",
}
END = 1714708800
"""3 May 2024, 00:00 in New York: the end of the window of 2 May."""


@pytest.fixture
def filled(make_exporter):
    """An exporter on 3 May with the rows of two days, a finding, and a series that was withdrawn."""
    one = make_exporter(THREE_LINES + "timezone: America/New_York\n")
    for number in (1, 2):
        one.at(f"2024-05-0{number}T06:00:00-04:00")
        body = profile(inputs(day(61)) if number == 2 else inputs(day(60)), by=["origin"]).to_bytes()
        assert one.send("/api/v1/profiles", body, at=f"2024-05-0{number}", role="input").status_code == 200
    one.at("2024-05-03T06:00:00-04:00")
    for end in (END, END + 86400 * 30):  # the second is shown in place of the first
        body = {"anomalies": [{"labels": FINDING, "window_end": end, "score": 2.5, "ready": 1}]}
        one.send("/api/v1/anomalies", json.dumps(body).encode(), "application/json")
        one.at("2024-05-03T07:00:00-04:00")
    one.http.post(
        "/api/v1/anomalies",
        json={"anomalies": []},
        query_string={"project": "travel", "model": "arrival-delay"},
    )
    return one


def backfill(url: str, *options: str):
    return CliRunner().invoke(main, ["ledger", "backfill", "--ledger", url, *options])


def wanted(exporter, match: str = ROWS) -> list[tuple[float, float]]:
    return [(end, value) for end, value, _ in points(exporter, match, "event")]


@pytest.mark.needs("prometheus", "promtool")
def test_prometheus_reads_back_the_event_history(filled, ledger_url, tmp_path) -> None:
    text = tmp_path / "samples.om"
    done = backfill(
        ledger_url("exporter"), "-o", str(text), "--end", "2024-08-01", "--label", "history=event"
    )
    assert done.exit_code == 0, done.output
    lines = [line for line in text.read_text().splitlines() if line[0] != "#"]
    with prometheus_over(tmp_path, text) as server:
        query = {"query": 'ml_window_rows{role="input",segment="",history="event"}[30d]', "time": END + 86400}
        (found,) = requests.get(f"{server.url}/api/v1/query", query, timeout=30).json()["data"]["result"]
        query = {"match[]": '{history="event"}', "start": 0, "end": END + 86400 * 60}
        series = requests.get(f"{server.url}/api/v1/series", query, timeout=30).json()["data"]

    assert done.output == f"{len(lines)} samples: {text}\n"
    assert [(at, float(value)) for at, value in found["values"]] == wanted(filled) != []
    assert len(series) == len({line.split(" ")[0] for line in lines})


@pytest.fixture
def victoria(tmp_path: Path):
    url = f"http://127.0.0.1:{free_port()}"
    command = ["victoria-metrics", f"-storageDataPath={tmp_path / 'vm'}", "-retentionPeriod=100y",
               f"-httpListenAddr={url.removeprefix('http://')}"]  # fmt: skip
    with running(command, url, "/health", tmp_path / "vm.log"):
        yield url


def exported(url: str, match: str) -> list[dict[str, object]]:
    requests.get(f"{url}/internal/force_flush", timeout=30)
    answer = requests.get(
        f"{url}/api/v1/export", {"match[]": match, "start": "2020-01-01T00:00:00Z"}, timeout=30
    )
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.needs("victoria-metrics")
def test_victoriametrics_takes_the_event_history(filled, ledger_url, victoria) -> None:
    done = backfill(ledger_url("exporter"), "--to", f"{victoria}/api/v1/write", "--end", "2024-08-01")
    (rows,) = exported(victoria, 'ml_window_rows{role="input",segment=""}')
    (score,) = exported(victoria, "ml_anomaly_score")

    assert done.exit_code == 0, done.output
    assert [
        (at / 1000, value) for at, value in zip(rows["timestamps"], rows["values"], strict=True)
    ] == wanted(filled)
    assert score["metric"]["metric"] == "ml_pane_rows"
    assert score["timestamps"] == [END * 1000, (END + 86400 * 30) * 1000]


@pytest.mark.needs("victoria-metrics")
def test_what_was_shown_is_sampled_as_a_scrape_would_have(filled, ledger_url, victoria) -> None:
    """From the first time that it was shown, every step, and not after it was withdrawn."""
    span = ("--as", "exposed", "--start", "2024-05-02T00:00:00-04:00", "--end", "2024-05-04T00:00:00-04:00")
    done = backfill(ledger_url("exporter"), "--to", f"{victoria}/api/v1/write", *span, "--step", "1h")
    (rows,) = exported(victoria, 'ml_window_rows{role="input",segment=""}')
    shown = [(at, value) for _, value, at in points(filled, ROWS, "exposed")]
    steps = [END - 86400 + hour * 3600 for hour in range(49)]
    expected = [
        (at, [value for since, value in shown if since <= at][-1]) for at in steps if at >= shown[0][0]
    ]

    assert done.exit_code == 0, done.output
    assert [
        (at / 1000, value) for at, value in zip(rows["timestamps"], rows["values"], strict=True)
    ] == expected
    assert len({value for _, value in expected}) == 2


def test_a_request_is_what_its_definition_says() -> None:
    """WriteRequest{timeseries: [{labels: [{a, b}, {z, ü}], samples: [{1.5, 1000}, {stale, 300 ms}]}]}, by hand."""
    inner = b"\x0a\x06\x0a\x01a\x12\x01b" + b"\x0a\x07\x0a\x01z\x12\x02\xc3\xbc"
    inner += (
        b"\x12\x0c\x09\0\0\0\0\0\0\xf8\x3f\x10\xe8\x07" + b"\x12\x0c\x09\x02\0\0\0\0\0\xf0\x7f\x10\xac\x02"
    )

    assert (
        write_request([({"z": "ü", "a": "b"}, [(1.0, 1.5), (0.3, None)])])
        == b"\x0a" + bytes([len(inner)]) + inner
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "either -o FILE or --to URL"),
        (("-o", "x", "--to", "http://x"), "either -o FILE or --to URL"),
        (("-o", "x", "--as", "exposed"), "say from when on, with --start"),
        (("-o", "x", "--start", "May"), "write a date or time as 2024-05-01T06:00:00Z"),
        (("-o", "x", "--label", "__name__=x"), "write NAME=VALUE"),
    ],
)
def test_wrong_use_is_said(tmp_path, ledger, ledger_url, options: tuple[str, ...], said: str) -> None:
    done = backfill(ledger_url("exporter"), *options)

    assert done.exit_code == 2
    assert said in done.output


def test_a_store_that_does_not_take_it_is_said(filled, ledger_url) -> None:
    url = f"http://127.0.0.1:{free_port()}/api/v1/write"
    done = backfill(ledger_url("exporter"), "--to", url, "--retry-for", "0")

    assert done.exit_code == 2
    assert f"POST {url}: no answer" in done.output
