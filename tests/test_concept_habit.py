"""Concept drift against what the reference's own panes do by habit, through the service."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from conftest import THREE_LINES
from sending import REFERENCE
from test_joins import label, predict

from wolfpack.spec import ProfileFormatError
from wolfpack.stats import Judging, QualityCounts, ReferenceQuality, Regions, label_habit, profile
from wolfpack.stats.label_panes import unpack_panes
from wolfpack.stats.packing import pack_parts
from wolfpack.stats.reference_quality import FORMAT

SPEC = THREE_LINES + """\
window: 1d
prediction: {column: score}
label: {column: late, key: id}
segments: {origin: {}}
"""
DAYS, ROWS = 20, 600
SWING = 0.1
CHANGE = 0.05  # the rule's, if the spec says nothing


def day(number: int, shift: float) -> pa.Table:
    """Return a day on which as many more labels come true at each score; at JFK 0.2 more, always."""
    random = np.random.default_rng(number)
    score, origin = random.beta(3, 3, ROWS), random.choice(["EWR", "JFK"], ROWS)
    late = random.random(ROWS) < score + shift + 0.2 * (origin == "JFK")
    ids = [f"{number}-{n}" for n in range(ROWS)]
    return pa.table({"id": ids, "score": score, "origin": origin, "late": late.astype(float)})


def days(swing: float) -> tuple[pa.Table, np.ndarray]:
    """Return the rows of a reference whose labels swing from day to day, and their days."""
    tables = [day(number, swing * (-1) ** number) for number in range(DAYS)]
    return pa.concat_tables(tables), (np.datetime64("2024-03-01") + np.arange(DAYS)).repeat(ROWS)


def counted(judging: Judging, table: pa.Table, times: np.ndarray) -> ReferenceQuality:
    segments = {"origin": table["origin"]}
    return ReferenceQuality.of(judging, table["score"], table["late"], times=times, every="1d", segments=segments)


def registered(make_exporter, swing: float):
    one, (table, times) = make_exporter(SPEC, f"swing-{swing}"), days(swing)
    one.at("2024-05-01T06:00:00Z")
    reference = profile(table.select(["score", "origin"]), by=["origin"])
    assert one.http.put(REFERENCE, data=reference.to_bytes()).status_code == 200
    found = counted(Judging(edges=reference.plan.columns["score"].edges), table, times)
    answer = one.http.put(f"{REFERENCE}/scores", data=found.to_bytes())
    assert (answer.status_code, answer.json) == (200, {"rows": DAYS * ROWS, "panes": DAYS}), answer.text
    return one


def told(one, table: pa.Table, date: int, **segment: str) -> bool:
    """Send a day with its labels; tell whether the rule of concept drift holds."""
    predict(one, table, f"2024-05-{date:02}")
    label(one, table)
    one.at(f"2024-05-{date + 1:02}T06:00:00Z")
    change, noise = (one.value(name, **segment) for name in ("ml_model_label_change", "ml_model_label_change_noise"))
    return change > CHANGE and change > noise


def test_a_steady_model_is_told_and_a_restless_one_only_beyond_its_habit(make_exporter) -> None:
    steady = registered(make_exporter, 0.0)

    assert not told(steady, day(100, 0.0), 1)
    assert told(steady, day(101, 0.2), 2)

    restless = registered(make_exporter, SWING)

    assert not told(restless, day(100, 0.0), 1)
    assert not told(restless, day(101, 0.2), 2)
    assert told(restless, day(102, -0.5), 3)


def test_the_floor_is_the_habit_of_the_segment_and_the_same_after_a_restart(make_exporter) -> None:
    """JFK always was another than the rest: that is no drift."""
    one, (table, times) = registered(make_exporter, SWING), days(SWING)
    edges = profile(table.select(["score", "origin"]), by=["origin"]).plan.columns["score"].edges
    quality = counted(Judging(edges=edges), table, times)
    jfk = {"segment": "origin", "segment_value": "JFK"}

    assert not told(one, day(103, 0.0), 1, **jfk)
    for labels, segment in (({}, ("", "")), (jfk, ("origin", "JFK"))):
        assert one.value("ml_model_label_change_noise", **labels) == pytest.approx(quality.habit(1, segment))
    before = one.value("ml_model_label_change_noise")
    one.close()
    again = make_exporter(SPEC, f"swing-{SWING}")
    again.at("2024-05-02T06:00:00Z")

    assert again.value("ml_model_label_change_noise") == before
    assert told(again, day(102, -0.5), 2, **jfk)
    assert again.value("ml_model_label_change_noise") == pytest.approx(before, rel=1e-12)


def test_panes_on_other_bins_are_refused(make_exporter) -> None:
    one, (table, times) = registered(make_exporter, 0.0), days(0.0)
    answer = one.http.put(f"{REFERENCE}/scores", data=counted(Judging(), table, times).to_bytes())

    assert answer.status_code == 422
    assert "count with `Client.judging(reference)`" in answer.json["detail"]


def test_counts_of_two_tables_are_those_of_both_and_survive_their_bytes() -> None:
    table, times = days(SWING)
    whole = counted(Judging(), table, times)
    halves = [counted(Judging(), table.slice(at, 6300), times[at : at + 6300]) for at in (0, 6300)]
    merged = halves[0].merge(halves[1])

    for found in (merged, ReferenceQuality.from_bytes(whole.to_bytes())):
        assert found.panes.keys() == whole.panes.keys()
        assert all(
            found.panes[start][one].equals(its) for start, cells in whole.panes.items() for one, its in cells.items()
        )
        assert found.habit(1) == pytest.approx(whole.habit(1), rel=1e-9)
        assert found.counts.whole.labelled == DAYS * ROWS


def test_a_state_that_contradicts_itself_is_refused() -> None:
    """Panes of other rows than those that were counted are another reference's."""
    table, times = days(SWING)
    found, half = counted(Judging(), table, times), counted(Judging(), table.slice(0, 600), times[:600])
    crossed = ReferenceQuality(half.counts, found.panes)
    with pytest.raises(ProfileFormatError, match="panes are of the rows that were counted"):
        ReferenceQuality.from_bytes(crossed.to_bytes())
    with pytest.raises(ProfileFormatError, match="two parts"):
        ReferenceQuality.from_bytes(pack_parts(FORMAT, []))
    with pytest.raises(ProfileFormatError):
        unpack_panes(found.counts.to_bytes())


def test_every_task_with_regions_has_panes_and_rankings_have_none() -> None:
    random = np.random.default_rng(1)
    x, times = random.random(40), np.datetime64("2024-03-01") + np.arange(40) // 20
    number = ReferenceQuality.of(Judging("regression", edges=(0.5,)), x, x, times=times, every="1d")
    chances = np.stack([x, 1 - x], 1)
    classes = ReferenceQuality.of(
        Judging("multiclass", classes=("a", "b")), ["a"] * 40, ["b"] * 40, times=times, every="1d", chances=chances
    )
    ranking = ReferenceQuality.of(Judging("ranking"), x, np.ones(40), times=times, every="1d", lists=np.arange(40) // 4)

    for found, panes in ((number, 2), (classes, 2), (ranking, 0)):
        assert len(found.panes) == panes
        assert len(ReferenceQuality.from_bytes(found.to_bytes()).panes) == panes
    with pytest.raises(ValueError, match="times: has 39 rows, and predictions 40"):
        ReferenceQuality.of(Judging(), x, x > 0.5, times=times[1:], every="1d")


def test_long_windows_step_by_parts_of_their_length_and_find_as_much() -> None:
    random = np.random.default_rng(2)
    score = random.random((960, 30))
    shift = 0.1 * np.sin(np.arange(960) / 30)[:, None]
    panes = [Regions.from_arrays(x, y) for x, y in zip(score, random.random(score.shape) < score + shift, strict=True)]
    pairs = [one.merge(two) for one, two in zip(panes[::2], panes[1::2], strict=True)]

    assert label_habit(panes, 96) == pytest.approx(label_habit(pairs, 48), rel=0.02)
    assert label_habit(panes, 48) == pytest.approx(label_habit(pairs, 24), rel=0.02)


@pytest.mark.parametrize("rows", [30, 300, 3000])
def test_a_steady_model_has_no_habit_however_thin_its_panes(rows) -> None:
    """Of 20 references of 20 days at most one has any: what sampling explains is not doubled."""
    found = []
    for seed in range(20):
        random = np.random.default_rng([seed, rows])
        score = random.random((20, rows))
        labels = random.random(score.shape) < score
        found.append(label_habit([Regions.from_arrays(x, y) for x, y in zip(score, labels, strict=True)], 1))

    assert sum(habit > 0 for habit in found) <= 1


def test_bare_counts_have_no_habit() -> None:
    table, _ = days(SWING)
    counts = QualityCounts.of(Judging(), table["score"], table["late"])

    assert ReferenceQuality(counts, {}).habit(1) == 0
    assert ReferenceQuality.from_bytes(ReferenceQuality(counts, {}).to_bytes()).edges is None
