"""The alert table: from a spec to its alerts, with literal thresholds.

One row per alert kind and severity, never per column: columns that share a threshold share one selector.
Thresholds are exceeded, never met: `score > threshold and score > noise`. A row without a threshold in the
spec is left out. Series are judged for all live versions together (``version=""``), except by the release
rules; and in every segment that is exposed, since a team chose these by naming them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wolfpack.rules.alert import Absent, Alert, Clause, Condition, Matcher, Op, Relative, Selector, Severity
from wolfpack.rules.fault_table import appeared, other_kind, out_of_range, stale, vanished
from wolfpack.rules.live_table import live_alerts
from wolfpack.rules.notice_table import job_failed, job_late, job_slow, scalar_old, scalar_out
from wolfpack.rules.quality_table import QUALITY_ROWS
from wolfpack.rules.row import LEVELS, Level, is_, is_not, others, own, row, select
from wolfpack.spec import Spec, names

_COMPARED = ("reference", "previous", "trailing")
"""Baselines that columns are compared with; the baseline `version` belongs to the release rules."""


def alerts_for(spec: Spec) -> tuple[Alert, ...]:
    """Return the alerts of a model in the order of the table."""
    builders: tuple[Callable[[Spec], Iterator[Alert]], ...] = (
        _late, _missing, _columns_missing, vanished, appeared, other_kind, out_of_range, stale, _rows, _novel,
        _column_drift, _prediction_drift, _columns_drifted, _mean_off, _release,
        *QUALITY_ROWS, _anomaly, scalar_out, scalar_old, job_failed, job_late, job_slow,
        live_alerts, _outdated,
    )  # fmt: skip
    return tuple(alert for build in builders for alert in build(spec))


def _late(spec: Spec) -> Iterator[Alert]:
    """Without input or predictions nothing below can be trusted; labels only make quality late."""
    severities: tuple[tuple[Severity, Matcher], ...] = (
        ("critical", is_not("role", "label")), ("warning", is_("role", "label")),
    )  # fmt: skip
    for severity, role in severities:
        due = select(spec, names.WINDOW_DUE, role)
        yield from row(
            spec, "ModelDataLate", "late", severity, [(Condition(due, "<", "now"),)], names.WINDOW_DUE.labels
        )


def _missing(spec: Spec) -> Iterator[Alert]:
    """The increase over the reference; for columns with `missing:` the ratio itself.

    Where there is no increase (no reference, or it lacks the column) only a wholly empty column is told,
    at the highest severity that the spec has for missing values.
    """
    levels = {name: column.missing for name, column in spec.columns.items()}
    rest = others(levels)
    increase = select(spec, names.COLUMN_MISSING_INCREASE, *rest)
    noise = select(spec, names.COLUMN_MISSING_INCREASE_NOISE, *rest, is_("baseline", "reference"))
    ratio = select(spec, names.COLUMN_MISSING, *rest)
    empty: tuple[Clause, ...] = (Condition(ratio, ">=", 1.0), Absent(increase))
    for level in LEVELS:
        threshold = getattr(spec.drift.missing, level)
        any_of: list[tuple[Clause, ...]] = []
        if threshold is not None:
            any_of.append((Condition(increase, ">", threshold), Condition(increase, ">", Relative(noise))))
            any_of += [empty] if level == "critical" or spec.drift.missing.critical is None else []
        any_of += own(spec, names.COLUMN_MISSING, levels, level)
        yield from row(spec, "ModelColumnMissing", "missing", level, any_of, names.COLUMN_MISSING.labels)


def _columns_missing(spec: Spec) -> Iterator[Alert]:
    """Several columns at once have one cause, such as a join that failed, and are told by one alert."""
    if spec.drift.missing_columns is not None:
        count = Condition(select(spec, names.MISSING_COLUMNS), ">=", float(spec.drift.missing_columns))
        worst = select(spec, names.COLUMN_MISSING, is_("role", "input"), is_("segment", ""))
        yield from row(
            spec, "ModelColumnsMissing", "missing", "warning", [(count,)], names.MISSING_COLUMNS.labels, worst=worst
        )


def _rows(spec: Spec) -> Iterator[Alert]:
    rule = spec.change.rows
    if rule is None:
        return
    family = names.PANE_ROWS_TRAILING if rule.against == "trailing" else names.PANE_ROWS_PREVIOUS
    rows, usual = select(spec, names.PANE_ROWS), select(spec, family)
    enough = Condition(usual, ">=", float(rule.min_rows))
    kinds: tuple[tuple[str, Op, float], ...] = (
        ("ModelRowsDropped", "<", rule.ratio), ("ModelRowsDoubled", ">", 1 / rule.ratio),
    )  # fmt: skip
    for name, op, factor in kinds:
        change = Condition(rows, op, Relative(usual, factor))
        yield from row(spec, name, "rows", "warning", [(change, enough)], names.PANE_ROWS.labels)


def _novel(spec: Spec) -> Iterator[Alert]:
    """As with drift, an input is told one severity lower than a prediction: new values need not harm."""
    severities: tuple[tuple[Severity, dict[str, Level]], ...] = (
        ("critical", {"prediction": "critical"}),
        ("warning", {"prediction": "warning", "input": "critical"}),
        ("info", {"input": "warning"}),
    )
    for severity, levels in severities:
        any_of = []
        for role, level in levels.items():
            threshold = getattr(spec.drift.novel, level)
            if threshold is not None:
                noise = select(spec, names.COLUMN_NOVEL_NOISE, is_("role", role), is_("baseline", "reference"))
                any_of.append(_beyond(select(spec, names.COLUMN_NOVEL, is_("role", role)), threshold, noise))
        yield from row(spec, "ModelColumnNovel", "drift", severity, any_of, names.COLUMN_NOVEL.labels)


def _column_drift(spec: Spec) -> Iterator[Alert]:
    """A column may drift without harm, so it is told one severity lower than a prediction."""
    severities: tuple[tuple[Severity, Level], ...] = (("warning", "critical"), ("info", "warning"))
    for severity, level in severities:
        any_of = _shifted(spec, level, is_("role", "input"), *_baselines(spec))
        yield from row(spec, "ModelColumnDrift", "drift", severity, any_of, names.COLUMN_PSI.labels)


def _prediction_drift(spec: Spec) -> Iterator[Alert]:
    for level in LEVELS:
        any_of = _shifted(spec, level, is_("role", "prediction"), *_baselines(spec))
        yield from row(spec, "ModelPredictionDrift", "drift", level, any_of, names.COLUMN_PSI.labels)


def _release(spec: Spec) -> Iterator[Alert]:
    """Each live version's predictions against those of the version before it."""
    matchers = (is_not("version", ""), is_("role", "prediction"), is_("baseline", "version"))
    any_of = _shifted(spec, "warning", *matchers)
    yield from row(spec, "ModelReleaseShift", "release", "warning", any_of, names.COLUMN_PSI.labels)


def _baselines(spec: Spec) -> list[Matcher]:
    compared = [baseline for baseline in _COMPARED if baseline in spec.drift.baseline]
    return [is_("baseline", *compared)] if compared else []


def _shifted(spec: Spec, level: Level, *matchers: Matcher) -> list[tuple[Clause, ...]]:
    """Return alternatives: PSI, or Kolmogorov-Smirnov, beyond its threshold and its own noise."""
    any_of: list[tuple[Clause, ...]] = []
    if not any(matcher.label == "baseline" for matcher in matchers):
        return any_of
    for levels, score, noise in (
        (spec.drift.psi, names.COLUMN_PSI, names.COLUMN_PSI_NOISE),
        (spec.drift.ks, names.COLUMN_KS, names.COLUMN_KS_NOISE),
    ):
        threshold = getattr(levels, level)
        if threshold is not None:
            any_of.append(_beyond(select(spec, score, *matchers), threshold, select(spec, noise, *matchers)))
    return any_of


def _beyond(score: Selector, threshold: float, noise: Selector) -> tuple[Clause, ...]:
    return (Condition(score, ">", threshold), Condition(score, ">", Relative(noise)))


def _columns_drifted(spec: Spec) -> Iterator[Alert]:
    for level in LEVELS:
        threshold = getattr(spec.drift.columns, level)
        if threshold is None:
            continue
        for baseline in _baselines(spec):
            matchers = (is_("role", "input"), baseline)
            share = Condition(select(spec, names.DRIFTED_COLUMNS, *matchers), ">", threshold)
            worst = select(spec, names.COLUMN_PSI, is_("role", "input"), is_("segment", ""))
            yield from row(
                spec,
                "ModelColumnsDrifted",
                "drift",
                level,
                [(share,)],
                names.DRIFTED_COLUMNS.labels,
                worst=worst,
            )


def _mean_off(spec: Spec) -> Iterator[Alert]:
    """The mean of a column beyond what the spec allows and beyond its noise, in either direction."""
    if spec.mean is None or not spec.mean.against:
        return
    named = [is_("column", *spec.mean.columns)] if spec.mean.columns else []
    where = [*named, is_("baseline", *spec.mean.against)]
    change = select(spec, names.COLUMN_MEAN_CHANGE, *where)
    noise = select(spec, names.COLUMN_MEAN_CHANGE_NOISE, *where)
    any_of: list[tuple[Clause, ...]] = [
        (Condition(change, ">", spec.mean.within), Condition(change, ">", Relative(noise))),
        (Condition(change, "<", -spec.mean.within), Condition(change, "<", Relative(noise, factor=-1.0))),
    ]
    yield from row(spec, "ModelColumnMeanOff", "change", "warning", any_of, names.COLUMN_MEAN_CHANGE.labels)


def _anomaly(spec: Spec) -> Iterator[Alert]:
    if spec.detect:
        score = select(spec, names.ANOMALY_SCORE)
        any_of: list[tuple[Clause, ...]] = [(Condition(score, ">", 1.0),), (Condition(score, "<", -1.0),)]
        yield from row(spec, "ModelAnomaly", "anomaly", "warning", any_of, names.ANOMALY_SCORE.labels)


def _outdated(spec: Spec) -> Iterator[Alert]:
    """Another hash and not ours, for longer than the lookback: the two are never reloaded at once."""
    other = Condition(select(spec, names.MODEL_INFO, is_not("spec_hash", spec.hash)), ">", 0.0)
    own = Absent(select(spec, names.MODEL_INFO, is_("spec_hash", spec.hash)))
    yield from row(
        spec, "ModelRulesOutdated", "system", "warning", [(other, own)], names.MODEL, outlasts=True
    )
