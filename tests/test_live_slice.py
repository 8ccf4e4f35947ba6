"""Slices of live calls: laws of merging, bytes, and durations beside Prometheus' own reckoning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.spec import ProfileFormatError
from wolfpack.stats.call_counts import BOUNDS, CallCounts, LiveCounts, RowCounts, add_counts
from wolfpack.stats.live_slice import LiveSlice
from wolfpack.stats.means import Spread, add_spreads
from wolfpack.stats.packing import pack_parts

SECONDS = st.lists(st.floats(0, 100), max_size=30)
COUNTS = st.integers(0, 10**6)


@st.composite
def counts(draw: st.DrawFn) -> LiveCounts:
    calls = {}
    for name in draw(st.lists(st.sampled_from(["/a", "/b", "ü"]), unique=True)):
        taken = draw(SECONDS)
        calls[name] = CallCounts.of(taken, draw(st.integers(0, len(taken))))
    rows = {}
    for place in draw(st.lists(st.sampled_from([("/a", "", ""), ("/a", "shop", "x"), ("/b", "", "")]), unique=True)):
        scored = draw(COUNTS)
        outliers = draw(st.integers(0, scored))
        rows[place] = RowCounts(scored + draw(COUNTS), draw(st.integers(0, scored)), scored, outliers, float(outliers))
    return LiveCounts(calls, rows, draw(COUNTS))


@given(st.lists(SECONDS, min_size=1, max_size=4))
def test_calls_counted_apart_add_up_to_all_of_them(parts) -> None:
    whole = sum((CallCounts.of(part) for part in parts), CallCounts())
    expected = CallCounts.of([one for part in parts for one in part])

    assert (whole.requests, whole.buckets) == (expected.requests, expected.buckets)
    assert whole.seconds == pytest.approx(expected.seconds)


@given(st.lists(st.floats(0, 29), min_size=1, max_size=50))
def test_buckets_hold_their_upper_ends_as_those_of_prometheus_do(seconds) -> None:
    found = np.cumsum(CallCounts.of(seconds).buckets)

    assert [int(one) for one in found[:-1]] == [int(np.count_nonzero(np.array(seconds) <= bound)) for bound in BOUNDS]


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_quantile_is_within_its_bucket_of_the_exact_one(share) -> None:
    seconds = np.random.default_rng(1).lognormal(-4, 1, 5000)
    exact, found = np.quantile(seconds, share), CallCounts.of(seconds).quantile(share)
    place = np.searchsorted(BOUNDS, exact)

    assert BOUNDS[place - 1] <= found <= BOUNDS[place]
    assert CallCounts().quantile(share) is None
    assert CallCounts.of([100.0]).quantile(share) == BOUNDS[-1]


@given(st.lists(counts(), max_size=4))
@settings(deadline=None)
def test_counts_merge_in_any_order(parts) -> None:
    def plain(one: LiveCounts):
        calls = {name: (its.requests, its.errors, its.buckets) for name, its in one.calls.items()}
        return calls, dict(one.rows), one.dropped

    assert plain(add_counts(parts)) == plain(add_counts(parts[::-1]))


@given(counts())
@settings(max_examples=30, deadline=None)
def test_bytes_come_back_as_they_were(some) -> None:
    again = LiveSlice.from_bytes(LiveSlice(some).to_bytes())

    assert again.counts == some
    assert again.profile is None


SOUND = {"calls": [["/a", 2, 1, 0.5, [0, 2] + [0] * 14]], "rows": [["/a", "", "", 2, 1, 2, 1, 0.5]], "dropped": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"calls": [["/a", 3, 1, 0.5, [0, 2] + [0] * 14]]},  # more than are in buckets
        {"calls": [["/a", 2, 3, 0.5, [0, 2] + [0] * 14]]},  # more errors than calls
        {"calls": [["/a", 2, 1, -0.5, [0, 2] + [0] * 14]]},
        {"calls": [["/a", 2, 1, 0.5, [0, 2]]]},
        {"calls": [["/a", 2, 1, 0.5, [-1, 3] + [0] * 14]]},
        {"calls": SOUND["calls"] * 2},
        {"calls": [["/a", 2]]},
        {"calls": ["/a"]},
        {"rows": [["/a", "", "", 2, 3, 2, 1, 0.5]]},  # more empty than there are
        {"rows": [["/a", "", "", 2, 1, 3, 1, 0.5]]},  # more scored
        {"rows": [["/a", "", "", 2, 1, 1, 2, 0.5]]},  # more outliers than scored
        {"rows": [["/a", "", "", 2, 1, 2, 1, float("inf")]]},
        {"dropped": -1},
        {"dropped": True},
    ],
)
def test_bytes_that_contradict_themselves_are_refused(wrong) -> None:
    assert LiveSlice.from_bytes(pack_parts("wolfpack.live_slice/1", [], **SOUND)).counts.calls["/a"].requests == 2
    with pytest.raises(ProfileFormatError, match="live slice"):
        LiveSlice.from_bytes(pack_parts("wolfpack.live_slice/1", [], **{**SOUND, **wrong}))


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20), min_size=1, max_size=4))
def test_spreads_add_up_to_that_of_all_numbers(parts) -> None:
    found = add_spreads([Spread(len(part), float(np.mean(part)), float(np.std(part))) for part in parts])
    whole = np.concatenate(parts)

    assert found.count == len(whole)
    assert found.mean == pytest.approx(whole.mean(), abs=1e-6)
    assert found.stddev == pytest.approx(whole.std(), abs=1e-4)
