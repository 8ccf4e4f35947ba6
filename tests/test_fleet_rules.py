"""What is recorded over all models: proved by promtool, bounded by the owners, named level:metric:operation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from test_rules_examples import SHORT, loaded, run

from wolfpack.rules import Timing, generate, write
from wolfpack.rules.fleet_rules import STATES, fleet_rules
from wolfpack.spec import names


def test_names_say_level_metric_and_operation() -> None:
    for rule in fleet_rules(Timing()):
        level, metric, operation = rule["record"].split(":")
        assert (metric, operation) in {("models", "count"), ("alerts", "count")}
        kept = re.search(r"count by \(([^)]*)\)", rule["expr"])
        assert kept is not None
        assert {*kept[1].split(", "), *rule.get("labels", {})} == set(level.split("_"))


def test_they_are_as_many_for_a_hundred_models_as_for_one(tmp_path: Path) -> None:
    one = loaded(tmp_path / "one", SHORT)
    many = loaded(tmp_path / "many", *(SHORT.replace("churn", f"churn{n}") for n in range(20)))

    assert generate(one)["rules/wolfpack.yml"] == generate(many)["rules/wolfpack.yml"]


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("broken", [False, True], ids=["as generated", "without healthy"])
def test_promtool_proves_them_and_sees_a_rule_that_is_gone(tmp_path: Path, broken: bool) -> None:
    write(generate(loaded(tmp_path / "specs", SHORT)), tmp_path / "out")
    file = tmp_path / "out" / "rules" / "wolfpack.yml"
    rules = yaml.safe_load(file.read_text())
    fleet = rules["groups"][1]["rules"]
    assert [one["record"] for one in fleet].count(names.OWNER_STATES) == len(STATES)
    if broken:
        rules["groups"][1]["rules"] = [one for one in fleet if one.get("labels") != {"state": "healthy"}]
        file.write_text(yaml.safe_dump(rules))

    code, said = run(["promtool", "test", "rules", tmp_path / "out" / "tests" / "wolfpack_test.yml"])

    assert (code != 0) == broken, said
