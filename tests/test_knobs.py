"""Every threshold of a spec can be turned, and nothing else of the spec is turned with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_rules_examples import FULL, SHORT, loaded

from wolfpack import flights
from wolfpack.rules.knobs import knobs, turned
from wolfpack.spec import Spec, load

REGRESSION = SHORT + """\
prediction: {column: price, task: regression}
label: {column: paid, key: id, matures_after: 1d}
quality: {mae: {warning: "> 5", drop: 1}, r2: {critical: "< 0.3"}}
"""


def leaves(value: object, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    if isinstance(value, dict):
        return {leaf: its for key, inner in value.items() for leaf, its in leaves(inner, (*place, str(key))).items()}
    return {place: value}


def said(spec: Spec) -> dict[tuple[str, ...], object]:
    return leaves(spec.model_dump(mode="json", by_alias=True))


@pytest.mark.parametrize("text", [SHORT, FULL, REGRESSION, flights.SPEC_FILE.read_text()], ids=[
    "three lines", "everything", "regression", "flights",
])  # fmt: skip
def test_each_threshold_is_turned_alone(tmp_path: Path, text: str) -> None:
    (one,) = loaded(tmp_path, text)
    for knob in knobs(one.spec):
        values = [*knob.louder(), *knob.quieter()]
        found = next((its for its in (turned(one.spec, knob, value) for value in values) if its is not None), None)

        assert found is not None, knob.dotted
        before, after = said(one.spec), said(found)
        assert {place for place in before | after if before.get(place) != after.get(place)} == {knob.place}


def test_a_value_that_the_spec_refuses_is_no_turn(tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(SHORT + "drift: {ks: {warning: 0.9}}\n")
    spec = load(tmp_path / "m.yml").spec
    (knob,) = (one for one in knobs(spec) if one.dotted == "drift.ks.warning")

    assert turned(spec, knob, 1.0) is None
