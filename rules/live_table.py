"""Rows of the alert table about live models: judged every 15 seconds, on the window that ends now."""

from __future__ import annotations

from collections.abc import Iterator

from wolfpack.rules.alert import Alert, Clause, Condition, Op, Relative
from wolfpack.rules.row import LEVELS, is_, row, select
from wolfpack.spec import Family, Live, Spec, names

_SUBJECT = names.LIVE_SEGMENT
"""Labels of what is told of rows."""


def live_alerts(spec: Spec) -> Iterator[Alert]:
    """Yield the alerts of a live model; none of one that is not."""
    live = spec.live
    if live is not None:
        yield from _outliers(spec, live)
        yield from _empty(spec, live)
        yield from _errors(spec, live)
        yield from _slow(spec, live)
        yield from _traffic(spec, live)
        yield from _mean_off(spec, live)
        yield from _lost(spec)


def _outliers(spec: Spec, live: Live) -> Iterator[Alert]:
    yield from _of_rows(spec, live, "ModelLiveOutliers", names.LIVE_OUTLIER_RATIO, "outliers")


def _empty(spec: Spec, live: Live) -> Iterator[Alert]:
    yield from _of_rows(spec, live, "ModelLiveEmpty", names.LIVE_EMPTY_RATIO, "empty")


def _of_rows(spec: Spec, live: Live, name: str, family: Family, levels: str) -> Iterator[Alert]:
    """Too large a share of rows, where there are enough of them."""
    for level in LEVELS:
        threshold = getattr(getattr(live, levels), level)
        if threshold is not None:
            enough = Condition(select(spec, names.LIVE_ROWS), ">=", float(live.min_rows))
            share = Condition(select(spec, family), ">", threshold)
            yield from row(spec, name, "live", level, [(share, enough)], _SUBJECT)


def _errors(spec: Spec, live: Live) -> Iterator[Alert]:
    for level in LEVELS:
        threshold = getattr(live.errors, level)
        if threshold is not None:
            share = Condition(select(spec, names.LIVE_ERROR_RATIO), ">", threshold)
            any_of: list[tuple[Clause, ...]] = [(share, _enough(spec, live))]
            yield from row(spec, "ModelLiveErrors", "live", level, any_of, names.LIVE)


def _slow(spec: Spec, live: Live) -> Iterator[Alert]:
    for level in LEVELS:
        threshold = getattr(live.latency, level, None)
        if threshold is not None:
            slow = Condition(select(spec, names.LIVE_DURATION_P95), ">", threshold)
            any_of: list[tuple[Clause, ...]] = [(slow, _enough(spec, live))]
            yield from row(spec, "ModelLiveSlow", "live", level, any_of, names.LIVE)


def _enough(spec: Spec, live: Live) -> Condition:
    return Condition(select(spec, names.LIVE_REQUESTS), ">=", float(live.min_rows))


def _traffic(spec: Spec, live: Live) -> Iterator[Alert]:
    """Far fewer or far more requests than in the hour before, where there were enough then."""
    rule = live.traffic
    if rule is None:
        return
    usual = select(spec, names.LIVE_REQUESTS_TRAILING)
    enough = Condition(usual, ">=", float(rule.min_rows))
    kinds: tuple[tuple[str, Op, float], ...] = (
        ("ModelLiveTrafficGone", "<", rule.ratio), ("ModelLiveTrafficDoubled", ">", 1 / rule.ratio),
    )  # fmt: skip
    for name, op, factor in kinds:
        change = Condition(select(spec, names.LIVE_REQUESTS), op, Relative(usual, factor))
        yield from row(spec, name, "live", "warning", [(change, enough)], names.LIVE)


def _mean_off(spec: Spec, live: Live) -> Iterator[Alert]:
    """The mean of an input beyond what the spec allows and beyond its noise, in either direction."""
    if live.mean is None:
        return
    inputs = is_("role", "input")
    change, noise = (select(spec, one, inputs) for one in (names.LIVE_MEAN_CHANGE, names.LIVE_MEAN_CHANGE_NOISE))
    any_of: list[tuple[Clause, ...]] = [
        (Condition(change, ">", live.mean), Condition(change, ">", Relative(noise))),
        (Condition(change, "<", -live.mean), Condition(change, "<", Relative(noise, factor=-1.0))),
    ]
    yield from row(spec, "ModelLiveMeanOff", "live", "warning", any_of, names.LIVE_COLUMN)


def _lost(spec: Spec) -> Iterator[Alert]:
    kinds = (("ModelLiveWorkersLost", names.LIVE_WORKERS_LOST), ("ModelLiveCallsDropped", names.LIVE_CALLS_DROPPED))
    for name, family in kinds:
        some = Condition(select(spec, family), ">", 0.0)
        yield from row(spec, name, "live", "warning", [(some,)], names.MODEL)
    missing = Condition(select(spec, names.LIVE_PARTS_MISSING), ">", 0.0)
    yield from row(spec, "ModelLivePartsMissing", "live", "info", [(missing,)], names.MODEL, outlasts=True)
