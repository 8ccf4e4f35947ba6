"""Segments: cutting rows changes nothing of what is counted of all of them, however long the parts are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wolfpack import stats
from wolfpack.spec import Plan
from wolfpack.stats.counting import LONG_PART

KEPT = 3


def table(rows: int) -> pa.Table:
    draw = np.random.default_rng(rows)
    return pa.table(
        {
            "x": pa.array(draw.normal(3, 2, rows), mask=draw.random(rows) < 0.05),
            "n": np.where(draw.random(rows) < 0.01, np.inf, draw.poisson(4, rows)),
            "at": draw.integers(0, 10**9, rows).astype("datetime64[s]"),
            "region": draw.choice(["north", "south", "east", "west"], rows),
        }
    )


@pytest.mark.parametrize("rows", [600, LONG_PART * (KEPT + 2) - 1, LONG_PART * (KEPT + 2), 60_000])
def test_the_whole_is_the_same_with_segments_and_without(rows) -> None:
    """Long columns are sorted by parts and the whole is merged; short ones are sorted twice."""
    plan = stats.freeze(table(rows), by={"region": ["north", "south", "east"]})
    cut = stats.profile(table(rows), plan=plan)
    plain = stats.profile(table(rows), plan=Plan(plan.columns, {}))

    for name in plain.columns:
        found, wanted = cut[name], plain[name]
        assert (found.rows, found.missing, found.nonfinite, found.zeros) == (
            wanted.rows, wanted.missing, wanted.nonfinite, wanted.zeros,
        )  # fmt: skip
        assert found.bins.tolist() == wanted.bins.tolist()
        assert (found.minimum, found.maximum, found.frequent) == (wanted.minimum, wanted.maximum, wanted.frequent)
        assert found.distinct.hashes.tolist() == wanted.distinct.hashes.tolist()
        assert found.powers == pytest.approx(wanted.powers, rel=1e-9, nan_ok=True)
        assert found.sketch.count == wanted.sketch.count
    exact = np.sort(table(rows)["x"].drop_null().to_numpy())
    for q in (0.1, 0.5, 0.9):
        rank = np.searchsorted(exact, cut["x"].quantile(q)) / len(exact)
        assert abs(rank - q) <= cut["x"].sketch.rank_error + 1 / len(exact)
    lean = {segment: {state.lean for state in states.values()} for segment, states in cut.segments.items()}
    assert lean.pop(stats.ALL) == {False}
    assert list(lean.values()) == [{True}] * (KEPT + 1)
    assert sum(cut[("x", "region", value)].rows for value in ("north", "south", "east", "__other__")) == rows


def test_numbers_of_a_segment_column_that_come_as_text_are_read_as_numbers() -> None:
    plan = stats.freeze(pa.table({"code": [1, 2, 3] * 100}), by=["code"])
    found = stats.profile(pa.table({"code": ["1", "2", "three"] * 100}), plan=plan)

    assert (found["code"].count, found["code"].changed) == (200, 100)
    assert [found.segment_rows["code", value] for value in ("1", "3", "__other__")] == [100, 0, 100]
