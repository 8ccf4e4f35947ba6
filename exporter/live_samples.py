"""The live families of one model: what its calls came to in the window that ends now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wolfpack.exporter.baseline import Baseline
from wolfpack.exporter.live_book import BUCKET, LOST_AFTER, USUAL, Bucket, LiveBook
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import names
from wolfpack.stats import ALL, Floors
from wolfpack.stats.call_counts import RowCounts
from wolfpack.stats.means import spread_change

FEWEST = 600.0
"""Seconds of calls before a window that tell what traffic is usual; with fewer nothing is said of it."""
Labels = dict[str, str]
Shadows = Callable[[str], bool]


def live_samples(
    known: Known, book: LiveBook, baseline: Baseline | None, shadow: Shadows, now: float
) -> list[Sample]:
    """Return the gauges of a live model.

    Parameters
    ----------
    baseline : of the training data, which means are compared with; None: they are not.
    shadow : tells of a version whether it is shadow now, so not among all together.
    """
    live = known.spec.live
    if live is None:
        return []
    window = live.window.total_seconds()
    found = book.window(known.id, now - window, now)
    counted = [one for version, one in found.items() if not shadow(version)]
    together = sum(counted, Bucket())
    shown: dict[str, Bucket] = {"": together}
    if len(found) > 1:
        shown |= {version: found[version] for version in sorted(found)[-known.spec.versions.keep :]}
    labels = {"project": known.spec.project, "model": known.spec.model}
    made = _workers(known, book, together, labels, now)
    made += _traffic(known, book, together, shadow, labels, now)
    for version, bucket in shown.items():
        made += list(_calls(bucket, labels | {"version": version}))
        made += list(_rows(known, bucket, labels | {"version": version}))
        made += list(_means(known, bucket, baseline if not version else None, labels | {"version": version}))
    return made


def _workers(known: Known, book: LiveBook, window: Bucket, labels: Labels, now: float) -> list[Sample]:
    its = book.workers(known.id)
    alive = [one for one in its if not one.closed and now - one.seen <= LOST_AFTER]
    missing = sum(one.missing for one in its if now - one.seen <= USUAL)
    return (
        sample(names.LIVE_WORKERS, len(alive), None, **labels)
        + sample(names.LIVE_WORKERS_LOST, len(book.lost(known.id, now)), None, **labels)
        + sample(names.LIVE_PARTS_MISSING, missing, None, **labels)
        + sample(names.LIVE_CALLS_DROPPED, window.counts.dropped, None, **labels)
    )


def _traffic(
    known: Known, book: LiveBook, window: Bucket, shadow: Shadows, labels: Labels, now: float
) -> list[Sample]:
    """Return requests by endpoint, those that were usual in the hour before, and 0 where there are none now."""
    live = known.spec.live
    length = live.window.total_seconds() if live else 0.0
    before, seconds = book.requests(
        known.id, now - length - USUAL, now - length - BUCKET, lambda version: not shadow(version)
    )
    found: list[Sample] = []
    for endpoint in sorted({*window.counts.calls, *before}):
        its = labels | {"version": "", "endpoint": endpoint}
        calls = window.counts.calls.get(endpoint)
        found += sample(names.LIVE_REQUESTS, calls.requests if calls else 0, None, **its)
        if seconds >= FEWEST and endpoint in before:
            found += sample(names.LIVE_REQUESTS_TRAILING, before[endpoint] * length / seconds, None, **its)
    return found


def _calls(bucket: Bucket, labels: Labels) -> Iterator[Sample]:
    for endpoint, calls in bucket.counts.calls.items():
        its = labels | {"endpoint": endpoint}
        yield from sample(names.LIVE_ERROR_RATIO, calls.error_ratio, None, **its)
        yield from sample(names.LIVE_DURATION_P95, calls.quantile(0.95), None, **its)
        if labels["version"]:
            yield from sample(names.LIVE_REQUESTS, calls.requests, None, **its)


def _rows(known: Known, bucket: Bucket, labels: Labels) -> Iterator[Sample]:
    for (endpoint, segment, value), rows in bucket.counts.rows.items():
        if not segment or segment in known.spec.segments:
            its = labels | {"endpoint": endpoint, "segment": segment, "segment_value": value}
            yield from _of_rows(rows, its)


def _of_rows(rows: RowCounts, labels: Labels) -> Iterator[Sample]:
    yield from sample(names.LIVE_ROWS, rows.rows, None, **labels)
    yield from sample(names.LIVE_EMPTY_RATIO, rows.empty_ratio, None, **labels)
    yield from sample(names.LIVE_OUTLIER_RATIO, rows.outlier_ratio, None, **labels)
    yield from sample(names.LIVE_OUTLIER_SCORE, rows.mean_score, None, **labels)


def _means(known: Known, bucket: Bucket, baseline: Baseline | None, labels: Labels) -> Iterator[Sample]:
    """Yield the mean of each column, and how far that of an input lies from training's, with its noise."""
    live = known.spec.live
    habit: Mapping[str, Floors] = baseline.floors(1, ALL) if baseline else {}
    trained = baseline.spreads if baseline else {}
    inputs = [name for name in bucket.spreads if known.spec.role_of(name) == "input" and name in trained]
    for name, spread in bucket.spreads.items():
        its = labels | {"role": known.spec.role_of(name), "column": name}
        if its["role"] not in ("input", "prediction") or live is None:
            continue
        yield from sample(names.LIVE_MEAN, spread.mean, None, **its)
        if name in inputs and spread.count >= live.min_rows:
            change = spread_change(trained[name], spread, len(inputs), habit.get(name, Floors()).mean)
            if change is not None:
                yield from sample(names.LIVE_MEAN_CHANGE, change[0], None, **its)
                yield from sample(names.LIVE_MEAN_CHANGE_NOISE, change[1], None, **its)
