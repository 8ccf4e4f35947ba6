"""The writer of generated files: what PyYAML reads back is what was given, and it looks as PyYAML writes it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wolfpack.rules.yaml_text import yaml_text

SIGNS = st.sampled_from([*"ab1-+x.:#'\"\\{}[],&*!|>%@`?~=_ \n\tnyNYoe0é\x85\u2028\ufeff\U0001f600"])
TEXTS = st.one_of(st.text(SIGNS, max_size=8), st.text(max_size=8), st.sampled_from(
    ["null", "Yes", "on", "1e3", "0+0x19", "0x19", "1:30", "2024-01-01", "<<", "=", "a: b", "a #b", "a:", "-", "|-"]
))  # fmt: skip
SCALARS = st.one_of(TEXTS, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
KEYS = st.one_of(TEXTS, st.integers())
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=9,
)


@settings(max_examples=1500, deadline=None)
@given(DATA)
def test_what_is_written_is_read_back(data: Any) -> None:
    assert yaml.safe_load(yaml_text(data)) == data


def test_what_others_register_with_pyyaml_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")

    monkeypatch.setitem(yaml.SafeDumper.yaml_representers, str, block)

    assert yaml.safe_load(yaml_text({"0\n": None, "a: b": "c\n"})) == {"0\n": None, "a: b": "c\n"}


@pytest.mark.parametrize(
    "data",
    [
        {"groups": [{"name": "a", "rules": [{"expr": "x\n  > 1\n\nor y", "labels": {}}, {"record": "a:b"}]}]},
        [["a", ["b"]], {"c": [{"d": 1.5, "e": None}]}, [], "null", 'say "it\'s": {x}'],
        {"on": True, "true": "true", "1": 2, "values": "-0.5+0x19 _x5 1e-07+0x3", "é": "ü"},
    ],
)
def test_it_looks_as_pyyaml_writes_it(data: Any) -> None:
    class Dumper(yaml.SafeDumper):
        pass

    Dumper.add_representer(
        str,
        lambda d, text: d.represent_scalar(
            "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
        ),
    )
    expected = yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000)

    assert yaml_text(data).split("\n", 1)[1] == expected
