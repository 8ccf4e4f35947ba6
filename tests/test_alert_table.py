"""The alert table: which alerts a spec gives, and what they say of given values."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_rules_examples import FULL, SHORT, loaded

from wolfpack.rules import Alert, Condition, Matcher, Selector, alerts_for, evaluate, expression
from wolfpack.rules.alert import CHECKS
from wolfpack.spec import Spec, names
from wolfpack.spec.measures import MEASURES

NOW = 1_700_000_000.0
SHOP = {"project": "shop", "model": "churn", "role": "input"}
TRAVEL = {"project": "travel", "model": "arrival-delay", "role": "input"}
Instant = list[tuple[names.Family, dict[str, str], float]]


@pytest.fixture
def short(tmp_path: Path) -> Spec:
    return loaded(tmp_path / "short", SHORT)[0].spec


@pytest.fixture
def full(tmp_path: Path) -> Spec:
    return loaded(tmp_path / "full", FULL)[0].spec


def told(spec: Spec, instant: Instant) -> set[tuple[str, ...]]:
    """Return name, severity, and the labels that tell the subject, of every alert that is active."""
    series: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family, labels, value in instant:
        series.setdefault(family.name, []).append((labels, value))
    found = set()
    for alert in alerts_for(spec):
        for identity in evaluate(alert, series, NOW):
            labels = dict(identity)
            subject = [
                labels[key] for key in ("version", "column", "segment_value", "metric") if key in labels
            ]
            found.add((labels["alertname"], labels["severity"], *subject))
    return found


def column(base: dict[str, str], name: str, **more: str) -> dict[str, str]:
    return {**base, "version": "", "segment": "", "segment_value": "", "column": name, **more}


def drifted(psi: float, noise: float, **labels: str) -> Instant:
    at = column(SHOP, "age", baseline="reference") | labels
    return [(names.COLUMN_PSI, at, psi), (names.COLUMN_PSI_NOISE, at, noise)]


def test_every_row_is_pinned_to_its_model_and_to_versions(full: Spec) -> None:
    for alert in alerts_for(full):
        assert alert.check in CHECKS
        for selector in alert.selectors:
            pinned = {matcher.label for matcher in selector.matchers}
            assert {"project", "model"} <= pinned
            assert "version" in pinned or "version" not in selector.family.labels


def test_rows_are_per_kind_and_severity_never_per_column(short: Spec) -> None:
    many = Spec.model_validate(
        short.model_dump() | {"columns": {f"c{i}": {"type": "numeric"} for i in range(100)}}
    )

    assert len(alerts_for(many)) == len(alerts_for(short))
    assert len({(alert.name, alert.severity, alert.labels) for alert in alerts_for(short)}) == len(
        alerts_for(short)
    )


def test_drift_needs_the_threshold_and_the_noise_to_be_exceeded(short: Spec) -> None:
    assert told(short, drifted(psi=0.11, noise=0.05)) == {("ModelColumnDrift", "info", "age")}
    assert told(short, drifted(psi=0.1, noise=0.05)) == set()
    assert told(short, drifted(psi=0.3, noise=0.3)) == set()
    assert told(short, drifted(psi=0.3, noise=0.05)[:1]) == set()


def test_a_prediction_is_told_one_severity_higher_than_an_input(short: Spec) -> None:
    assert told(short, drifted(0.2, 0.05, role="prediction")) == {("ModelPredictionDrift", "warning", "age")}


def test_the_versions_of_a_release_are_compared_with_each_other_only(short: Spec) -> None:
    release = drifted(0.2, 0.05, role="prediction", version="2", baseline="version")

    assert told(short, release) == {("ModelReleaseShift", "warning", "2", "age")}
    assert told(short, drifted(0.2, 0.05, role="prediction", version="2")) == set()


def test_an_increase_of_missing_values_is_told_by_level(short: Spec) -> None:
    def increase(value: float) -> Instant:
        at = column(SHOP, "age")
        return [
            (names.COLUMN_MISSING_INCREASE, at, value),
            (names.COLUMN_MISSING_INCREASE_NOISE, at | {"baseline": "reference"}, 0.08),
        ]

    assert told(short, increase(0.07)) == set()
    assert told(short, increase(0.1)) == {("ModelColumnMissing", "warning", "age")}
    assert told(short, increase(0.5)) == {
        ("ModelColumnMissing", severity, "age") for severity in ("warning", "critical")
    }


def test_an_empty_column_is_found_without_a_reference_and_only_without(short: Spec) -> None:
    empty: Instant = [(names.COLUMN_MISSING, column(SHOP, "age"), 1.0)]
    as_ever: Instant = [(names.COLUMN_MISSING_INCREASE, column(SHOP, "age"), 0.0)]

    assert told(short, empty) == {("ModelColumnMissing", "critical", "age")}
    assert told(short, empty + as_ever) == set()
    assert told(short, [(names.COLUMN_MISSING, column(SHOP, "age"), 0.999)]) == set()


def test_columns_with_levels_of_their_own_are_judged_by_these_alone(full: Spec) -> None:
    def missing(name: str, ratio: float) -> Instant:
        at = column(TRAVEL, name)
        return [
            (names.COLUMN_MISSING, at, ratio),
            (names.COLUMN_MISSING_INCREASE, at, 0.9),
            (names.COLUMN_MISSING_INCREASE_NOISE, at | {"baseline": "reference"}, 0.01),
        ]

    odd = 'odd | ("name") \\d ü'
    assert told(full, missing("dep_delay", 0.05)) == set()
    assert told(full, missing("dep_delay", 0.1)) == {("ModelColumnMissing", "warning", "dep_delay")}
    assert told(full, missing(odd, 0.9)) == {("ModelColumnMissing", "warning", odd)}
    assert told(full, missing("junk", 1.0)) == set()


def test_columns_come_and_gone_are_told_without_asking(short: Spec) -> None:
    gone, new = (names.COLUMN_VANISHED, column(SHOP, "age"), 1.0), (names.COLUMN_APPEARED, column(SHOP, "years"), 1.0)

    assert told(short, [gone, new]) == {
        ("ModelColumnVanished", "warning", "age"),
        ("ModelColumnAppeared", "info", "years"),
    }


def test_values_of_another_kind_are_told_by_level(short: Spec) -> None:
    def strange(ratio: float) -> Instant:
        return [(names.COLUMN_OTHER_KIND, column(SHOP, "age"), ratio)]

    assert told(short, strange(0.01)) == set()
    assert told(short, strange(0.02)) == {("ModelColumnOtherKind", "warning", "age")}
    assert len(told(short, strange(1))) == 2


@pytest.mark.parametrize(
    ("name", "ratio", "severities"),
    [
        ("dep_delay", 0.01, set()),
        ("dep_delay", 0.02, {"warning"}),
        ("dep_delay", 0.5, {"warning", "critical"}),
        ("fare", 0.003, {"warning"}),
        ("fare", 1, {"warning"}),
        ("share", 1, set()),
    ],
)
def test_values_out_of_range_are_told_by_the_column_s_levels_else_the_spec_s(
    full: Spec, name: str, ratio: float, severities: set[str]
) -> None:
    outside: Instant = [(names.COLUMN_OUT_OF_RANGE, column(TRAVEL, name), ratio)]

    assert told(full, outside) == {("ModelColumnOutOfRange", severity, name) for severity in severities}


def test_old_times_are_told_only_of_columns_that_the_spec_names(short: Spec, full: Spec) -> None:
    def old(base: dict[str, str], name: str, hours: float) -> Instant:
        return [(names.COLUMN_AGE, column(base, name), hours * 3600)]

    assert told(short, old(SHOP, "birthday", 1e6)) == told(full, old(TRAVEL, "birthday", 1e6)) == set()
    assert told(full, old(TRAVEL, "scheduled", 36)) == told(full, old(TRAVEL, "booked", 37)) == set()
    assert told(full, old(TRAVEL, "scheduled", 37)) == {("ModelDataStale", "warning", "scheduled")}


@pytest.mark.parametrize(
    ("rows", "trailing", "expected"),
    [
        (49, 100, {("ModelRowsDropped", "warning", "JFK")}),
        (0, 100, {("ModelRowsDropped", "warning", "JFK")}),
        (50, 100, set()),
        (200, 100, set()),
        (201, 100, {("ModelRowsDoubled", "warning", "JFK")}),
        (0, 49, set()),
    ],
)
def test_rows_are_told_per_segment_where_there_were_enough(
    short: Spec, rows: float, trailing: float, expected: set[tuple[str, ...]]
) -> None:
    at = {**SHOP, "segment": "origin", "segment_value": "JFK"}

    assert told(short, [(names.PANE_ROWS, at, rows), (names.PANE_ROWS_TRAILING, at, trailing)]) == expected


def test_rows_are_compared_with_the_pane_before_where_the_spec_says_so() -> None:
    text = {"version": "wolfpack/v1", "project": "shop", "model": "churn", "change": {"rows": {"against": "previous"}}}
    spec = Spec.model_validate(text)
    rows = [(names.PANE_ROWS, SHOP, 40.0)]

    assert told(spec, [*rows, (names.PANE_ROWS_TRAILING, SHOP, 100.0)]) == set()
    assert told(spec, [*rows, (names.PANE_ROWS_PREVIOUS, SHOP, 100.0)]) == {("ModelRowsDropped", "warning")}


@pytest.mark.parametrize(
    ("change", "noise", "baseline", "found"),
    [
        (0.06, 0.01, "reference", True),
        (-0.06, 0.01, "reference", True),
        (-0.06, 0.01, "trailing", True),
        (0.06, 0.01, "previous", False),
        (0.05, 0.01, "reference", False),
        (0.06, 0.07, "reference", False),
        (-0.06, 0.07, "reference", False),
    ],
)
def test_a_mean_is_off_beyond_its_bound_and_its_noise(
    full: Spec, change: float, noise: float, baseline: str, found: bool
) -> None:
    at = column(TRAVEL, "dep_delay", baseline=baseline)
    instant: Instant = [(names.COLUMN_MEAN_CHANGE, at, change), (names.COLUMN_MEAN_CHANGE_NOISE, at, noise)]

    assert told(full, instant) == ({("ModelColumnMeanOff", "warning", "dep_delay")} if found else set())


def test_late_is_past_due_and_worse_for_what_is_not_a_label(short: Spec) -> None:
    assert told(short, [(names.WINDOW_DUE, SHOP, NOW)]) == set()
    assert told(short, [(names.WINDOW_DUE, SHOP, NOW - 1)]) == {("ModelDataLate", "critical")}
    label = SHOP | {"role": "label"}
    assert told(short, [(names.WINDOW_DUE, label, NOW - 1)]) == {("ModelDataLate", "warning")}


def test_quality_is_told_by_its_bound_and_by_its_drop(full: Spec) -> None:
    at = {"project": "travel", "model": "arrival-delay"}

    assert told(full, [(names.ROC_AUC, at, 0.74)]) == {("ModelQualityLow", "warning", "ml_model_roc_auc")}
    baseline, limit = MEASURES["roc_auc"].baseline, MEASURES["roc_auc"].noise_limit
    dropped = [(names.ROC_AUC, at, 0.8), (baseline, at, 0.86)]
    assert told(full, [*dropped, (limit, at, 0.82)]) == {("ModelQualityDropped", "warning", "ml_model_roc_auc")}
    assert told(full, [*dropped, (limit, at, 0.79)]) == set()  # so few labels make it as bad by chance
    worse, chance = MEASURES["brier"].baseline, MEASURES["brier"].noise_limit
    risen = [(names.BRIER, at, 0.2), (worse, at, 0.05)]
    assert told(full, [*risen, (chance, at, 0.1)]) == {("ModelQualityDropped", "warning", "ml_model_brier")}
    assert told(full, [(names.BRIER, at, 0.1), (worse, at, 0.3), (chance, at, 0.35)]) == set()


@pytest.mark.parametrize(("score", "found"), [(1.01, True), (1.0, False), (-1.0, False), (-1.01, True)])
def test_an_anomaly_is_told_on_both_sides(full: Spec, score: float, found: bool) -> None:
    at = {"project": "travel", "model": "arrival-delay", "metric": "ml_pane_rows", "detector": "trend"}

    assert told(full, [(names.ANOMALY_SCORE, at, score)]) == (
        {("ModelAnomaly", "warning", "ml_pane_rows")} if found else set()
    )


def test_rules_of_another_spec_are_outdated(short: Spec) -> None:
    at = {"project": "shop", "model": "churn", "owner": "shop", "plan_id": "p"}

    assert told(short, [(names.MODEL_INFO, at | {"spec_hash": short.hash}, 1)]) == set()
    assert told(short, [(names.MODEL_INFO, at | {"spec_hash": "other"}, 1)]) == {
        ("ModelRulesOutdated", "warning")
    }


def test_pods_and_other_models_do_not_reach_an_alert(short: Spec) -> None:
    alert = next(alert for alert in alerts_for(short) if alert.name == "ModelRowsDropped")
    series = {
        names.PANE_ROWS.name: [(SHOP | {"instance": "a"}, 1.0), (SHOP | {"instance": "b"}, 2.0)],
        names.PANE_ROWS_TRAILING.name: [(SHOP, 100.0), (SHOP | {"model": "other"}, 100.0)],
    }
    series[names.PANE_ROWS.name].append((SHOP | {"model": "other"}, 1.0))

    assert evaluate(alert, series, NOW) == {
        frozenset({**SHOP, **alert.static, "alertname": "ModelRowsDropped"}.items()): 2.0
    }


def test_comparisons_of_one_selector_are_chained_and_names_are_quoted(full: Spec) -> None:
    texts = {(alert.name, alert.severity): expression(alert, 900) for alert in alerts_for(full)}

    assert texts["ModelColumnNovel", "info"] == (
        "max by (project, model, version, role, segment, segment_value, column) (last_over_time("
        'ml_column_novel_ratio{project="travel", model="arrival-delay", version="", role="input"}[15m]) > 0.005)\n'
        "  > max by (project, model, version, role, segment, segment_value, column) (last_over_time("
        'ml_column_novel_noise{project="travel", model="arrival-delay", version="", role="input", baseline="reference"}'
        "[15m]))"
    )
    assert (
        r'column!~"dep_delay|junk|odd \\| \\(\"name\"\\) \\\\d ü"' in texts["ModelColumnMissing", "warning"]
    )


def test_an_alert_that_keeps_labels_its_families_lack_is_refused() -> None:
    rows = Condition(Selector(names.PANE_ROWS), "<", 1.0)

    with pytest.raises(ValueError, match="ml_pane_rows lacks \\['column'\\]"):
        Alert("A", "rows", "info", "o", ((rows,),), names.COLUMN, "s", "d")
    with pytest.raises(ValueError, match="ml_pane_rows has no label 'column'"):
        Selector(names.PANE_ROWS, (Matcher("column", ("a",)),))
