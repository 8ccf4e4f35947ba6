"""What `wolfpack rules` writes is accepted by the programs it is for, and written whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from test_rules_examples import FULL, SHORT, loaded, run

from wolfpack.rules import Timing, alerts_for, generate, load_receivers, write
from wolfpack.rules.quality_runbooks import QUALITY_RUNBOOKS
from wolfpack.rules.runbooks import RUNBOOKS
from wolfpack.rules.service_rules import service_rules
from wolfpack.rules.told import TOLD
from wolfpack.spec import SpecError

HOOK = {"flights": {"webhook_configs": [{"url": "http://127.0.0.1:9/flights"}]}, "shop": []}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with the generated files of both examples."""
    write(generate(loaded(tmp_path / "specs", FULL, SHORT), HOOK), tmp_path / "out")
    return tmp_path / "out"


def test_files_are_named_by_model_and_alert(out: Path) -> None:
    found = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}

    models = ("shop--churn", "travel--arrival-delay", "wolfpack")
    expected = {f"rules/{name}.yml" for name in models} | {f"tests/{name}_test.yml" for name in models}
    expected |= {"tests/travel--arrival-delay_live_test.yml"}
    expected |= {"alertmanager.yml", "alertmanager-fragment.yml", "tests/routes_test.sh"}
    assert found == expected | {f"runbooks/{name}.md" for name in RUNBOOKS}


def test_every_alert_has_words_and_a_runbook() -> None:
    assert set(RUNBOOKS) == set(TOLD) | {rule.name for rule in service_rules(Timing())}


@pytest.mark.needs("promtool")
def test_promtool_accepts_the_rules_and_has_nothing_to_lint(out: Path) -> None:
    code, said = run(["promtool", "check", "rules", "--lint=all", "--lint-fatal", *out.glob("rules/*.yml")])

    assert code == 0, said
    assert said.count("SUCCESS") == 3


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    "timing", [Timing(), Timing(evaluation=5, for_=10, lookback=60)], ids=["minutes", "seconds"]
)
def test_generated_tests_pass(tmp_path: Path, timing: Timing) -> None:
    """They hold the printed expressions, labels and annotations against the table's own function."""
    write(generate(loaded(tmp_path / "specs", FULL, SHORT), timing=timing), tmp_path / "out")

    code, said = run(["promtool", "test", "rules", *(tmp_path / "out").glob("tests/*.yml")])

    assert code == 0, said


@pytest.mark.needs("promtool")
def test_generated_tests_fail_on_another_threshold(out: Path) -> None:
    rules = out / "rules" / "shop--churn.yml"
    rules.write_text(rules.read_text().replace(" > 0.1)\n", " > 0.0999)\n"))

    code, said = run(["promtool", "test", "rules", out / "tests" / "shop--churn_test.yml"])

    assert code != 0
    assert "# boundary" in said


def test_each_scenario_holds_and_each_alert_fires_in_it(out: Path) -> None:
    tests = yaml.safe_load((out / "tests" / "travel--arrival-delay_test.yml").read_text())["tests"]
    fired: dict[str, set[tuple[str, str]]] = {}
    for test in tests:
        told = fired.setdefault(test["name"].split(" ")[0], set())
        for check in test.get("alert_rule_test", ()):
            told |= {(check["alertname"], one["exp_labels"]["severity"]) for one in check["exp_alerts"]}
        for sample in (one for check in test.get("promql_expr_test", ()) for one in check["exp_samples"]):
            labels = dict(re.findall(r'(alertname|severity)="(\w+)"', sample["labels"]))
            told.add((labels["alertname"], labels["severity"]))

    rules = yaml.safe_load((out / "rules" / "travel--arrival-delay.yml").read_text())["groups"][0]["rules"]
    every = {(rule["alert"], rule["labels"]["severity"]) for rule in rules}
    assert list(fired) == ["silent", "boundary", "fires", "missing", "restart"]
    assert fired["silent"] == set()
    assert fired["fires"] == fired["missing"] == fired["restart"] == every


@pytest.mark.needs("amtool")
def test_amtool_accepts_the_configuration_and_routes_by_owner(out: Path) -> None:
    file = f"--config.file={out / 'alertmanager.yml'}"

    assert run(["amtool", "check-config", out / "alertmanager.yml"])[0] == 0
    for receiver, labels in (
        ("flights", ["owner=flights", "alertname=ModelColumnMissing", "severity=critical"]),
        ("flights", ["owner=flights", "alertname=ModelLive", "check=live"]),
        ("null", ["owner=shop", "alertname=ModelColumnMissing"]),
        ("null", ["owner=wolfpack", "alertname=WolfpackWatchdog"]),
        ("null", ["alertname=SomethingElse"]),
    ):
        code, said = run(
            ["amtool", "config", "routes", "test", file, f"--verify.receivers={receiver}", *labels]
        )
        assert code == 0, said


def test_equal_specs_give_equal_text_in_any_order(tmp_path: Path) -> None:
    specs = loaded(tmp_path, FULL, SHORT)

    assert generate(specs) == generate(specs[::-1])


def test_rules_carry_labels_annotations_and_times(out: Path) -> None:
    text = (out / "rules" / "travel--arrival-delay.yml").read_text()
    rules = yaml.safe_load(text)["groups"][0]["rules"]

    assert text.startswith("# Generated by `wolfpack rules`. DO NOT EDIT")
    for rule in rules:
        assert {"severity", "owner", "check"} <= set(rule["labels"])
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url", "dashboard_url", "slack"}
        assert rule["annotations"]["slack"].startswith(f"#flights {rule['labels']['severity']}")
        kept = "1d12h" if rule["labels"]["check"] in ("drift", "quality", "fairness") else None
        assert rule.get("keep_firing_for") == kept
        assert rule["for"] == ("17m" if rule["alert"] == "ModelRulesOutdated" else "2m")


def test_a_template_that_cannot_be_foretold_is_refused_with_its_line(tmp_path: Path) -> None:
    text = SHORT + "alerts:\n  annotations:\n    slack: '{{ .Nothing }}'\n"

    with pytest.raises(SpecError, match=r"0\.yml:6: alerts\.annotations\.slack: .*only one allowed"):
        generate(loaded(tmp_path, text))


def test_two_models_with_one_file_name_are_refused(tmp_path: Path) -> None:
    first = "version: wolfpack/v1\nproject: a\nmodel: b--c\n"
    second = "version: wolfpack/v1\nproject: a--b\nmodel: c\n"

    with pytest.raises(SpecError, match=r"rules/a--b--c\.yml is the file of another model too"):
        generate(loaded(tmp_path, first, second))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- flights", "must be a mapping"),
        ("flights: http://x", "flights: 'http://x' is no receiver"),
        ("flights:", "flights: None is no receiver"),
        ("flights: {webhook: [{url: x}]}", r"flights\.webhook: must be a list"),
        ("null: {webhook_configs: [{url: x}]}", "None: is no owner"),
        ("flights: [", "cannot be read"),
    ],
)
def test_receivers_that_are_none_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "receivers.yml"
    file.write_text(text)

    with pytest.raises(SpecError, match=said):
        load_receivers(file)


def test_a_list_of_receivers_is_one_with_all(tmp_path: Path) -> None:
    file = tmp_path / "receivers.yml"
    file.write_text("flights: [{webhook_configs: [{url: a}]}, {webhook_configs: [{url: b}]}]\nwolfpack: []")

    assert load_receivers(file) == {"flights": {"webhook_configs": [{"url": "a"}, {"url": "b"}]}, "wolfpack": []}


def test_files_of_a_model_that_is_gone_go_and_others_stay(tmp_path: Path, out: Path) -> None:
    (out / "README").write_text("mine")

    write(generate(loaded(tmp_path / "specs", SHORT)), out)

    assert sorted(file.name for file in (out / "rules").iterdir()) == ["shop--churn.yml", "wolfpack.yml"]
    assert sorted(file.name for file in out.iterdir()) == [
        "README",
        "alertmanager-fragment.yml",
        "alertmanager.yml",
        "rules",
        "runbooks",
        "tests",
    ]


@pytest.mark.parametrize("path", ["tests/test_mine.py", "alertmanager.yml"])
def test_a_file_that_was_not_generated_is_not_lost(tmp_path: Path, path: str) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / path).write_text("mine")

    with pytest.raises(ValueError, match="was not generated by Wolfpack and would be lost"):
        write(generate(loaded(tmp_path / "specs", SHORT)), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted({"tests", "specs", path.split("/")[0]})


def test_a_write_that_fails_half_way_leaves_the_folder_as_it_was(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file: file.read_text() for file in out.rglob("*") if file.is_file()}
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "runbooks" and self.parent.name == "new":
            raise OSError("disk is gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk is gone"):
        write(generate(loaded(tmp_path / "specs", SHORT)), out)

    assert {file: file.read_text() for file in out.rglob("*") if file.is_file()} == before


def test_a_three_line_spec_has_rules(tmp_path: Path) -> None:
    names = {alert.name for alert in alerts_for(loaded(tmp_path, SHORT)[0].spec)}

    asked_for = set(QUALITY_RUNBOOKS) | {"ModelScalarOutOfBounds", "ModelScalarStale", "ModelJobLate", "ModelJobSlow"}
    asked_for |= {name for name in TOLD if name.startswith("ModelLive")}
    asked_for |= {"ModelColumnOutOfRange", "ModelDataStale", "ModelColumnMeanOff"}
    assert names == set(TOLD) - {"ModelAnomaly"} - asked_for
