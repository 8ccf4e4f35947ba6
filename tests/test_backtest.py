"""Backtests: both engines tell the same episodes, and fire when Prometheus does."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from test_rules_examples import FULL, loaded, run

from wolfpack.rules import Episode, Timing, alerts_for, backtest, episodes, firing
from wolfpack.rules.scenarios import Example, examples
from wolfpack.rules.stepped import Series, looked_back, step
from wolfpack.rules.told import TOLD
from wolfpack.spec import Spec, WolfpackError, names

DAY = 86400
NOW = 1_700_006_400 // DAY * DAY
WATCHED = ("alertname", "severity")


def history(made: list[Example], days: int, seed: int) -> list[Series]:
    """Return step functions that wander between firing, just not firing, healthy and withdrawn."""
    rng = random.Random(seed)
    found: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[float, float | None]]] = {}
    for example in made:
        for key, fires in example.fires.items():
            points: list[tuple[float, float | None]] = []
            for day in range(days):
                shown = NOW - days * DAY + day * DAY + rng.choice([0, 40 * 60, 7 * 3600])
                values = [fires, fires, fires, example.boundary[key], example.silent.get(key, 0.0), None]
                if key[0] == names.WINDOW_DUE.name:
                    values = [shown - 1, shown + 30_000, shown + 2 * DAY, None]
                points.append((shown, rng.choice(values)))
            found.setdefault(key, points)
    return [({"__name__": name, **dict(labels)}, points) for (name, labels), points in found.items()]


@pytest.mark.needs("prometheus", "promtool")
@pytest.mark.parametrize(("every", "width", "days"), [("1d", 3600, 120), ("1h", 150, 20)])
def test_engines_agree_on_a_history_in_which_every_alert_fires(
    tmp_path: Path, every: str, width: int, days: int
) -> None:
    """At every hour, and at a step so short that a withdrawn sample is seen a while longer."""
    spec = loaded(tmp_path, FULL + f"every: {every}\n")[0].spec
    alerts = [one for one in alerts_for(spec) if not one.live]  # those are on what only Prometheus keeps
    series = history(list(examples(alerts, NOW)), days, seed=days)
    grid = np.arange(NOW - days * DAY, NOW + 1, width)

    by_python = backtest([spec], series, grid, engine="python")
    by_prometheus = backtest([spec], series, grid, engine="prometheus")

    assert by_python == by_prometheus
    assert {one.labels["alertname"] for one in by_python} == {name for name in TOLD if not name.startswith("ModelLive")}
    assert {(one.labels["alertname"], one.labels["severity"]) for one in by_python} == {
        (alert.name, alert.severity) for alert in alerts
    }


@pytest.mark.needs("prometheus", "promtool")
def test_samples_of_the_last_hours_are_judged(tmp_path: Path) -> None:
    """Blocks may reach up to now, though the manual asks to leave out the last three hours."""
    spec = loaded(tmp_path, FULL)[0].spec
    now = time.time() // 60 * 60
    labels = {
        "__name__": names.WINDOW_DUE.name,
        "project": "travel",
        "model": "arrival-delay",
        "role": "input",
    }

    found = backtest([spec], [(labels, [(now - 600, now - 300)])], np.arange(now - 3600, now + 1, 60))

    assert [(one.start, one.end) for one in found] == [(now - 120, now)]


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(("hold", "keep"), [(0, 0), (120, 0), (120, 180), (90, 60), (0, 240)])
def test_firing_is_what_prometheus_fires(tmp_path: Path, hold: int, keep: int) -> None:
    rng = np.random.default_rng(hold + keep)
    states = np.repeat(rng.random(30) < 0.5, rng.integers(1, 6, 30))
    times = np.arange(len(states)) * 60.0
    fires = firing(states, times, hold, keep)
    rule = {"alert": "A", "expr": "x > 0"} | ({"for": f"{hold}s"} if hold else {})
    rule |= {"keep_firing_for": f"{keep}s"} if keep else {}
    checks = [
        {"eval_time": f"{i}m", "alertname": "A", "exp_alerts": [{"exp_labels": {}}] if on else []}
        for i, on in enumerate(fires)
    ]
    values = " ".join(str(int(on)) for on in states)
    test = {"interval": "1m", "input_series": [{"series": "x", "values": values}], "alert_rule_test": checks}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))
    file = tmp_path / "test.yml"
    file.write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]})
    )

    code, said = run(["promtool", "test", "rules", file])

    assert code == 0, said
    assert 0 < fires.sum() < len(fires)


def test_a_step_function_holds_until_the_next_point_and_can_be_withdrawn() -> None:
    values = step([(20, None), (10, 1.0), (30, 3.0)], np.array([9.0, 10, 19, 20, 29, 30, 99]))

    np.testing.assert_array_equal(values, [np.nan, 1, 1, np.nan, np.nan, 3, 3])


def test_looking_back_sees_a_withdrawn_sample_for_so_many_steps() -> None:
    values = np.array([np.nan, 1, np.nan, np.nan, np.nan, 2, np.nan])

    seen = looked_back({"x": [({}, values)]}, 2)["x"][0][1]

    np.testing.assert_array_equal(seen, [np.nan, 1, 1, 1, np.nan, 2, 2])


def test_gaps_under_two_panes_are_joined() -> None:
    times = np.arange(10) * 3600.0
    fires = np.array([0, 1, 0, 1, 0, 0, 1, 0, 0, 0], dtype=bool)
    identity = frozenset({("alertname", "A")})

    found = episodes({identity: fires}, times, timedelta(hours=1.5))

    assert found == [
        Episode(3600.0, 3 * 3600.0, (("alertname", "A"),)),
        Episode(6 * 3600.0, 6 * 3600.0, (("alertname", "A"),)),
    ]


def test_neighbouring_evaluations_are_one_episode_however_far_apart() -> None:
    times = np.arange(3) * float(DAY)

    found = episodes({frozenset({("a", "b")}): np.ones(3, dtype=bool)}, times, timedelta(hours=1))

    assert [(one.start, one.end) for one in found] == [(0.0, 2.0 * DAY)]


@pytest.fixture
def full(tmp_path: Path) -> Spec:
    return loaded(tmp_path, FULL)[0].spec


def test_a_backtest_waits_for_the_hold_and_keeps_drift_for_a_pane_and_a_half(full: Spec) -> None:
    labels = {"project": "travel", "model": "arrival-delay", "role": "input", "baseline": "reference"}
    share = {"__name__": names.DRIFTED_COLUMNS.name, **labels}
    points = [(NOW, 0.0), (NOW + DAY, 0.5), (NOW + 2 * DAY, 0.0)]

    found = backtest([full], [(share, points)], np.arange(NOW, NOW + 6 * DAY, 3600), "python", Timing())

    assert [(one.start - NOW, one.end - NOW) for one in found] == [(DAY + 3600, 3 * DAY + 11 * 3600)]
    assert found[0].labels["alertname"] == "ModelColumnsDrifted"


@pytest.mark.parametrize(
    ("grid", "engine", "said"),
    [
        ([], "python", "grid: is empty"),
        ([0, 1, 3], "python", "must be equal"),
        ([0, 1], "perl", "engine 'perl'"),
    ],
)
def test_what_cannot_be_judged_is_refused(full: Spec, grid: list[float], engine: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        backtest([full], [], grid, engine)  # type: ignore[arg-type]  # a wrong engine is the case


def test_the_absence_of_prometheus_is_told(full: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(WolfpackError, match="needs prometheus and promtool on the PATH"):
        backtest([full], [], [0.0, 1.0])
