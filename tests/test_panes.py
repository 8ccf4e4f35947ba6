"""Windows over panes: equal to one merge of all that was sent, however much of it was merged before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.exporter import store
from wolfpack.exporter.hours import merge_hours
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.mixture import Mixture
from wolfpack.exporter.panes import Panes
from wolfpack.exporter.profile_cache import ProfileCache, weight
from wolfpack.exporter.registry import Known
from wolfpack.spec import Spec
from wolfpack.stats import ALL, Profile, merge_all, profile

pytestmark = pytest.mark.both_ledgers

SPEC = Spec(version="wolfpack/v1", project="p", model="m", every="1m", window="3h", timezone="Asia/Kolkata")
BEGIN = datetime(2024, 5, 1, 7, 13, tzinfo=UTC)
PANES = 150


def rows(number: int) -> pa.Table:
    random = np.random.default_rng(number)
    values = random.normal(number, 1, 20)
    return pa.table({"x": values, "c": random.choice(["a", "b"], 20)})


@pytest.fixture(scope="module")
def plan():
    return profile(pa.concat_tables([rows(number) for number in range(50)])).plan


def add(connection, number: int, found: Profile, version: str = "1", part: str = "") -> None:
    values = {
        "version": version,
        "role": "input",
        "start": int((BEGIN + number * SPEC.every).timestamp()),
        "part": part,
        "job": "",
        "received": float(number),
        "plan_id": found.plan.id,
        "rows": found.rows,
        "data": found.to_bytes(),
    }
    store.add_part(connection, 1, values)


@pytest.fixture
def filled(ledger, plan) -> list[Profile]:
    """The profiles of 150 minutes of a model: two versions, every tenth minute missing."""
    found = []
    with ledger.write() as connection:
        assert store.model_id(connection, "p", "m", 0.0) == 1
        for number in range(PANES):
            if number % 10:
                found.append(profile(rows(number), plan=plan))
                add(connection, number, found[-1], version="2" if number > 100 else "1")
    return found


def load(ledger: Ledger, panes: Panes, back: int = 0):
    calendar = SPEC.calendar
    last = calendar.start(BEGIN) + (PANES - 1 - back) * SPEC.every
    with ledger.read() as connection:
        return panes.load(connection, 1, "input", calendar, calendar.back(last, 139), last)


def whole(loaded) -> Profile:
    return Mixture.of(loaded.together.runs, loaded.together.newest[-1].plan.id).main


def test_partial_merges_count_what_one_merge_of_all_counts(ledger, filled) -> None:
    found = load(ledger, Panes())
    expected = merge_all(filled[9:])  # the window has 140 of 150 minutes

    assert whole(found).segment_rows == expected.segment_rows
    for column in ("x", "c"):
        got, right = whole(found)[column], expected[column]
        assert got.bins.tolist() == right.bins.tolist()
        assert (got.rows, got.missing, got.minimum, got.maximum) == (
            right.rows, right.missing, right.minimum, right.maximum
        )  # fmt: skip
        assert got.distinct.hashes.tolist() == right.distinct.hashes.tolist()
    assert whole(found)["x"].mean == pytest.approx(expected["x"].mean, rel=1e-12)
    assert whole(found)["x"].quantile(0.5) == pytest.approx(expected["x"].quantile(0.5), abs=0.5)
    assert len(found.together.starts) == 126
    assert len(found.together.runs) < 30
    assert found.together.newest[0] == filled[-1]
    assert found.received == PANES - 1
    assert found.live(["1", "2", "3"]) == ["1", "2"]
    assert found.segments() == {ALL}


def test_a_window_is_the_same_cold_and_after_others(ledger, filled) -> None:
    """What was merged for the windows before takes part, and changes no number."""
    panes = Panes()
    for back in range(20, 0, -1):
        load(ledger, panes, back)

    assert whole(load(ledger, panes)) == whole(load(ledger, Panes()))


def test_a_window_is_the_same_with_its_hours_stored(ledger, filled) -> None:
    cold = load(ledger, Panes())
    now = (BEGIN + timedelta(hours=5)).timestamp()
    stored = merge_hours(ledger, Panes(), Known(1, SPEC, 0.0), now)
    with ledger.read() as connection:
        blocks = store.blocks(connection, 1, "input", 0, int(now))
    found = load(ledger, Panes())

    assert stored == 4  # 12:43 to 15:12 in Kolkata; of the first hour the window has a part only
    assert {block.end - block.start for block in blocks} == {3600}
    assert whole(found) == whole(cold)
    assert found.together.starts == cold.together.starts
    assert found.together.newest == cold.together.newest
    assert found.received == cold.received


def test_a_part_that_comes_late_is_in_the_hour_again(ledger, filled, plan) -> None:
    known, now = Known(1, SPEC, 0.0), (BEGIN + timedelta(hours=5)).timestamp()
    panes = Panes()
    merge_hours(ledger, panes, known, now)
    before = whole(load(ledger, panes)).rows
    with ledger.write() as connection:
        add(connection, 60, profile(rows(1000), plan=plan))
    between = whole(load(ledger, panes)).rows
    again = merge_hours(ledger, panes, known, now)

    assert again == 1
    assert [between, whole(load(ledger, panes)).rows] == [before + 20, before + 20]


def use(cache: ProfileCache, profiles: list[Profile], *keys: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Ask a cache for keys in turn; return those that it had made."""
    made = []

    def make(key: tuple[int, ...]) -> Profile:
        made.append(key)
        return profiles[key[0]]

    for key in keys:
        assert cache.get(key, lambda key=key: make(key)) is profiles[key[0]]
    return made


def test_profiles_beyond_the_bytes_are_dropped_the_longest_unused_first(filled) -> None:
    cache = ProfileCache(most=3 * weight(filled[0]) + 1000)

    assert use(cache, filled, (0,), (1,), (2,), (0,), (3,), (0,), (1,)) == [(0,), (1,), (2,), (3,), (1,)]


def test_a_merged_run_outlives_the_panes_that_pass_by(filled) -> None:
    cache, run = ProfileCache(most=3 * weight(filled[0]) + 1000), tuple(range(60))
    made = use(cache, filled, run, *((number,) for number in range(60, 80)), run)
    forgotten = use(cache, filled, *((number % 100,) for number in range(300)), run)

    assert made.count(run) == 1
    assert len(cache._queue) < 200
    assert forgotten.count(run) == 1  # in the end also that


def test_the_weight_of_a_profile_is_about_its_memory(plan) -> None:
    import tracemalloc

    body = profile(pa.table({"x": np.arange(5000.0), "c": ["a"] * 5000}), plan=plan).to_bytes()
    Profile.from_bytes(body)  # its plan is shared from now on
    tracemalloc.start()
    found = Profile.from_bytes(body)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert used / 2 < weight(found) < 2 * used
