"""The domain classifier: silent without drift, and it finds what no single column shows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wolfpack.spec import TableError
from wolfpack.stats import compare, profile, separate


def plain(rows: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "a": random.normal(size=rows),
            "b": random.poisson(3, rows).astype(float),
            "c": random.choice(["x", "y", None], rows),
            "late": random.random(rows) < 0.2,
        }
    )


def correlated(rows: int, correlation: float, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    x, noise = random.normal(size=(2, rows))
    other = random.normal(size=rows)
    return pa.table({"x": x, "y": correlation * x + np.sqrt(1 - correlation**2) * noise, "z": other})


def test_without_drift_the_score_spreads_as_the_interval_says() -> None:
    """The interval is that of a chance of 0.99, 2.58 deviations; 20 days stand for the size of one."""
    found = [separate(plain(300, 2 * day), plain(150, 2 * day + 1), seed=day) for day in range(20)]
    scaled = np.array([(one.roc_auc - 0.5) / (one.high - 0.5) for one in found])

    assert sum(one.drifted for one in found) <= 1
    assert 0.1 < scaled.std() < 0.6  # 1 / 2.58 is 0.39
    assert abs(scaled.mean()) < 0.35


def test_a_correlation_that_turned_round_is_found_where_no_column_drifted() -> None:
    before, now = correlated(2000, 0.9, 1), correlated(1000, -0.9, 2)
    reference = profile(before)
    found = separate(before, now)

    assert not any(
        compare(reference, profile(now, baseline=reference))[name].drifted for name in ("x", "y", "z")
    )
    assert found.drifted
    assert found.roc_auc > 0.9
    assert set(list(found.importances)[:2]) == {"x", "y"}
    assert abs(found.importances["z"]) < 0.02


def test_missing_values_and_new_words_give_a_table_away() -> None:
    before, now = plain(500, 1), plain(500, 2)
    gone = now.set_column(2, "c", pa.array(["new"] * 250 + [None] * 250))

    assert next(iter(separate(before, gone).importances)) == "c"


def test_times_are_not_learnt_from() -> None:
    days = [pa.array(np.datetime64("2024-01-01") + np.arange(200) + start) for start in (0, 400)]
    tables = [plain(200, seed).append_column("day", day) for seed, day in enumerate(days)]
    found = separate(*tables)

    assert "day" not in found.importances
    assert not found.drifted


def test_the_same_seed_gives_the_same_answer() -> None:
    assert separate(plain(200, 1), plain(200, 2), seed=3) == separate(plain(200, 1), plain(200, 2), seed=3)


def test_what_cannot_be_learnt_from_is_refused() -> None:
    with pytest.raises(TableError, match="now: 10 rows are too few to learn from; give 50 at least"):
        separate(plain(100, 1), plain(10, 2))
    with pytest.raises(TableError, match="share no column to learn from"):
        separate(pa.table({"a": np.arange(60.0)}), pa.table({"b": np.arange(60.0)}))
