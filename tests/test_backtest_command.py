"""`wolfpack backtest`: what the rules of a spec would have told of a real exporter's past."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from past_exporter import END, SPEC
from test_cli import run

from wolfpack.rules.episode_counts import MONTH, counted
from wolfpack.rules.episodes import Episode


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "m.yml").write_text(SPEC)
    return tmp_path / "m.yml"


def looked(past_url: str, spec: Path, *options: str) -> dict[str, Any]:
    code, out, err = run("backtest", spec, "--url", past_url, "--to", END, "--format", "json", *options)
    assert err == ""
    (found,) = json.loads(out)
    assert code == (1 if found["episodes"] else 0)
    return found


@pytest.mark.parametrize(
    "engine", ["python", pytest.param("prometheus", marks=pytest.mark.needs("prometheus", "promtool"))]
)
def test_each_bad_day_is_an_episode_at_the_hour_after_it_came(past_url: str, spec: Path, engine: str) -> None:
    found = looked(past_url, spec, "--engine", engine)

    # A table comes at 6:05 in New York, 10:05 UTC; the evaluation at 11:00 sees it, the next one is held.
    hours = {one["labels"]["alertname"]: [] for one in found["episodes"]}
    for one in found["episodes"]:
        start, end = (np_time(one[name]) for name in ("start", "end"))
        hours[one["labels"]["alertname"]].append((one["labels"]["severity"], start, end))
    assert hours == {
        "ModelColumnMissing": [
            ("warning", "2024-05-04 12:00", "2024-05-05 10:00"),
            ("warning", "2024-05-08 12:00", "2024-05-09 10:00"),
            ("critical", "2024-05-13 12:00", "2024-05-14 10:00"),
            ("warning", "2024-05-13 12:00", "2024-05-14 10:00"),
        ],
        "ModelDataLate": [("critical", "2024-05-10 18:00", "2024-05-11 10:00")],
    }
    assert (found["engine"], found["step_seconds"]) == (engine, 3600)


def test_the_spec_that_is_judged_need_not_be_the_one_that_runs(past_url: str, spec: Path) -> None:
    spec.write_text(SPEC.replace("novel: {}", "novel: {}, missing: {warning: 0.08}"))

    found = looked(past_url, spec, "--engine", "python")

    assert [one["episodes"] for one in found["alerts"] if one["alert"] == "ModelColumnMissing"] == [2]


def test_a_quiet_span_is_fine_and_a_loud_one_is_counted_by_owner(past_url: str, spec: Path) -> None:
    span = ("--url", past_url, "--engine", "python", "--to", END)
    quiet = run("backtest", spec, *span, "--from", "2024-05-14T12:00")
    loud = run("backtest", spec, *span, "--severity", "critical", "--each")

    assert (quiet[0], quiet[1].splitlines()[-1]) == (0, "No alert would have fired.")
    assert loud[0] == 1
    lines = [" ".join(line.split()) for line in loud[1].splitlines()]
    assert "judged by the alert table in Python" in lines[0]
    assert "flights ModelColumnMissing critical 1 1.9 22h 22h" in lines
    assert "flights all 2 3.8" in lines
    assert '2024-05-13 12:00 22h ModelColumnMissing{severity="critical", project="travel", model="arrival-delay", ' \
        'column="delay", role="input"}' in lines  # fmt: skip


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ("", ("--from", "2024-05-20"), "there are not two evaluations"),
        ("", ("--to", "May"), "'May' is no date"),
        ("", ("--step", "0s"), "is no time at all"),
        ("project: travel", (), "elsewhere/arrival-delay: nothing was shown by then"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    past_url: str, spec: Path, change: str, options: tuple[str, ...], said: str
) -> None:
    if change:
        spec.write_text(SPEC.replace(change, "project: elsewhere"))

    code, out, err = run("backtest", spec, "--url", past_url, "--to", END, "--engine", "python", *options)

    assert (code, out, said in err) == (2, "", True), err


def test_without_prometheus_the_table_judges_and_says_so(
    past_url: str, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    code, out, _ = run("backtest", spec, "--url", past_url, "--to", END)

    assert code == 1
    assert "judged by the alert table in Python (prometheus and promtool not on the PATH)" in out


def test_counts_are_by_owner_alert_and_severity_the_worst_first() -> None:
    def episode(start: float, end: float, severity: str, owner: str = "a") -> Episode:
        return Episode(start, end, (("alertname", "A"), ("owner", owner), ("severity", severity)))

    found = counted(
        [
            episode(0, 4, "warning"),
            episode(0, 10, "warning"),
            episode(1, 2, "critical"),
            episode(5, 5, "info", "b"),
        ],
        2 * MONTH,
    )

    assert [
        (one.owner, one.severity, one.episodes, one.a_month, one.median, one.longest) for one in found
    ] == [
        ("a", "critical", 1, 0.5, 1, 1),
        ("a", "warning", 2, 1.0, 7, 10),
        ("b", "info", 1, 0.5, 0, 0),
    ]


def np_time(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
