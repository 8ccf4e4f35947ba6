"""Rules of random valid specs: accepted by the programs they are for, and proved by their own tests."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from made_specs import drawn
from test_rules_examples import SHORT, loaded, run

from wolfpack.rules import Timing, alerts_for, generate, write
from wolfpack.rules.scenarios import scenarios
from wolfpack.spec import Loaded

COUNT = 10 * int(os.environ.get("WOLFPACK_ROUNDS", "2"))
"""1,000 in `make soak`."""
PROVED = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Loaded]:
    return drawn(COUNT, tmp_path_factory.mktemp("specs"))


@pytest.fixture(scope="module")
def out(made: list[Loaded], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated files of all of them, each owner with a receiver."""
    folder = tmp_path_factory.mktemp("made") / "out"
    hook = {"webhook_configs": [{"url": "http://127.0.0.1:9"}]}
    began = time.process_time()
    files = generate(made, {one.spec.owned_by: hook for one in made})
    print(f"rules of {len(made)} specs generated in {time.process_time() - began:.1f} s of CPU time")
    write(files, folder)
    return folder


def test_the_specs_differ(made: list[Loaded]) -> None:
    assert len({one.spec.model_dump_json(exclude={"model"}) for one in made}) > 0.8 * COUNT
    assert {bool(one.spec.scalars) for one in made} == {bool(one.spec.mean) for one in made} == {True, False}


@pytest.mark.soak
@pytest.mark.needs("promtool")
def test_promtool_accepts_the_rules_of_every_spec_and_has_nothing_to_lint(out: Path) -> None:
    code, said = run(["promtool", "check", "rules", "--lint=all", "--lint-fatal", *sorted(out.glob("rules/*.yml"))])

    assert code == 0, said
    assert said.count("SUCCESS") == COUNT + 1


@pytest.mark.soak
@pytest.mark.needs("amtool")
def test_amtool_accepts_the_configuration_of_all_their_owners(out: Path) -> None:
    code, said = run(["amtool", "check-config", out / "alertmanager.yml"])

    assert code == 0, said


def test_columns_that_are_named_by_size_differ_in_it(made: list[Loaded]) -> None:
    """Prometheus gives equal ones in any order, so what is told of them could not be foretold."""
    ranked = {"ml_column_psi", "ml_column_missing_ratio"}
    for one in made:
        for scenario in (scenario for scenario in scenarios(alerts_for(one.spec), Timing()) if scenario.worded):
            for name in ranked:
                ranks: dict[frozenset[tuple[str, str]], list[float]] = {}
                for (family, labels), value in scenario.values.items():
                    if family == name and value:
                        ranks.setdefault(frozenset(pair for pair in labels if pair[0] != "column"), []).append(value)

                assert all(len(its) == len(set(its)) for its in ranks.values()), (one.spec.model, scenario.name, name)


@pytest.mark.needs("promtool")
def test_the_generated_tests_of_twenty_pass(out: Path) -> None:
    """Every one holds all alerts of its model, by the words that the table's own function gives."""
    tests = sorted(out.glob("tests/made--*_test.yml"))[:PROVED]

    code, said = run(["promtool", "test", "rules", *tests])

    assert code == 0, said
    assert said.count("SUCCESS") == PROVED


@pytest.mark.needs("amtool")
def test_the_routes_of_their_owners_hold(out: Path) -> None:
    """The cases of the first eight owners: amtool is started for each."""
    script = out / "tests" / "routes_test.sh"
    lines = script.read_text().splitlines(keepends=True)
    cases = [line for line in lines if line.startswith("reaches ")]
    script.write_text("".join(line for line in lines if line not in cases[32:]))

    assert run(["sh", script]) == (0, "")


def test_a_three_line_spec_has_fifteen_to_sixty_alerts(tmp_path: Path) -> None:
    rules = yaml.safe_load(generate(loaded(tmp_path, SHORT))["rules/shop--churn.yml"])["groups"][0]["rules"]

    assert 15 <= len(rules) <= 60
