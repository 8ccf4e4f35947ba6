"""`wolfpack tune`: thresholds for an alert budget, by a real exporter's past, as a diff that the tools take."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from past_exporter import END, SPEC
from test_cli import run

from wolfpack.rules.episodes import Episode
from wolfpack.rules.tuning import Want, tune
from wolfpack.spec import Spec, load

BUDGET = ("--alerts-per-month", "6")  # of 16 days, so 3 episodes; there are 5


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "m.yml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "specs" / "m.yml"


def tuned(url: str, spec: Path, *options: str) -> dict[str, Any]:
    code, out, err = run(
        "tune", spec, "--url", url, "--to", END, "--engine", "python", "--format", "json", *options
    )
    assert err == ""
    found: dict[str, Any] = json.loads(out)
    assert code == (1 if found["diff"] else 0)
    return found


def thresholds(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["key"]: (one["now"], one["tuned"]) for one in found["thresholds"]}


@pytest.mark.parametrize("tool", [["git", "apply", "-"], ["patch", "-p1", "-s"]], ids=["git", "patch"])
def test_the_diff_is_taken_and_keeps_to_the_budget(past_url: str, spec: Path, tool: list[str]) -> None:
    found = tuned(past_url, spec, *BUDGET)
    untouched = spec.read_text()
    subprocess.run(tool, input=found["diff"], text=True, check=True, cwd=spec.parents[1])
    _, out, _ = run(
        "backtest", spec, "--url", past_url, "--to", END, "--engine", "python", "--format", "json"
    )

    assert untouched == SPEC
    assert thresholds(found) == {"drift.missing.warning": ("0.05", "0.1")}
    assert "drift: {novel: {}, missing: {warning: 0.1, critical: 0.2}}" in spec.read_text()
    (owner,) = found["owners"]
    assert (owner["owner"], owner["wanted"]) == ("flights", 6.0)
    (past,) = json.loads(out)
    assert len(past["episodes"]) == 3
    assert owner["tuned"] == pytest.approx(sum(one["a_month"] for one in past["alerts"]))
    assert {one["labels"]["alertname"] for one in found["lost"]} == {"ModelColumnMissing"}
    assert (len(found["lost"]), found["gained"]) == (2, [])


def test_what_is_named_is_still_caught_whatever_the_budget(past_url: str, spec: Path) -> None:
    named = ("--incident", "travel/arrival-delay", "2024-05-08", "2024-05-09")

    without = tuned(past_url, spec, "--alerts-per-month", "2")
    with_it = tuned(past_url, spec, "--alerts-per-month", "2", *named)

    assert with_it["incidents"] == [
        {"title": "travel/arrival-delay 2024-05-08 to 2024-05-09", "now": ["ModelColumnMissing"],
         "tuned": ["ModelColumnMissing"]}
    ]  # fmt: skip
    assert "2024-05-08" not in {day(one) for one in with_it["lost"]}
    assert "2024-05-08" in {day(one) for one in without["lost"]}


def test_a_threshold_is_lowered_for_what_was_not_caught(past_url: str, spec: Path) -> None:
    spec.write_text(SPEC.replace("novel: {}", "missing: {warning: 0.15}, novel: {}"))
    file = spec.parents[1] / "incidents.yml"
    file.write_text(
        "- {title: a bad feed, model: travel/arrival-delay, from: 2024-05-08, to: 2024-05-08, "
        "alerts: [ModelColumnMissing]}"
    )

    found = tuned(past_url, spec, "--alerts-per-month", "60", "--incidents", str(file))

    assert thresholds(found) == {"drift.missing.warning": ("0.15", "0.08")}
    assert found["incidents"] == [{"title": "a bad feed", "now": [], "tuned": ["ModelColumnMissing"]}]
    assert [(day(one), one["labels"]["alertname"]) for one in found["gained"]] == [
        ("2024-05-08", "ModelColumnMissing")
    ]


@pytest.fixture
def said(past_url: str) -> Iterator[Any]:
    """A function that posts feedback on what began on a day; what it said is said the other way at the end."""

    def say(verdict: str, begun: str) -> None:
        body = {"project": "travel", "model": "arrival-delay", "labels": {"alertname": "ModelColumnMissing"},
                "start": f"{begun}T12:00Z", "end": f"{begun}T13:00Z", "verdict": verdict}  # fmt: skip
        requests.post(f"{past_url}/api/v1/feedback", json=body, timeout=9).raise_for_status()
        told.append(begun)

    told: list[str] = []
    yield say
    for begun in [*told]:  # of a time without an episode it says nothing
        say("wrong", begun)


def test_what_people_called_right_stays_and_what_they_called_wrong_goes_first(past_url, spec, said) -> None:
    said("right", "2024-05-04")
    kept = tuned(past_url, spec, "--alerts-per-month", "1")
    said("wrong", "2024-05-04")
    said("wrong", "2024-05-08")
    called_wrong = tuned(past_url, spec, *BUDGET)

    assert "2024-05-04" not in {day(one) for one in kept["lost"]}
    assert {day(one) for one in called_wrong["lost"]} == {"2024-05-04", "2024-05-08"}
    assert kept["always_wrong"] == called_wrong["always_wrong"] == []


def test_what_never_fired_and_what_nothing_reads_is_listed(past_url: str, spec: Path) -> None:
    found = tuned(past_url, spec, "--alerts-per-month", "60")

    never = {tuple(one[2:]) for one in found["never_fired"]}
    assert ("ModelRowsDropped", "warning") in never
    assert not {("ModelColumnMissing", "critical"), ("ModelDataLate", "critical")} & never
    assert found["diff"] == ""
    assert "ml_window_received_timestamp_seconds" in found["unread"]
    assert "ml_column_missing_ratio" not in found["unread"]


def test_the_text_says_what_is_lost_and_the_diff_goes_to_its_file(past_url: str, spec: Path) -> None:
    code, out, _ = run(
        "tune",
        spec,
        "--url",
        past_url,
        "--to",
        END,
        "--engine",
        "python",
        *BUDGET,
        "-o",
        spec.parents[1] / "my.diff",
    )

    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 1
    assert "travel/arrival-delay drift.missing.warning 0.05 0.1" in lines
    assert "flights ModelColumnMissing warning 3 1" in lines
    assert any(line.startswith("2024-05-04 12:00 22h ModelColumnMissing{") for line in lines)
    assert (spec.parents[1] / "my.diff").read_text().startswith("--- a/specs/m.yml\n+++ b/specs/m.yml\n")
    assert "+++" not in out


def test_a_budget_that_cannot_be_kept_to_is_told(past_url: str, spec: Path) -> None:
    code, out, _ = run(
        "tune", spec, "--url", past_url, "--to", END, "--engine", "python", "--alerts-per-month", "0"
    )

    assert code == 1
    assert "flights: this cannot be kept to" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--alerts-per-month", "many"], "'many': write NUMBER or OWNER=NUMBER"),
        (["--alerts-per-month", "-1"], "'-1': write NUMBER"),
        (["--alerts-per-month", "shop=1"], "no number for flights"),
        (["--alerts-per-month", "1", "--alerts-per-month", "shop=1"], "shop owns none of these models"),
        ([*BUDGET, "--incident", "travel/churn", "2024-05-01", "2024-05-02"], "'travel/churn' has no spec here"),
        ([*BUDGET, "--incident", "travel/arrival-delay", "2024-05-02", "2024-05-01"], "lies before from"),
        ([*BUDGET, "--incidents", "bad.yml"], "bad.yml:2: to: Field required"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(past_url: str, spec: Path, options: list[str], said: str) -> None:
    (spec.parents[1] / "bad.yml").write_text(
        "- {model: travel/arrival-delay, from: 2024-05-01, to: 2024-05-02}\n"
        "- {model: travel/arrival-delay, from: 2024-05-01}\n"
    )

    code, out, err = run("tune", spec, "--url", past_url, "--to", END, "--engine", "python", *options)

    assert (code, out, said in err) == (2, "", True), err


def test_thresholds_that_cost_nothing_go_back(tmp_path: Path) -> None:
    """Where one threshold alone keeps to the budget, no other stays turned, and it is turned no further than that."""
    (tmp_path / "m.yml").write_text("version: wolfpack/v1\nproject: a\nmodel: b\n")
    spec = load(tmp_path / "m.yml").spec

    def what_if(one: Spec) -> list[Episode]:
        psi, novel = one.drift.psi.warning or 9, one.drift.novel.warning or 9
        names = [f"psi {n}" for n in range(5) if psi < 0.11 + n / 100] + ["novel"] * (novel < 0.006)
        return [Episode(0.0, 1.0, (("alertname", name),)) for name in names]

    found = tune([spec], what_if, 1)
    must = tune([spec], what_if, 0, [Want("it", ("a", "b"), lambda found: len(found) > 2)])

    assert [(turn.knob.dotted, turn.value) for turn in found.turns] == [("drift.psi.warning", 0.15)]
    assert [one.labels["alertname"] for one in found.has] == ["novel"]
    assert (len(must.has), must.missed) == (3, ())


def day(one: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(one["start"], UTC).strftime("%Y-%m-%d")
