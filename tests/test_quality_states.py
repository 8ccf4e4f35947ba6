"""The laws of a mergeable state, written once and run over every state of quality."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.spec import ProfileFormatError
from wolfpack.stats import (
    Averages,
    ClassScores,
    Confusion,
    ItemCounts,
    OpenScores,
    OutputHealth,
    Regions,
    RegressionErrors,
    Repeats,
    ScoreCounts,
    list_diversity,
    paired_errors,
    paired_losses,
    rank_lists,
)

FIXED = settings(derandomize=True, deadline=None, max_examples=40)
NAN = math.nan


@dataclass(frozen=True)
class Kind:
    """A state: how it is made from rows, a row that is missing something, and a state it must not be added to."""

    name: str
    make: Callable[[list[Any]], Any]
    row: st.SearchStrategy[Any]
    missing: Any
    other: Any
    together: Callable[[Any], Any] = lambda row: None
    """Rows that agree in this must stay in one part: a user's list."""

    def __repr__(self) -> str:
        return self.name


def columns(rows: list[Any], k: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(k)]


CHANCE = st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.5, 1.0])
NUMBER = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1e9, 1e9 + 1])
LABEL = st.sampled_from([0, 1])
WORD = st.sampled_from(["a", "b", "c", "é", "longer word"])


def ranked(rows: list[Any]) -> Averages:
    users, scores, gains = columns(rows, 3)
    return rank_lists(users, scores, gains, 2)


def class_scores(rows: list[Any]) -> ClassScores:
    chances = np.array([[a, (1 - a) / 2, (1 - a) / 2] for a, _ in rows]).reshape(len(rows), 3)
    return ClassScores.from_arrays(chances, [label for _, label in rows], ["a", "b", "c"])


def health(rows: list[Any]) -> OutputHealth:
    answers, asked, who, at = columns(rows, 4)
    return OutputHealth.from_arrays(answers, asked, who, at, {"shown": len(rows)})


KINDS = [
    Kind(
        "ScoreCounts",
        lambda rows: ScoreCounts.from_arrays(*columns(rows, 2)),
        st.tuples(CHANCE, LABEL),
        (NAN, 1),
        None,
    ),
    Kind(
        "ScoreCounts of margins",
        lambda rows: ScoreCounts.from_arrays(*columns(rows, 2)),
        st.tuples(NUMBER, LABEL),
        (0.5, None),
        None,
    ),
    Kind("OpenScores", OpenScores.from_array, CHANCE, NAN, None),
    Kind(
        "Confusion",
        lambda rows: Confusion.from_arrays(*columns(rows, 2)),
        st.tuples(WORD, WORD),
        ("a", None),
        Confusion.at_threshold([0.1], [1], 0.5),
    ),
    Kind(
        "Confusion at a threshold",
        lambda rows: Confusion.at_threshold(*columns(rows, 2), 0.5),
        st.tuples(CHANCE, LABEL),
        (NAN, 1),
        Confusion.at_threshold([0.1], [1], 0.6),
    ),
    Kind(
        "ClassScores",
        class_scores,
        st.tuples(CHANCE, WORD),
        (NAN, "a"),
        ClassScores.empty(["a", "c", "b"]),
    ),
    Kind(
        "RegressionErrors",
        lambda rows: RegressionErrors.from_arrays(*columns(rows, 2)),
        st.tuples(NUMBER, NUMBER),
        (1.0, NAN),
        None,
    ),
    Kind(
        "Regions",
        lambda rows: Regions.from_arrays(*columns(rows, 2), [0.2, 0.5]),
        st.tuples(NUMBER, NUMBER),
        (None, 1.0),
        Regions.empty([0.2, 0.6]),
    ),
    Kind(
        "ranking",
        ranked,
        st.tuples(st.sampled_from("uvwx"), st.floats(0, 1), st.integers(0, 3)),
        ("w", NAN, 1),
        rank_lists([], [], [], 3),
        together=lambda row: row[0],
    ),
    Kind(
        "diversity",
        lambda rows: list_diversity(
            [user for user, *_ in rows], np.array([row[1:] for row in rows]).reshape(len(rows), 2)
        ),
        st.tuples(st.sampled_from("uvwx"), st.floats(-1, 1), st.floats(0.1, 1)),
        ("w", NAN, 1.0),
        rank_lists([], [], [], 3),
        together=lambda row: row[0],
    ),
    Kind(
        "paired losses",
        lambda rows: paired_losses(*columns(rows, 3), 0.5),
        st.tuples(CHANCE, CHANCE, LABEL),
        (0.5, NAN, 1),
        paired_losses([], [], [], 0.6),
    ),
    Kind(
        "paired errors",
        lambda rows: paired_errors(*columns(rows, 3)),
        st.tuples(NUMBER, NUMBER, NUMBER),
        (0.5, NAN, 1.0),
        paired_losses([], [], [], 0.6),
    ),
    Kind("ItemCounts", ItemCounts.from_array, WORD, None, None),
    Kind("Repeats", Repeats.from_array, WORD | st.text(), None, None),
    Kind(
        "OutputHealth",
        health,
        st.tuples(WORD, WORD, st.sampled_from("uv"), st.integers(0, 100)),
        (None, "a", "w", 1),
        None,
        together=lambda row: row[2],
    ),
]
EACH = pytest.mark.parametrize("kind", KINDS, ids=repr)


@EACH
@FIXED
@given(data=st.data())
def test_any_split_in_any_order_gives_the_same_state(kind: Kind, data: st.DataObject) -> None:
    """Empty and one-row parts too; what the arguments hold stays as it is."""
    rows = data.draw(st.lists(kind.row, max_size=30))
    places = {
        key: data.draw(st.integers(0, 3))
        for key in dict.fromkeys(map(kind.together, rows))
        if key is not None
    }
    cuts = [places.get(kind.together(row), data.draw(st.integers(0, 3))) for row in rows]
    order = data.draw(st.permutations(range(4)))
    parts = [kind.make([row for row, cut in zip(rows, cuts, strict=True) if cut == i]) for i in order]
    before = [part.to_bytes() for part in parts]
    whole = kind.make(rows)

    assert parts[0].merge(*parts[1:]).equals(whole)
    assert parts[3].merge(parts[1].merge(parts[0]), parts[2]).equals(whole)
    assert [part.to_bytes() for part in parts] == before


@EACH
@FIXED
@given(data=st.data())
def test_no_rows_are_an_identity(kind: Kind, data: st.DataObject) -> None:
    found = kind.make(data.draw(st.lists(kind.row, max_size=5)))
    none = kind.make([])

    assert found.merge(none).equals(found)
    assert none.merge(found).equals(found)
    assert none.merge(none).equals(none)


@EACH
@FIXED
@given(data=st.data())
def test_a_row_that_lacks_something_is_counted_and_touches_nothing_else(
    kind: Kind, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(kind.row, max_size=8))
    place = data.draw(st.integers(0, len(rows)))
    found, without = kind.make([*rows[:place], kind.missing, *rows[place:]]), kind.make(rows)
    missing = found.outputs.missing if kind.name == "OutputHealth" else found.missing
    measures = getattr(found, "measures", dict)()
    if kind.name == "OutputHealth":
        assert missing == 1
        return

    assert missing == without.missing + 1
    assert measures == getattr(without, "measures", dict)()


@EACH
@FIXED
@given(data=st.data())
def test_bytes_round_trip(kind: Kind, data: st.DataObject) -> None:
    found = kind.make(data.draw(st.lists(kind.row, max_size=30)))
    again = type(found).from_bytes(found.to_bytes())

    assert again.equals(found)
    assert again.to_bytes() == found.to_bytes()
    assert getattr(again, "measures", dict)() == getattr(found, "measures", dict)()


@EACH
@FIXED
@given(data=st.data())
def test_different_rows_are_not_equal(kind: Kind, data: st.DataObject) -> None:
    """Otherwise the laws above would say nothing."""
    rows = data.draw(st.lists(kind.row, min_size=1, max_size=5))

    assert not kind.make(rows).merge(kind.make(rows)).equals(kind.make(rows))
    assert not kind.make([]).equals(kind.make([*rows, kind.missing]))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.other is not None], ids=repr)
def test_other_parameters_are_refused_by_name(kind: Kind) -> None:
    with pytest.raises(ValueError, match=r" and .* cannot be added; (count|give) ") as found:
        kind.make([]).merge(kind.other)
    assert "\n" not in str(found.value)


@EACH
def test_bytes_of_something_else_are_refused(kind: Kind) -> None:
    state = kind.make([])
    good = state.to_bytes()
    other = Confusion.empty() if not isinstance(state, Confusion) else ItemCounts.empty()

    for bad in (b"", b"garbage", good[: len(good) // 2], other.to_bytes()):
        with pytest.raises(ProfileFormatError, match=r"send what to_bytes returns|this release reads"):
            type(state).from_bytes(bad)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ScoreCounts.from_arrays([math.inf], [1]), r"scores\[0\] is infinite or beyond 1e\+35"),
        (lambda: OpenScores.from_array([1e40]), r"scores\[0\] is infinite or beyond"),
        (lambda: Regions.from_arrays([0.1, -math.inf], [1, 1]), r"predictions\[1\] is infinite"),
        (lambda: Regions.from_arrays([0.1], [1, 1]), r"predictions and labels have shapes \(1,\) and \(2,\)"),
        (lambda: Regions.empty([2, 1]), r"edges: \[2, 1\] are not finite and ascending"),
        (lambda: Confusion.from_arrays(["a"], ["a", "b"]), r"have shapes \(1,\) and \(2,\)"),
        (lambda: Confusion.from_arrays([["a"]], ["a"]), "no column"),
        (lambda: Confusion.from_arrays(range(1001), range(1001)), "1001 classes are more than 1000"),
        (lambda: Confusion.at_threshold([0.5], [2], 0.5), "label 2.0 is neither 0 nor 1"),
        (lambda: rank_lists(["u"], [1], [1], 0), "k: 0 is not in the range x>=1"),
        (lambda: rank_lists(["u"], [1], [-1], 1), "relevance: -1.0 is not in the range x>=0"),
        (lambda: rank_lists(["u"], [1, 2], [1], 1), "lists and scores have shapes"),
        (lambda: list_diversity(["u"], [[1.0], [2.0]]), r"shape \(2, 1\); give 1 rows"),
        (lambda: paired_losses([1.5], [0.5], [1], 0.5), "old: 1.5 is not in the range"),
        (lambda: ClassScores.from_arrays([[0.5]], ["a"], ["a", "b"]), r"shape \(1, 1\); give 1 rows of 2"),
        (lambda: ClassScores.from_arrays([[0.5, 1.5]], ["a"], ["a", "b"]), "not in the range 0<=x<=1"),
        (lambda: ClassScores.from_arrays([[0.5, 0.5]], ["a"], ["a", "a"]), "not one name for each"),
        (lambda: OutputHealth.from_arrays(["a"], subjects=["u"]), "subjects and times belong together"),
        (lambda: OutputHealth.from_arrays(["a"], requests=["u", "v"]), "requests are 2, outputs are 1"),
        (lambda: OutputHealth.from_arrays(["a"], events={"x": -1}), r"events\['x'\]: -1 is not"),
        (lambda: Averages.of("x", {"y": [math.inf]}), "x: y has a value that is infinite"),
    ],
)
def test_wrong_rows_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
