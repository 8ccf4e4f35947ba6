"""What a naive rule gets wrong: failed scrapes, renamed pods, a late next pane, a reload."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_rules_examples import SHORT, loaded, run

from wolfpack.rules import generate, write
from wolfpack.spec import names

LABELS = 'project="shop", model="churn", role="input"'
COLUMN = f'{LABELS}, column="age", baseline="reference"'
PSI, NOISE = f"{names.COLUMN_PSI}{{{COLUMN}}}", f"{names.COLUMN_PSI_NOISE}{{{COLUMN}}}"
DRIFTED = {
    "severity": "info", "owner": "shop", "check": "drift", "project": "shop", "model": "churn",
    "role": "input", "column": "age", "baseline": "reference",
}  # fmt: skip

pytestmark = pytest.mark.needs("promtool")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return generated(tmp_path)


def generated(folder: Path, more: str = "") -> Path:
    write(generate(loaded(folder / "specs", SHORT + more)), folder / "out")
    return folder / "out"


def counts(
    out: Path, series: dict[str, str], expected: Iterable[tuple[str, str, int]], interval: str = "1m"
) -> str:
    """Return what promtool says of the numbers of firing alerts (time, name, number); "" if all are right."""
    checks = []
    for time, name, count in expected:
        expr = f'count(ALERTS{{alertname="{name}", alertstate="firing"}})'
        checks.append({"expr": expr, "eval_time": time, "exp_samples": [{"value": count}] if count else []})
    return promtool(out, series, interval, promql_expr_test=checks)


def promtool(out: Path, series: dict[str, str], interval: str, **checks: Any) -> str:
    given = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": interval, "input_series": given, **checks}
    file = out / "tests" / "own_test.yml"
    rules = {"rule_files": ["../rules/shop--churn.yml", "../rules/wolfpack.yml"], "evaluation_interval": "1m"}
    file.write_text(yaml.safe_dump(rules | {"tests": [test]}))
    code, said = run(["promtool", "test", "rules", file])
    return said if code else ""


def test_failed_scrapes_resolve_nothing(out: Path) -> None:
    """Four scrapes fail, each marked stale; a plain `x > 0.1` would resolve at the first."""
    series = {PSI: "0.5x10 stale _x3 0.5x10", NOISE: "0.05x10 stale _x3 0.05x10"}

    wrong = counts(out, series, [(f"{i}m", "ModelColumnDrift", 1) for i in range(3, 22)])

    assert wrong == ""


def test_a_renamed_pod_is_one_alert_without_the_pods_name(out: Path) -> None:
    def pod(series: str, name: str) -> str:
        return series.replace("}", f', instance="{name}", pod="{name}"}}')

    series = {
        pod(PSI, "a"): "0.5x10 stale", pod(NOISE, "a"): "0.05x10 stale",
        pod(PSI, "b"): "_x11 0.5x20", pod(NOISE, "b"): "_x11 0.05x20",
    }  # fmt: skip
    drifted = DRIFTED | {"alertname": "ModelColumnDrift", "alertstate": "firing"}
    labels = "{" + ", ".join(f'{name}="{value}"' for name, value in drifted.items()) + "}"
    expr = 'ALERTS{check="drift"} + 0'  # without the metric's name
    checks = [
        {"expr": expr, "eval_time": f"{i}m", "exp_samples": [{"labels": labels, "value": 1}]}
        for i in (3, 10, 11, 12, 20)
    ]

    assert promtool(out, series, "1m", promql_expr_test=checks) == ""


def test_one_bad_window_fires_at_once_and_not_because_the_next_pane_is_late(tmp_path: Path) -> None:
    """An hourly gauge stands for 100 minutes as the next pane is late; `for: 1h` would fire for it."""
    out = generated(tmp_path, "every: 1h\nwindow: 7h\n")
    series = {PSI: "0.01x59 0.5x99 0.01x400", NOISE: "0.05x600"}
    name, kept = "ModelColumnDrift", 60 + 100 + 90  # minutes; drift is kept for a pane and a half

    wrong = counts(
        out, series,
        [("61m", name, 0), ("62m", name, 1), ("159m", name, 1),
         (f"{kept - 1}m", name, 1), (f"{kept}m", name, 0)],
    )  # fmt: skip

    assert wrong == ""


def test_a_pane_within_its_grace_is_not_late_and_one_after_is_until_it_comes(out: Path) -> None:
    due = f"{names.WINDOW_DUE}{{{LABELS}}}"

    in_time = counts(
        out, {due: "3600x40 90000x100"}, [(f"{i}m", "ModelDataLate", 0) for i in range(0, 140, 3)]
    )
    late = counts(
        out,
        {due: "3600x100 90000x100"},
        [("62m", "ModelDataLate", 0), ("63m", "ModelDataLate", 1), ("100m", "ModelDataLate", 1),
         ("101m", "ModelDataLate", 0)],
    )  # fmt: skip

    assert in_time == late == ""


def test_a_reload_with_new_rules_does_not_call_them_outdated(out: Path, tmp_path: Path) -> None:
    """The hash from before the reload is still seen for the lookback of 15 minutes."""
    own = loaded(tmp_path / "specs", SHORT)[0].spec.hash
    info = f'{names.MODEL_INFO}{{project="shop", model="churn", spec_hash="HASH"}}'
    reloaded = {info.replace("HASH", "old"): "1x5 stale", info.replace("HASH", own): "_x6 1x60"}
    outdated = {info.replace("HASH", "new"): "1x60"}

    assert counts(out, reloaded, [(f"{i}m", "ModelRulesOutdated", 0) for i in range(60)]) == ""
    assert counts(out, outdated, [("16m", "ModelRulesOutdated", 0), ("17m", "ModelRulesOutdated", 1)]) == ""


def test_the_exporter_is_down_when_no_target_answers(out: Path) -> None:
    one_of_two = {
        'up{job="wolfpack", instance="a"}': "0x30",
        'up{job="wolfpack", instance="b"}': "1x9 0 1x19",
    }
    none = {'up{job="wolfpack", instance="a"}': "1x10 0x20"}
    gone = {'up{job="other", instance="a"}': "1x30"}

    def down(series: dict[str, str], times: Iterable[int], count: int) -> str:
        return counts(out, series, [(f"{i}m", "WolfpackExporterDown", count) for i in times])

    assert down(one_of_two, range(30), 0) == ""
    assert down(none, range(12), 0) == down(none, range(13, 30), 1) == ""
    assert down(gone, range(2), 0) == down(gone, range(2, 30), 1) == ""


def test_a_failed_reload_and_failing_computations_are_told(out: Path) -> None:
    series = {
        names.RELOAD_SUCCESSFUL.name: "1x5 0x20",
        f'{names.COMPUTE_FAILURES}{{project="shop"}}': "0x5 1x40",
    }

    wrong = counts(
        out, series,
        [("7m", "WolfpackReloadFailed", 0), ("8m", "WolfpackReloadFailed", 1),
         ("7m", "WolfpackComputeFailing", 0), ("8m", "WolfpackComputeFailing", 1),
         ("40m", "WolfpackComputeFailing", 0)],
    )  # fmt: skip

    assert wrong == ""
