"""Two versions beside each other: by the library, through the service, and as a gate on the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kubernetes_validate
import numpy as np
import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner
from conftest import THREE_LINES
from sending import ARROW, REFERENCE
from sklearn.metrics import brier_score_loss, cohen_kappa_score, roc_auc_score

from wolfpack.cli import servers
from wolfpack.cli.main import main
from wolfpack.client import Client
from wolfpack.client.job import to_arrow_bytes
from wolfpack.spec.measures import MEASURES
from wolfpack.stats import Judging, Profile, QualityCounts, compare_quality, profile

TEMPLATE = Path(__file__).parent.parent / "examples" / "jobs" / "argo-analysis-template.yml"
METRIC_KEYS = {
    "name", "interval", "initialDelay", "count", "successCondition", "failureCondition", "failureLimit",
    "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit", "provider",
}  # fmt: skip
"""Of a metric in Argo Rollouts' AnalysisTemplate."""
ROWS = 3000
SPEC = THREE_LINES + """\
prediction: {column: score, threshold: 0.4}
label: {column: late, key: id, matures_after: 1d}
segments: {origin: {}}
fairness: [origin]
quality: {roc_auc: {drop: 0.02}, brier: {}}
"""


def made(seed: int, blur: float = 0.0, rows: int = ROWS, shift: float = 0.0) -> pa.Table:
    """Return scores that are blurred by so much, with labels and keys that depend on neither blur nor shift."""
    random = np.random.default_rng(seed)
    odds = random.normal(-1, 1.5, rows)
    late = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)
    origin = random.choice(["JFK", "LGA", "EWR"], rows)
    score = 1 / (1 + np.exp(-(odds + shift + np.random.default_rng(seed + 1000).normal(0, 1, rows) * blur)))
    return pa.table({"id": [f"{seed}-{n}" for n in range(rows)], "score": score, "late": late, "origin": origin})


def reference() -> Profile:
    """Return the profile of training data; without one there are no bins on which distributions are compared."""
    return profile(made(0).select(["score", "origin"]), by=["origin"])


def send(one, table: pa.Table, version: str, at: str = "2024-05-01", labels: bool = True) -> None:
    rows = to_arrow_bytes(table.drop_columns(["late"]))
    answer = one.send("/api/v1/predictions", rows, ARROW, at=at, version=version, profile="1")
    assert answer.status_code == 200, answer.text
    if labels:
        assert one.send("/api/v1/labels", to_arrow_bytes(table.select(["id", "late"])), ARROW).status_code == 200


def compared(one, **query: str):
    named = {"project": "travel", "model": "arrival-delay", "old": "3", "new": "4"} | query
    return one.http.get("/api/v1/comparison", query_string=named)


@pytest.fixture
def released(make_exporter):
    one = make_exporter(SPEC)
    one.at("2024-05-01T06:00:00Z")
    assert one.http.put(REFERENCE, data=reference().to_bytes()).status_code == 200
    return one


# --- the arithmetic


def test_versions_as_good_as_each_other_are_told_worse_in_one_of_a_hundred_releases_at_most() -> None:
    told = 0
    for seed in range(0, 400, 2):
        old, new = (QualityCounts.of(Judging(), one["score"], one["late"], segments={"origin": one["origin"]})
                    for one in (made(seed, rows=600), made(seed + 1, rows=600)))  # fmt: skip
        told += any(one.worse() for one in compare_quality(old, new))

    assert told <= 7  # of 200; 2 are expected, more than 7 have a chance of 1 in 900


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_worse_is_the_side_that_the_measure_says(task: str) -> None:
    truth = np.random.default_rng(1).integers(0, 2, 500).astype(float)
    good = np.clip(truth * 0.8 + 0.1 + np.random.default_rng(2).normal(0, 0.05, 500), 0, 1)
    old, new = (QualityCounts.of(Judging(task), one, truth) for one in (good, 1 - good))
    worse = {one.measure for one in compare_quality(old, new) if one.worse()}
    sided = {one.measure for one in compare_quality(old, new) if MEASURES[one.measure].worse}

    assert worse == sided
    assert not [one for one in compare_quality(new, old) if one.worse()]


def test_a_handful_of_labels_is_not_compared() -> None:
    old, new = (QualityCounts.of(Judging(), table["score"], table["late"]) for table in (made(1), made(2, rows=29)))

    assert compare_quality(old, new) == []


def test_counts_made_otherwise_are_refused() -> None:
    table = made(1)
    old, new = (QualityCounts.of(Judging(threshold=t), table["score"], table["late"]) for t in (0.5, 0.6))

    with pytest.raises(ValueError, match=r"decided at 0\.5.*decided at 0\.6.*count both alike"):
        compare_quality(old, new)


# --- through the service


@pytest.mark.both_ledgers
def test_a_shadow_that_is_worse_is_caught_on_the_same_keys(released) -> None:
    told = {"version": "4", "stage": "shadow", "time": "2024-04-30T00:00:00Z"}
    query = {"project": "travel", "model": "arrival-delay"}
    assert released.http.post("/api/v1/deployments", json=told, query_string=query).status_code == 200
    good, bad = made(1), made(1, blur=2)
    send(released, good, "3")
    send(released, bad, "4")
    released.at("2024-05-02T06:00:00Z")
    found = compared(released).json
    old, new, truth = (one.to_numpy() for one in (good["score"], bad["score"], good["late"]))
    roc = next(one for one in found["quality"] if one["measure"] == "roc_auc" and not one["segment"])
    on_keys = {one["name"]: one["found"] for one in (*found["same_keys"]["agreement"], *found["same_keys"]["losses"])}
    squares = (new - truth) ** 2 - (old - truth) ** 2

    assert roc["difference"]["value"] == pytest.approx(roc_auc_score(truth, new) - roc_auc_score(truth, old), abs=1e-9)
    assert roc["worse"]
    assert {"quality"} <= {one["check"] for one in found["reasons"] if one["level"] == "critical"}
    assert (found["same_keys"]["rows"], found["same_keys"]["labelled"]) == (ROWS, ROWS)
    assert on_keys["agreement_ratio"]["value"] == pytest.approx(((new >= 0.4) == (old >= 0.4)).mean())
    assert on_keys["kappa"]["value"] == pytest.approx(cohen_kappa_score(old >= 0.4, new >= 0.4))
    assert on_keys["mean_difference"]["value"] == pytest.approx((new - old).mean())
    assert on_keys["brier"]["value"] == pytest.approx(brier_score_loss(truth, new) - brier_score_loss(truth, old))
    assert on_keys["brier"]["high"] - on_keys["brier"]["low"] == pytest.approx(
        2 * 1.959964 * squares.std(ddof=1) / np.sqrt(ROWS), rel=1e-5
    )
    assert found["traffic"] == {"old": ROWS, "new": ROWS, "new_ratio": 0.5}


def test_a_canary_that_predicts_otherwise_is_caught_before_any_label(released) -> None:
    send(released, made(1), "3", labels=False)
    send(released, made(2, shift=1.5, rows=1000), "4", labels=False)
    found = compared(released).json
    (score,) = (one for one in found["prediction"] if one["column"] == "score" and not one["segment"])

    assert found["quality"] == []
    assert score["drifted"]
    assert score["mean_difference"]["low"] > 0.1
    assert {one["segment_value"] for one in found["prediction"]} == {"", "JFK", "LGA", "EWR"}
    assert [(one["level"], one["check"]) for one in found["reasons"]] == [("warning", "drift")]
    assert found["traffic"]["new_ratio"] == 0.25
    assert found["same_keys"]["rows"] == 0


def test_a_version_that_is_unfair_where_the_old_one_was_not_is_caught(released) -> None:
    fair, table = made(1), made(2)
    jfk = np.array(table["origin"].to_pylist()) == "JFK"
    raised = np.where(jfk, np.minimum(table["score"].to_numpy() + 0.35, 1), table["score"].to_numpy())
    send(released, fair, "3")
    send(released, table.set_column(1, "score", pa.array(raised)), "4")
    released.at("2024-05-02T06:00:00Z")
    found = compared(released).json
    unfair = [one["text"] for one in found["reasons"] if one["check"] == "fairness"]

    assert any(text.startswith("demographic_parity_difference over 'origin'") for text in unfair)
    assert any(text.startswith("equalized_odds_difference over 'origin'") for text in unfair)


def test_what_cannot_be_compared_says_why(released) -> None:
    none = compared(released)
    send(released, made(1), "3")
    same, absent, late = compared(released, new="3"), compared(released), compared(released, at="2024-04-30")

    assert (none.status_code, none.json["title"]) == (404, "No predictions")
    assert (same.status_code, same.json["title"]) == (422, "One version")
    assert [one["text"] for one in absent.json["reasons"]] == ["version 4 has no predictions in the window"]
    assert len(late.json["reasons"]) == 2


# --- as a gate


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A real exporter with version 3, a worse version 4, and a version 5 as good as 3; yesterday's rows."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "specs").mkdir()
    (folder / "specs" / "m.yml").write_text(SPEC)
    with servers.exporter(folder, folder / "specs") as url:
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        Client(url, project="travel", model="arrival-delay").send_reference(reference())
        for version, table in (("3", made(1)), ("4", made(2, blur=2)), ("5", made(3))):
            client = Client(url, project="travel", model="arrival-delay", version=version)
            client.send_predictions(table.drop_columns(["late"]), at=yesterday, profile=True)
            client.send_labels(table.select(["id", "late"]))
            client.close()
        deadline = time.monotonic() + 60
        while not counted(url) and time.monotonic() < deadline:
            time.sleep(0.2)
        yield url


def counted(url: str) -> bool:
    """Tell whether the exporter, which counts after it has answered, has counted all labels."""
    found = json.loads(gate(url, "--versions", "3", "5", "--format", "json").output)
    return found["labelled"]["old"] == found["labelled"]["new"] == ROWS


def gate(url: str, *options: str):
    named = ["compare", "--project", "travel", "--model", "arrival-delay", "--url", url, *options]
    return CliRunner().invoke(main, named)


def test_a_worse_version_closes_the_gate_and_a_good_one_opens_it(served) -> None:
    worse = gate(served, "--versions", "3", "4", "--fail-on", "critical")
    good = gate(served, "--versions", "3", "5", "--fail-on", "warning", "--labelled", "1000")
    shown = gate(served, "--versions", "3", "4")

    assert worse.exit_code == 1, worse.output
    assert worse.output.startswith("# travel/arrival-delay: version 4 against 3\n\n**Not released:**\n\n- critical: ")
    assert "- critical: roc_auc is worse: " in worse.output
    assert good.exit_code == 0, good.output
    assert "**Nothing stands against it.**" in good.output
    assert "| all " in good.output
    assert shown.exit_code == 0


def test_too_few_labels_close_the_gate(served) -> None:
    found = gate(served, "--versions", "3", "5", "--fail-on", "critical", "--labelled", "5000", "--format", "json")

    assert found.exit_code == 1
    assert "version 5 has 3,000 predictions with a label, and --labelled wants 5,000" in found.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--versions", "3", "3"), "old and new are both '3'"),
        (("--versions", "3", "4", "--classifier"), "name no files and no option of files"),
        ((), "or two versions with --versions OLD NEW"),
        ((__file__, __file__, "--format", "markdown"), "is of --versions"),
    ],
)
def test_wrong_use_is_told_and_exits_with_2(served, options: tuple[str, ...], told: str) -> None:
    found = gate(served, *options)

    assert found.exit_code == 2
    assert told in found.output


def test_the_report_is_markdown(served) -> None:
    """Every table has cells of one number in each row; GitHub and GitLab show no table otherwise."""
    text = gate(served, "--versions", "3", "4").output
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]

    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Quality", "## Predictions", "## What moved them", "## Fairness",
    ]  # fmt: skip
    assert len(tables) == 4
    assert all(len({line.count("|") for line in table}) == 1 for table in tables)


# --- the analysis of a rollout


def test_the_analysis_template_runs_the_gate_as_a_job_of_kubernetes(served) -> None:
    """What Argo Rollouts would run is run: its arguments filled in, against the exporter of these tests."""
    template = yaml.safe_load(TEMPLATE.read_text())
    (metric,) = template["spec"]["metrics"]
    job = metric["provider"]["job"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    filled = {"stable-version": "3", "canary-version": "4"}
    arguments = [re.sub(r"{{args\.([a-z-]+)}}", lambda found: filled[found[1]], one) for one in container["args"]]
    done = subprocess.run(
        [sys.executable, "-m", "wolfpack.cli", *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "WOLFPACK_URL": served},
    )  # fmt: skip

    assert (template["apiVersion"], template["kind"]) == ("argoproj.io/v1alpha1", "AnalysisTemplate")
    assert {one["name"] for one in template["spec"]["args"]} == set(filled)
    assert set(metric) <= METRIC_KEYS
    kubernetes_validate.validate({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "gate"}, "spec": job},
                                 "1.33", strict=True)  # fmt: skip
    assert container["command"] == ["wolfpack"]
    assert done.returncode == 1, done.stderr
    assert "version 4 against 3" in done.stdout
