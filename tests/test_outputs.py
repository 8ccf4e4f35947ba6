"""Outputs without labels, from the job's counts to gauges and alerts; recommendations with their catalogue."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import THREE_LINES, families_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from wolfpack.rules.table import alerts_for
from wolfpack.spec import ProfileFormatError, SpecError, load
from wolfpack.spec.output_names import OF_OUTPUT
from wolfpack.stats import ItemCounts, OutputCounts

SPEC = THREE_LINES + """\
prediction: {column: item}
segments: {shop: {}}
outputs:
  empty_ratio: {warning: "> 0.05", critical: "> 0.5"}
  catalogue_coverage: {warning: "< 0.3"}
events: {click_through: {count: clicked, of: shown, warning: "< 0.02"}}
"""
ITEMS = np.array(["a", "b", "c", "d", "e", "f", "g", "h", "i", ""], object)


def made(seed: int, rows: int = 400) -> dict:
    """Return recommendations in lists of four, one in ten empty, of two shops."""
    random = np.random.default_rng(seed)
    return {
        "outputs": ITEMS[random.integers(0, 10, rows)],
        "requests": [f"r{n}" for n in random.integers(0, 300, rows)],
        "subjects": [f"u{n}" for n in random.integers(0, 40, rows)],
        "times": np.arange(rows),
        "lists": np.repeat(np.arange(rows // 4), 4),
        "vectors": random.normal(size=(rows, 3)),
        "segments": {"shop": random.choice(["Oslo", "Rome"], rows)},
        "events": {"shown": rows, "clicked": 7},
    }


@pytest.fixture
def shop(make_exporter):
    one = make_exporter(SPEC)
    one.at("2024-05-01T06:00:00Z")
    return one


def send(one, counts: OutputCounts, at: str = "2024-05-01", **params: str):
    answer = one.send("/api/v1/outputs", counts.to_bytes(), at=at, **params)
    assert answer.status_code == 200, answer.text
    return answer.json


def catalogue(one, items: ItemCounts, users: int):
    path = f"/api/v1/projects/travel/models/arrival-delay/catalogue?users={users}"
    return one.http.put(path, data=items.to_bytes())


# --- the state


@settings(derandomize=True, deadline=None, max_examples=20)
@given(cut=st.integers(0, 100), seed=st.integers(0, 50))
def test_any_split_by_lists_gives_the_same_counts(cut: int, seed: int) -> None:
    """Subjects are in one part only: their switches are seen where their outputs are together."""
    given_ = made(seed, 400)
    given_["subjects"] = given_["lists"]
    whole = OutputCounts.of(**given_)

    def part(rows: slice) -> OutputCounts:
        its = {name: its[rows] for name, its in given_.items() if name not in ("segments", "events")}
        shops = {"shop": given_["segments"]["shop"][rows]}
        return OutputCounts.of(**its, segments=shops, events={"shown": len(its["outputs"])})

    both = part(slice(0, 4 * cut)).merge(part(slice(4 * cut, None)))

    assert both.whole.health.rows == whole.whole.health.rows == 400
    assert both.whole.items.equals(whole.whole.items)
    assert both.whole.lists.equals(whole.whole.lists)
    assert both.cells["shop", "Oslo"].items.equals(whole.cells["shop", "Oslo"].items)
    assert both.whole.measures()["switch_ratio"] == whole.whole.measures()["switch_ratio"]


def test_bytes_round_trip_and_those_of_something_else_are_refused() -> None:
    counts = OutputCounts.of(**made(1))
    again = OutputCounts.from_bytes(counts.to_bytes())

    assert {cell: one.measures() for cell, one in again.cells.items()} == {
        cell: one.measures() for cell, one in counts.cells.items()
    }
    for wrong in (b"", b"PK", counts.whole.to_bytes(), ItemCounts.empty().to_bytes()):
        with pytest.raises(ProfileFormatError):
            OutputCounts.from_bytes(wrong)


# --- through the service


@pytest.mark.both_ledgers
def test_every_family_is_shown_and_panes_and_parts_are_added(shop) -> None:
    parts = [made(seed) for seed in (1, 2, 3)]
    wrong = OutputCounts.of(["a"] * 50)
    shop.at("2024-05-02T06:00:00Z")
    send(shop, wrong, part="one")
    replaced = send(shop, OutputCounts.of(**parts[0]), part="one")
    send(shop, OutputCounts.of(**parts[1]), part="two")
    send(shop, OutputCounts.of(**parts[2]), at="2024-05-02")
    assert catalogue(shop, ItemCounts.from_array(list("aaabbcxyz")), 20).json == {"items": 6}
    shop.at("2024-05-03T06:00:00Z")
    items = np.concatenate([one["outputs"] for one in parts])
    said = items[items != ""]
    counts = np.unique(said.astype(str), return_counts=True)[1]

    assert replaced["replaced"]
    assert {one.name for one in OF_OUTPUT} <= families_of(shop.http.get("/metrics").text)
    assert shop.value("ml_output_rows") == 1200
    assert shop.value("ml_output_empty_ratio") == pytest.approx((items == "").mean())
    assert shop.value("ml_output_constant") == 0
    assert shop.value("ml_output_event_ratio", event="click_through") == pytest.approx(21 / 1200)
    assert shop.value("ml_recommendation_entropy_bits") == pytest.approx(entropy(counts, base=2))
    assert shop.value("ml_recommendation_catalogue_coverage_ratio") == 3 / 6
    assert shop.value("ml_recommendation_list_length") == 4
    assert shop.value("ml_output_rows", segment="shop", segment_value="Oslo") == sum(
        (one["segments"]["shop"] == "Oslo").sum() for one in parts
    )


def test_versions_are_shown_apart_while_there_are_two_and_a_shadow_is_not_among_all(shop) -> None:
    told = {"version": "2", "stage": "shadow", "time": "2024-04-30T00:00:00Z"}
    query = {"project": "travel", "model": "arrival-delay"}
    assert shop.http.post("/api/v1/deployments", json=told, query_string=query).status_code == 200
    send(shop, OutputCounts.of(["a", "b", ""]), version="1")
    send(shop, OutputCounts.of(["a"] * 5), version="2")
    shop.at("2024-05-02T06:00:00Z")

    assert shop.value("ml_output_rows") == 3
    assert shop.value("ml_output_constant", version="2") == 1
    assert shop.value("ml_output_empty_ratio", version="1") == pytest.approx(1 / 3)


def test_what_cannot_be_taken_says_why(shop) -> None:
    unreadable = shop.send("/api/v1/outputs", b"nothing", at="2024-05-01")
    other = shop.send("/api/v1/outputs", OutputCounts.of(["a"], segments={"city": ["x"]}).to_bytes(), at="2024-05-01")
    few = catalogue(shop, ItemCounts.from_array(["a", "a"]), 1)

    assert (unreadable.status_code, other.status_code, few.status_code) == (400, 422, 422)
    assert "'city' is no segment of travel/arrival-delay; its spec has shop" in other.json["detail"]
    assert "users=1 are fewer than the 2 who had one item" in few.json["detail"]


# --- spec and alerts


def test_each_bound_becomes_an_alert(tmp_path) -> None:
    (tmp_path / "m.yml").write_text(SPEC)
    found = [
        (one.name, one.severity, dict(one.labels).get("metric"))
        for one in alerts_for(load(tmp_path / "m.yml").spec)
        if one.name in ("ModelOutputOff", "ModelEventRatioOff")
    ]

    assert found == [
        ("ModelOutputOff", "critical", "ml_output_empty_ratio"),
        ("ModelOutputOff", "warning", "ml_output_empty_ratio"),
        ("ModelOutputOff", "warning", "ml_recommendation_catalogue_coverage_ratio"),
        ("ModelEventRatioOff", "warning", None),
    ]


@pytest.mark.parametrize("bound", ["> 1", "< 0", "> 2"])
def test_a_bound_that_no_value_can_meet_is_refused(tmp_path, bound: str) -> None:
    (tmp_path / "m.yml").write_text(THREE_LINES + f"outputs: {{empty_ratio: {{warning: '{bound}'}}}}\n")
    with pytest.raises(SpecError, match=r"outputs\.empty_ratio: .* is never or always true"):
        load(tmp_path / "m.yml")


def test_a_spec_that_was_away_for_a_while_shows_its_outputs_again(shop, tmp_path) -> None:
    send(shop, OutputCounts.of(["a", "b", ""]))
    shop.at("2024-05-02T06:00:00Z")
    file = next(tmp_path.rglob("model.yml"))
    text = file.read_text()
    file.write_text(text.replace("model: arrival-delay", "model: another"))
    assert shop.http.post("/-/reload").status_code == 200
    shop.at("2024-05-02T06:01:00Z")
    away = shop.value("ml_output_rows")
    file.write_text(text)
    assert shop.http.post("/-/reload").status_code == 200
    shop.at("2024-05-02T06:02:00Z")

    assert away is None
    assert shop.value("ml_output_rows") == 3
