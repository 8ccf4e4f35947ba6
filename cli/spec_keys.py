"""Every key of the spec with its type, default and meaning: the table of `docs/spec.md`.

Keys, types and defaults are read from the model of the spec; only the meanings are written here.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from wolfpack.spec import Spec, format_duration, source_kinds, vocabulary, watching

MEANING = {
    "version": "Format of this file.",
    "project": "Who the model belongs to: a label of every series, and what a token is for.",
    "model": "Its name, unique within the project.",
    "owner": "Label `owner` of every alert, by which Alertmanager routes. Default: the project.",
    "runbook": "Address of a page of your own; alerts link to it with `#alertname` (lower case).",
    "every": "Length of a pane: whole days, or a part of a day that divides it.",
    "window": "Length of a window; a multiple of `every`.",
    "schedule": "When a pane is expected: five cron fields in `timezone`. Default: at its end.",
    "grace": "How long after that a pane may still come before it is late.",
    "revise": "How long after its end a pane may change and its windows are computed again.",
    "skip": "Local dates without a pane: not waited for, left out of trailing means, not scored by detectors.",
    "timezone": "Where days begin, and where dates and times without a zone are.",
    "columns.NAME.type": "Kind of the column.",
    "columns.NAME.range": "Allowed values, both ends included; an end may be `null`.",
    "columns.NAME.out_of_range": "Levels of the share of values outside `range`, in place of `drift.out_of_range`.",
    "columns.NAME.older_than": "Of a column of times: alert when its newest lies so far behind the window's end.",
    "columns.NAME.missing": "Levels of the missing ratio itself, in place of `drift.missing`; `{}`: no alert.",
    "prediction": "The column that the model puts out. Without it no prediction role, no quality.",
    "prediction.column": "Its name in the table.",
    "prediction.task": "What is predicted.",
    "prediction.threshold": "Score from which on a binary prediction is positive.",
    "prediction.range": "Allowed values.",
    "prediction.chances": "multiclass: the column with the chance of each class, by class; without, areas and losses "
    "are not measured.",
    "prediction.positive": "multiclass: the class whose prediction is the selection in `fairness`.",
    "prediction.lists": "ranking: the column that says which list (query, user, session) a row belongs to.",
    "prediction.k": "ranking: places of a list that count.",
    "label": "The column of the truth, and the key that joins it with predictions.",
    "label.column": "Its name. Its values: 0 or 1, a class, a number, or a relevance; null where not known.",
    "label.key": "Name of the key column, in predictions and labels alike.",
    "label.matures_after": "How much later than the pane its labels are due.",
    "label.coverage": "Bounds of the share of predictions with a label once labels are due.",
    "label.coverage.warning": "As in `< 0.9`.",
    "label.coverage.critical": "The same, critical.",
    "label.unmatched": "Levels of the share of labels that have no prediction.",
    "segments.NAME.columns": "Columns with series by segment, besides rows, quality and the prediction's mean.",
    "segments.NAME.values": "Values to keep apart.",
    "outputs.METRIC.warning": "Alert when a [measure of outputs](quality.md#outputs) is beyond this bound.",
    "outputs.METRIC.critical": "The same, critical.",
    "events.NAME.count": "A count that the job sends with its outputs, as `clicked`.",
    "events.NAME.of": "The count that it is divided by, as `shown`.",
    "events.NAME.warning": "Alert when their ratio is beyond this bound.",
    "events.NAME.critical": "The same, critical.",
    "retrain": "When training anew is due, see [training](quality.md#training-anew).",
    "retrain.quality": "Training anew is due when any of these measures is beyond its bound.",
    "retrain.drift": "The same, when a larger share of the inputs drifted than this.",
    "retrain.labels": "Not before there are as many new labels, since the newest reference or version.",
    "retrain.every": "Not before that is as long ago.",
    "fairness.NAME.demographic_parity": "Levels of the difference of selection rates.",
    "fairness.NAME.equalized_odds": "Levels of the worse difference of true and false positive rates.",
    "fairness.NAME.equal_opportunity": "Levels of the difference of true positive rates.",
    "fairness.NAME.ratio": "Alert under this ratio of the smallest selection rate to the largest.",
    "fairness.NAME.min_rows": "With fewer rows in the smallest group nothing is told.",
    "drift.baseline": "What windows are compared with.",
    "drift.psi": "Levels of the population stability index.",
    "drift.ks": "Levels of the Kolmogorov-Smirnov distance.",
    "drift.novel": "Levels of the share of values that the reference never had.",
    "drift.missing": "Levels of the missing ratio's increase over the reference.",
    "drift.out_of_range": "Levels of the share of values outside the range that the spec gives a column.",
    "drift.other_kind": "Levels of the share of rows whose value is of another kind, such as text among numbers.",
    "drift.missing_columns": "One alert for all from so many columns on that lack values at once; `null`: never.",
    "drift.columns": "Levels of the share of columns that drifted.",
    "drift.min_rows": "Fewer rows than this, in the window or the reference, are not compared.",
    "quality.METRIC.warning": "Alert beyond this bound; METRIC is a measure of the task.",
    "quality.METRIC.critical": "The same, critical.",
    "quality.METRIC.drop": "Alert when worse by more than this, and than chance gives, than the reference, else than "
    "trailing windows.",
    "quality.METRIC.classes": "multiclass: judge these classes by themselves too.",
    "estimate.error": "Levels of how far the expected quality may be off once labels come.",
    "concept.change": "Levels of how far labels may move at the same prediction. Default: 0.05 of a chance.",
    "mean": "Alert when the mean of a column of numbers changes; not where the mean compared with is near 0.",
    "mean.within": "Allowed change, as a share of the mean compared with.",
    "mean.against": "What the newest window is compared with.",
    "mean.columns": "Only these columns.",
    "change.rows": "Rows of a pane against usual ones; `null` switches it off.",
    "change.rows.against": "`trailing`: the same place of the last four weeks. `previous`: the pane before.",
    "change.rows.ratio": "Alert under this ratio, and over its inverse.",
    "change.rows.min_rows": "Fewer usual rows than this are not judged.",
    "live": "The model answers requests, and a [monitor](live.md) watches them; `{}` takes the defaults.",
    "live.every": "Length of a live pane; divides an hour and `every`.",
    "live.window": "Length of the live window: a number of live panes, an hour at most.",
    "live.outliers": "Levels of the share of outliers in the live window.",
    "live.errors": "Levels of the share of calls that failed.",
    "live.empty": "Levels of the share of rows with an empty output.",
    "live.latency": "Levels, in seconds, of what 95 % of the calls do not exceed.",
    "live.mean": "Allowed change of an input's mean from the reference, as a share of it; `null`: any.",
    "live.traffic": "Calls against those of the hour before; `null` switches it off.",
    "live.traffic.ratio": "Alert under this ratio, and over its inverse.",
    "live.traffic.min_rows": "Fewer usual calls in a live window than this are not judged.",
    "live.min_rows": "Fewer rows or calls in the live window than this are not judged.",
    "jobs.NAME.schedule": "When the job runs: five cron fields in `timezone`. Default: it is not waited for.",
    "jobs.NAME.grace": "How long after that it may still succeed before it is late. Default: the spec's `grace`.",
    "jobs.NAME.longest": "Alert when its newest run took longer.",
    "scalars.NAME.warning": "Alert when the team's own number NAME is beyond this bound.",
    "scalars.NAME.critical": "The same, critical.",
    "scalars.NAME.stale_after": "Alert when its newest value is older than this.",
    "detect[].metric": "A pane, window or event metric of the [catalogue](metrics.md).",
    "detect[].method": "How it is judged: see [detectors](detectors.md).",
    "detect[].role": "Watch only this role.",
    "detect[].columns": "Watch only these columns.",
    "detect[].names": "Watch only these scalars or jobs.",
    "detect[].season": "Length of the season. Default: day and week; for `seasonal_esd` a day, for daily panes a week.",
    "detect[].direction": "Alarm on values above what is expected (`up`), below (`down`), or `both`.",
    "detect[].min_change": "No alarm where the value is nearer to the expected one than this, in the metric's unit.",
    "detect[].min_change_ratio": "The same, relative to the size of the expected value.",
    "detect[].range": "Values outside are taken as missing, and the band is cut to it.",
    "detect[].min_points": "Values that must be known before a point is judged, if the method asks for fewer.",
    "detect[].warm_up": "How long after a series' first value it is judged, if the method asks for less.",
    "detect[].timezone": "Zone whose clock seasons and days follow. Default: the spec's.",
    "detect[].skip": "Local dates, or spans as `2013-12-24/2014-01-02`, that are neither judged nor learnt.",
    "detect[].holidays": "Countries (`US`, `DE-BY`) whose holidays are neither judged nor learnt; extra `holidays`.",
    "versions.keep": "Live versions that are shown apart, the newest.",
    "sources.NAME": "Where rows come from by themselves: its `kind` and the keys of that, see [sources](sources.md).",
    "alerts.annotations": "Annotations for every alert; `{{ $labels.NAME }}` is the only template allowed.",
}  # fmt: skip
"""By dotted key; NAME and METRIC stand for a key of your own, [] for each entry of a list."""

_WORDS = {
    vocabulary.Duration: "duration",
    vocabulary.Name: "name",
    vocabulary.Label: "text",
    vocabulary.Range: "[low, high]",
    vocabulary.BoundText: "bound",
    watching.Timezone: "zone",
    watching.Days: "date or span",
    watching.Country: "country",
    source_kinds.PathText: "path",
    source_kinds.Member: "member",
    source_kinds.Members: "member, or mapping",
}
_SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}
_PLAIN: dict[Any, str] = {str: "text", int: "whole number", float: "number"}


@dataclass(frozen=True)
class Row:
    """One key of the spec."""

    key: str
    type: str
    default: str
    meaning: str


def rows() -> list[Row]:
    """Return a row for every key, in the order of the spec.

    Raises
    ------
    ValueError
        If a key has no meaning here, or a meaning no key.
    """
    found = [Row(key, word, default, MEANING.get(key, "")) for key, word, default in keys_of(Spec, "")]
    unknown = sorted({row.key for row in found} ^ set(MEANING))
    if unknown:
        raise ValueError(f"spec_keys.MEANING: {', '.join(unknown)} are keys or meanings without the other")
    return found


def keys_of(section: type[vocabulary.Section], prefix: str) -> Iterator[tuple[str, str, str]]:
    hints = get_type_hints(section, include_extras=True)
    for name, field in section.model_fields.items():
        key, hint = prefix + name, hints[name]
        default = "required" if field.is_required() else _default(field.default)
        inner, path, optional = _inner(hint)
        if sections_of(hint):
            yield f"{key}.NAME", "section", "none"
            continue
        if inner is None:
            yield key, _word(hint), default
            continue
        if optional:
            yield key, "section", "none" if field.default is None else "as below"
        yield from keys_of(inner, key + path)


def sections_of(hint: Any) -> list[type[vocabulary.Section]]:
    """Return the sections of which each value of a mapping is one; empty for what is no such mapping."""
    if get_origin(hint) is not dict:
        return []
    union = get_args(get_args(hint)[1])
    return [one for one in get_args(union[0]) if _is_section(one)] if union else []


def _inner(hint: Any) -> tuple[type[vocabulary.Section] | None, str, bool]:
    """Return the section within a hint, what its keys are prefixed with, and whether it may be left out."""
    bare = _without_none(hint)
    bare = get_args(bare)[0] if get_origin(bare) is Annotated else bare
    arguments = get_args(bare)
    if get_origin(bare) is dict and _is_section(arguments[1]):
        return arguments[1], ".METRIC." if get_origin(arguments[0]) is Literal else ".NAME.", False
    if get_origin(bare) is list and _is_section(arguments[0]):
        return arguments[0], "[].", False
    return (bare, ".", bare is not hint) if _is_section(bare) else (None, "", False)


def _is_section(hint: Any) -> bool:
    """Tell whether a hint is a section with keys of its own; levels are written in one line."""
    return (
        isinstance(hint, type)
        and issubclass(hint, vocabulary.Section)
        and not issubclass(hint, vocabulary.Levels)
    )


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return next(one for one in get_args(hint) if one is not type(None))
    return hint


def _word(hint: Any) -> str:
    bare = _without_none(hint)
    for known, word in _WORDS.items():
        if bare == known:
            return word
    if get_origin(bare) is Annotated:
        return _constrained(bare)
    if get_origin(bare) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(bare))
    if get_origin(bare) in (list, dict):
        return f"{get_origin(bare).__name__} of {_word(get_args(bare)[-1])}"
    if isinstance(bare, type) and issubclass(bare, vocabulary.Levels):
        return "ratio levels" if issubclass(bare, vocabulary.RatioLevels) else "levels"
    return _PLAIN.get(bare, getattr(bare, "__name__", str(bare)))


def _constrained(hint: Any) -> str:
    """Return the word of a number with its limits, as in ``number > 0, < 1``."""
    base, *extras = get_args(hint)
    limits = [limit for extra in extras for limit in getattr(extra, "metadata", [])]
    texts = [
        f"{_SIGNS[type(one)][0]} {getattr(one, _SIGNS[type(one)][1]):g}"
        for one in limits
        if type(one) in _SIGNS
    ]
    return " ".join([_word(base), ", ".join(texts)]).strip()


def _default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    if isinstance(value, vocabulary.Levels):
        given = value.model_dump(exclude_none=True)
        return "`{" + ", ".join(f"{name}: {level:g}" for name, level in given.items()) + "}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"
