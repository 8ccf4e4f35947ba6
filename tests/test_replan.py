"""A profile brought to another plan: all that is exact stays so, and counts are within the error it states."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.spec import OTHER
from wolfpack.stats import ALL, Profile, compare, freeze, profile, replan

DRAW = np.random.default_rng(31)
ROWS = 20_000


def table(shift: float = 0.0, rows: int = ROWS) -> pa.Table:
    return pa.table(
        {
            "x": pa.array(DRAW.normal(shift, 1, rows), mask=DRAW.random(rows) < 0.02),
            "c": DRAW.choice(list("abcd"), rows, p=[0.4, 0.3, 0.2, 0.1]),
            "v": pa.array(DRAW.normal(size=(rows, 8)).tolist(), pa.list_(pa.float64())),
            "s": DRAW.choice(["u", "w"], rows),
        }
    )


OLD = table()
NEW_PLAN = freeze(table(0.5).set_column(1, "c", pa.array(["b", "c"] * (ROWS // 2))), by={"s": ["u"]})
PLAIN = profile(OLD, by=["s"])
FOUND, COUNTED = replan(PLAIN, NEW_PLAN), profile(OLD, plan=NEW_PLAN)


def test_all_that_is_exact_stays_so() -> None:
    assert FOUND.plan == NEW_PLAN
    assert FOUND.segment_rows == COUNTED.segment_rows
    assert set(COUNTED.columns) - set(FOUND.columns) == {"v.distance"}  # from another center
    for name, found in FOUND.segments[ALL].items():
        state = COUNTED[name]
        assert (found.rows, found.missing, found.count, found.minimum, found.maximum) == (
            *(state.rows, state.missing, state.count, state.minimum, state.maximum),
        )
        assert found.distinct.hashes.tolist() == state.distinct.hashes.tolist()
        assert tuple(found.powers) == pytest.approx(tuple(state.powers), rel=1e-9, abs=1e-6)
        assert found.sums == pytest.approx(state.sums, rel=1e-9, abs=1e-6)
    assert FOUND["c"].bins.tolist() == COUNTED["c"].bins.tolist()
    assert dict(FOUND["c"].frequent.items) == dict(COUNTED["c"].frequent.items)


def test_counts_are_within_the_error_that_it_states() -> None:
    off = [
        np.abs(np.cumsum(FOUND[key].bins) - np.cumsum(COUNTED[key].bins)).max() / FOUND[key].count
        for key in ("x", ("x", "s", "u"))
    ]

    assert 0 < max(off) <= FOUND.bin_error <= 0.02
    assert not FOUND.exact_bins
    assert int(FOUND["x"].bins.sum()) == FOUND["x"].count


def test_segments_that_one_plan_keeps_are_among_the_others() -> None:
    assert FOUND.segment_rows["s", OTHER] == COUNTED.segment_rows["s", OTHER]
    assert ("s", "w") not in FOUND.segment_rows


def test_it_merges_with_what_was_counted_and_drift_is_neither_made_nor_hidden() -> None:
    reference = profile(table(0.5), plan=NEW_PLAN)
    same = profile(table(0.5, 500), by=["s"])
    mixed = replan(same, NEW_PLAN).merge(profile(table(0.5, 500), plan=NEW_PLAN))
    moved = replan(PLAIN, NEW_PLAN).merge(profile(table(0.5, 500), plan=NEW_PLAN))
    quiet = compare(reference, mixed)["x"]

    assert not quiet.drifted
    assert not quiet.exact
    assert compare(reference, moved)["x"].drifted


def test_its_bytes_come_back() -> None:
    assert Profile.from_bytes(FOUND.to_bytes()) == FOUND


def test_on_the_same_plan_nothing_changes() -> None:
    assert replan(COUNTED, NEW_PLAN) is COUNTED


def test_columns_of_another_kind_or_unknown_are_named() -> None:
    other = profile(pa.table({"x": ["now", "text"], "new": [1.0, 2.0]}))
    found = replan(other, NEW_PLAN)

    assert found.columns == ()
    assert set(found.unplanned) == {"x", "new"}
    assert found.rows == 2
