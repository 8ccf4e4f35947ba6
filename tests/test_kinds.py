"""Every type has a kind, and every kind a stated way of being counted; what has another kind is counted as such."""

from __future__ import annotations

import datetime as dt
import io
import zoneinfo
from decimal import Decimal
from typing import Any

import naive
import numpy as np
import pyarrow as pa
import pytest

from wolfpack.spec import TableError
from wolfpack.stats import Profile, bare_plan, compare, freeze, profile

PROSE = [f"The {k}th guest liked the quiet room" for k in range(40)]


def one(values: Any, **options: Any) -> Profile:
    return profile(pa.table({"c": values}), **options)


# --- times


@pytest.mark.parametrize(
    ("values", "newest"),
    [
        (pa.array([dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2, 3, 4, 5), None]), 1704164645),
        (pa.array([dt.datetime(2024, 1, 2, 3, 4, 5, 500_000), None, None], pa.timestamp("ms")), 1704164645.5),
        (pa.array([1704164645, None, 0], pa.timestamp("s", "Asia/Tokyo")), 1704164645),
        (pa.array([dt.date(2024, 1, 2), None, dt.date(1900, 1, 1)]), 1704153600),
        (pa.array([dt.date(2024, 1, 2), None, None], pa.date64()), 1704153600),
    ],
    ids=["naive", "milliseconds", "zone", "date", "date64"],
)
def test_times_say_how_far_they_lie_behind(values: pa.Array, newest: float) -> None:
    """Naive ones are taken as UTC; one with a zone is the instant it means."""
    found = one(values)["c"]

    assert (found.kind, found.maximum, found.missing) == ("datetime", newest, values.null_count)
    assert found.behind(newest + 60) == 60
    assert len(found.bins) == 1


def test_one_instant_is_the_same_time_in_every_zone() -> None:
    instant = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
    zones = [
        one(pa.array([instant.astimezone(zoneinfo.ZoneInfo(zone))], pa.timestamp("us", zone)))["c"].maximum
        for zone in ("America/New_York", "Asia/Kolkata", "UTC")
    ]

    assert set(zones) == {instant.timestamp()}


def test_times_of_later_days_are_no_drift() -> None:
    reference = one(pa.array(np.datetime64("2024-01-01") + np.arange(100)))
    later = one(pa.array(np.datetime64("2024-06-01") + np.arange(100)), baseline=reference)

    assert not compare(reference, later)["c"].drifted
    assert one(["2024-01-02T03:04:05"], baseline=reference)["c"].maximum == 1704164645
    assert (one([5.0], baseline=reference)["c"].changed, one([5.0])["c"].behind(9)) == (1, None)


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        (pa.array([dt.timedelta(hours=1), dt.timedelta(hours=2), None]), 5400),
        (pa.array([dt.time(1), dt.time(2), None]), 5400),
        (pa.array([3600, 7200, None], pa.time32("s")), 5400),
    ],
    ids=["duration", "time of day", "time32"],
)
def test_durations_and_times_of_day_are_numbers_of_seconds(values: pa.Array, mean: float) -> None:
    found = one(values)["c"]

    assert (found.kind, found.mean, found.missing) == ("numeric", mean, 1)


# --- numbers


def test_integers_above_2_to_the_53_and_decimals_are_rounded_to_doubles() -> None:
    """Neighbours become one value: their mean and bins are right to 16 digits, their distinct count is not."""
    huge = one(pa.array([2**53, 2**53 + 1, 2**62], pa.int64()))["c"]
    exact = one(pa.array([Decimal("0.10"), Decimal("0.20"), None], pa.decimal128(30, 2)))["c"]

    assert (huge.maximum, huge.distinct.count, huge.count) == (2.0**62, 2, 3)
    assert (exact.mean, exact.maximum, exact.missing) == (pytest.approx(0.15), 0.2, 1)
    assert one(pa.array([2**64 - 1], pa.uint64()))["c"].maximum == 2.0**64


def test_values_outside_the_range_are_counted() -> None:
    values = [-1.0, 0.0, 5.0, 10.0, 10.5, float("inf"), float("nan"), None]
    found = one(values, ranges={"c": (0, 10)})
    open_end = one(values, ranges={"c": (None, 5)})["c"]

    assert (found["c"].out_of_range, open_end.out_of_range, one(values)["c"].out_of_range) == (2, 2, 0)
    assert one([99.0, 5.0], baseline=found)["c"].out_of_range == 1
    assert Profile.from_bytes(found.to_bytes()) == found
    with pytest.raises(ValueError, match=r"ranges\['c'\]: 5 is above 1"):
        one(values, ranges={"c": (5, 1)})
    with pytest.raises(ValueError, match="ranges belong to the plan"):
        one(values, baseline=found, ranges={"c": (0, 10)})


# --- values of another kind


@pytest.mark.parametrize(
    ("before", "now", "changed", "count"),
    [
        ([1.0, 2.0], ["3", "-4.5e1", "n/a", "", None, "nan", "5 km"], 3, 2),
        ([1.0, 2.0], pa.array([b"x", None]), 1, 0),
        ([1.0, 2.0], pa.array([[1], None, [2]]), 2, 0),
        ([1.0, 2.0], pa.array([dt.date(2024, 1, 1), None]), 1, 0),
        (["a", "b"], pa.array([[1], None]), 1, 0),
        (["a", "b"], pa.array([{"k": 1}, None]), 1, 0),
        (["a", "b"], [1, 2, None], 0, 2),
        ([True, False], [1.0, 0.0, None], 0, 2),
        ([True, False], ["true", "no", None], 0, 2),
        (pa.array([dt.date(2024, 1, 1)]), ["soon", None], 1, 0),
    ],
    ids=[
        *("text with numbers", "bytes", "lists", "dates", "lists for words", "structs for words"),
        *("numbers for words", "numbers for booleans", "text for booleans", "text for times"),
    ],
)
def test_values_of_another_kind_are_counted_apart(before: Any, now: Any, changed: int, count: int) -> None:
    reference = one(before)
    found = one(now, baseline=reference)["c"]

    assert (found.changed, found.count) == (changed, count)
    assert found.rows == found.missing + found.nonfinite + found.changed + found.count
    whole = one(now, baseline=reference)
    assert Profile.from_bytes(whole.to_bytes()) == whole


def test_changed_values_are_counted_in_their_segment() -> None:
    rows = {"c": ["1", "x", "2", "y"], "s": ["a", "a", "b", "b"]}
    reference = profile(pa.table({"c": [1.0, 2.0], "s": ["a", "b"]}), by=["s"])
    found = profile(pa.table(rows), baseline=reference)

    assert [found["c", *segment].changed for segment in found.segments] == [2, 1, 1]


# --- text


def test_prose_is_text_and_its_characters_and_words_are_numbers() -> None:
    found = one([*PROSE, "", None, "wörter  zwei"], kinds={"c": "text"})

    assert (found["c"].kind, found["c"].rows, found["c"].missing) == ("text", 43, 1)
    assert found.columns == ("c", "c.characters", "c.words")
    lengths = [len(text) for text in PROSE] + [0, 12]
    words = [len(text.split()) for text in PROSE] + [0, 2]
    for name, values in (("c.characters", lengths), ("c.words", words)):
        twin = naive.count_numeric([*values, None], found.plan.columns[name].edges)
        assert found[name].bins.tolist() == twin["bins"]
        assert found[name].mean == pytest.approx(twin["mean"])
        assert (found[name].missing, found[name].zeros) == (1, 1)  # empty texts are the zeros


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (PROSE, "text"),
        (pa.array(PROSE, pa.string_view()), "text"),
        (PROSE[:2] * 20, "categorical"),
        ([f"order-{k}" for k in range(40)], "categorical"),
        ([f"{k} {k} {k}" for k in range(40)], "categorical"),
        (pa.array(PROSE).dictionary_encode(), "categorical"),
    ],
    ids=["prose", "view", "repeated", "keys", "three words", "dictionary"],
)
def test_text_is_told_from_categories_and_keys_by_its_first_rows(values: Any, kind: str) -> None:
    assert one(values)["c"].kind == kind


# --- lists and embeddings


def test_a_list_has_lengths_distinct_items_and_their_frequencies() -> None:
    rows = [["a", "b", "a"], [], None, ["c", None], ["a"]]
    found = one(pa.array(rows))

    assert found.columns == ("c", "c.length", "c.distinct", "c.items")
    assert [(found[name].rows, found[name].missing) for name in found.columns] == [
        (5, 1),
        (5, 1),
        (5, 1),
        (6, 1),
    ]
    assert (found["c.length"].mean, found["c.distinct"].mean) == (1.5, (2 + 0 + 2 + 1) / 4)
    items = found["c.items"]
    assert dict(zip(items.plan.categories, items.bins.tolist(), strict=False)) == {"a": 3, "b": 1, "c": 1}


def test_items_are_counted_in_the_segment_of_their_list() -> None:
    rows = pa.table({"c": [[1, 2], [2], [3, 3, 3], None], "s": ["x", "y", "x", "y"]})
    found = profile(rows, by=["s"])

    assert [found["c.items", "s", value].rows for value in "xy"] == [5, 1]
    assert [found["c.length", "s", value].maximum for value in "xy"] == [3, 1]


def test_new_items_are_found() -> None:
    reference = one(pa.array([["a", "b"]] * 100))
    drift = compare(reference, one(pa.array([["a", "z"]] * 50), baseline=reference))

    assert drift["c.items"].evidence == ("psi", "novel")
    assert not drift["c.length"].drifted


def test_an_embedding_has_norms_distances_and_a_centroid() -> None:
    draw = np.random.default_rng(4)
    vectors = draw.normal(size=(500, 12)) + 3
    found = one(pa.array(list(vectors)))
    center = vectors.mean(0)

    assert found.columns == ("c", "c.norm", "c.distance")
    assert found["c"].centroid == pytest.approx(center)
    assert found["c.norm"].mean == pytest.approx(np.linalg.norm(vectors, axis=1).mean())
    assert found["c.distance"].mean == pytest.approx(np.linalg.norm(vectors - center, axis=1).mean())
    now = one(pa.array(list(vectors[:200] + 2)), baseline=found)
    assert now["c"].centroid == pytest.approx(vectors[:200].mean(0) + 2)
    assert compare(found, now)["c.distance"].drifted
    assert Profile.from_bytes(now.to_bytes()) == now


def test_embeddings_of_another_length_are_changed() -> None:
    reference = one(pa.array([[1.0] * 8, [2.0] * 8]))
    now = one(pa.array([[1.0] * 8, [1.0] * 9, None, [1.0] * 7 + [None]]), baseline=reference)

    assert (now["c"].rows, now["c"].missing, now["c"].changed, now["c"].count) == (4, 1, 2, 1)
    assert one(["x"], baseline=reference)["c"].changed == 1


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)), "embedding"),
        (pa.array([[1.0] * 8, [2.0] * 8]), "embedding"),
        (pa.array([[1.0] * 7, [2.0] * 7]), "list"),
        (pa.array([[1.0] * 8, [2.0] * 9]), "list"),
        (pa.array([[[1]], None]), "other"),
        (pa.array([{"k": 1}, None]), "other"),
        (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), "other"),
        (pa.array([b"abc", None]), "other"),
        (pa.nulls(2), "other"),
    ],
    ids=["fixed", "long floats", "short floats", "ragged", "nested", "struct", "map", "bytes", "null"],
)
def test_nested_types_have_a_kind(values: pa.Array, kind: str) -> None:
    found = one(values)["c"]

    assert (found.kind, found.rows, found.missing) == (kind, 2, values.null_count)
    assert profile(pa.table({"c": values}), plan=bare_plan(pa.schema([("c", values.type)])))["c"].rows == 2


# --- images


def picture(value: int) -> bytes:
    image = pytest.importorskip("PIL.Image", reason="Pillow is an extra").new("L", (4, 4), value)
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()


def test_encoded_images_have_size_brightness_and_contrast() -> None:
    data = [picture(0), picture(255), None]
    found = one(pa.array(data))

    assert found["c"].kind == "image"
    assert found["c.size"].minimum == min(map(len, data[:2]))
    assert (found["c.brightness"].mean, found["c.contrast"].mean, found["c.brightness"].missing) == (
        0.5,
        0.0,
        1,
    )


def test_images_as_arrays_need_no_library() -> None:
    pixels = [[[0, 255], [0, 255]], [[51, 51], [51, 51]], None]
    found = one(pa.array(pixels), kinds={"c": "image"})

    assert (found["c.size"].maximum, found["c.size"].missing) == (4, 1)
    assert (found["c.brightness"].maximum, found["c.brightness"].minimum) == (0.5, pytest.approx(0.2))
    assert (found["c.contrast"].maximum, found["c.contrast"].minimum) == (0.5, 0)


# --- names


def test_a_column_with_a_derived_column_s_name_is_refused() -> None:
    with pytest.raises(TableError, match=r"column 'c\.length' has the name.*'c'; rename it"):
        freeze(pa.table({"c": [[1]], "c.length": [1]}))


def test_a_source_that_is_gone_leaves_out_its_derived_columns() -> None:
    reference = profile(pa.table({"c": [[1], [2]], "x": [1, 2]}))

    assert profile(pa.table({"x": [1]}), baseline=reference).columns == ("x",)
