"""Who is told, when, and what is refused before a file is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from test_rules_examples import FULL, SHORT, loaded, run

from wolfpack.cli import main
from wolfpack.rules import generate, load_receivers, write
from wolfpack.spec import SpecError

RECEIVERS = """\
flights:
  - slack_configs: [{channel: "#flights", api_url_file: /run/secrets/slack}]
    mute_time_intervals: [nights]
shop: []
wolfpack: {webhook_configs: [{url: "http://127.0.0.1:9/wolfpack"}]}
WolfpackWatchdog: {webhook_configs: [{url: "http://127.0.0.1:9/pulse"}]}
time_intervals:
  - {name: nights, time_intervals: [{times: [{start_time: "00:00", end_time: "06:00"}]}]}
"""
THEIRS = """\
route:
  receiver: ops
  group_by: [alertname]
  routes: [{matchers: ['team="web"'], receiver: web}]
receivers: [{name: ops}, {name: web}]
inhibit_rules: []
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with the generated files of both examples and the receivers above."""
    (tmp_path / "receivers.yml").write_text(RECEIVERS)
    files = generate(loaded(tmp_path / "specs", FULL, SHORT), load_receivers(tmp_path / "receivers.yml"))
    write(files, tmp_path / "out")
    return tmp_path / "out"


def routes_test(out: Path, config: Path | None = None) -> tuple[int, str]:
    return run(["sh", out / "tests" / "routes_test.sh", *([config] if config else [])])


@pytest.mark.needs("amtool")
def test_the_generated_cases_hold_and_amtool_accepts_the_configuration(out: Path) -> None:
    assert run(["amtool", "check-config", out / "alertmanager.yml"])[0] == 0
    assert routes_test(out) == (0, "")
    assert (out / "tests" / "routes_test.sh").read_text().count("\nreaches ") == 2 + 2 * 4


@pytest.mark.needs("amtool")
def test_the_generated_cases_fail_where_a_route_is_gone(out: Path) -> None:
    config = yaml.safe_load((out / "alertmanager.yml").read_text())
    config["route"]["routes"] = [one for one in config["route"]["routes"] if "flights" not in one["matchers"][0]]
    (out / "alertmanager.yml").write_text(yaml.safe_dump(config))

    code, said = routes_test(out)

    assert code == 1
    assert said.count("not at flights") == 4


@pytest.mark.needs("amtool")
def test_the_fragment_fits_into_a_configuration_that_exists(out: Path) -> None:
    """Each of its lists is appended to the one of its name; theirs go where they went."""
    theirs, ours = yaml.safe_load(THEIRS), yaml.safe_load((out / "alertmanager-fragment.yml").read_text())
    theirs["route"]["routes"] += ours.pop("routes")
    for name, entries in ours.items():
        theirs[name] = theirs.get(name, []) + entries
    file = out / "theirs.yml"
    file.write_text(yaml.safe_dump(theirs))

    assert run(["amtool", "check-config", file])[0] == 0
    assert routes_test(out, file) == (0, "")
    for receiver, label in (("web", "team=web"), ("ops", "alertname=DiskFull")):
        command = ["amtool", "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}"]
        assert run([*command, label])[0] == 0


def test_times_concern_what_is_not_critical(out: Path) -> None:
    routes = yaml.safe_load((out / "alertmanager.yml").read_text())["route"]["routes"]
    flights = next(one for one in routes if one["matchers"] == ['owner="flights"'])
    calm, live = flights["routes"]

    assert calm["matchers"] == ['severity=~"warning|info"']
    assert calm["mute_time_intervals"] == calm["routes"][0]["mute_time_intervals"] == ["nights"]
    assert "mute_time_intervals" not in live
    assert "mute_time_intervals" not in flights


def test_an_owner_without_a_receiver_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        generate(loaded(tmp_path, FULL, SHORT), {"wolfpack": []})

    said = [str(one).removeprefix(f"{tmp_path}/") for one in caught.value.faults]
    assert said == [
        "1.yml:2: project: 'shop' has no receiver; add one to the file of receivers, or `shop: []` to tell nobody",
        "0.yml:5: owner: 'flights' has no receiver; add one to the file of receivers, or `flights: []` to tell nobody",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: {slack_configs: [{api_url: 'https://x'}]}", r":2: a\.slack_configs\[0\]\.api_url: is a secret"),
        ("a: {pagerduty_configs: [{routing_key: x}]}", r":2: a\.pagerduty_configs\[0\]\..*routing_key_file"),
        (
            "a: {webhook_configs: [{url: x, http_config: {basic_auth: {password: x}}}]}",
            r"http_config\.basic_auth\.password: is a secret",
        ),
        ("a: {webhook_configs: [{url: x}], mute_time_intervals: [days]}", r"mute_time_intervals: 'days' is no time"),
        ("a: {mute_time_intervals: []}", "a: has times and no receiver"),
        ("time_intervals: [{times: []}]", r"time_intervals: must be a list"),
    ],
)
def test_secrets_and_times_that_are_none_are_refused_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "receivers.yml"
    file.write_text(f"wolfpack: []\n{text}\n")

    with pytest.raises(SpecError, match=said):
        load_receivers(file)


def test_a_file_that_forgets_wolfpack_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "receivers.yml").write_text("flights: {webhook_configs: [{url: x}]}")

    with pytest.raises(SpecError, match="nobody is told when Wolfpack itself fails"):
        load_receivers(tmp_path / "receivers.yml")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("mean: {within: 0.1, columns: [c]}\ncolumns: {c: {type: text}}", "4: mean.columns: 'c' is text"),
        ("mean:\n  within: 0.1\n  against: []", "6: mean.against: is empty"),
        ("detect: [{metric: ml_column_mean_change_ratio}]", "4: detect[0].metric: 'ml_column_mean_change"),
        ("detect:\n  - {metric: ml_model_brier}", "5: detect[0].metric: 'ml_model_brier' is not shown: quality needs"),
        ("detect: [{metric: ml_pane_rows_previous}]", "detect[0].metric: 'ml_pane_rows_previous' is not shown"),
        ("detect: [{metric: ml_column_out_of_range_ratio}]", "give a column a `range`"),
        ("detect: [{metric: ml_column_mean, role: prediction}]", "detect[0].role: there is no `prediction`"),
        ("detect: [{metric: ml_column_mean, role: label, columns: [a]}]", "'a' has the role input, not label"),
        (
            "prediction: {column: p}\nlabel: {column: y, key: k}\nquality: {roc_auc: {drop: 1}}",
            "6: quality.roc_auc.drop: 1 cannot be exceeded",
        ),
        ("alerts: {annotations: {a: '{{ .X }}'}}", "4: alerts.annotations.a: '{{ .X }}' has a template"),
        ("drift: {ks: {warning: 1}}", "4: drift.ks: warning 1 cannot be exceeded"),
        ("\nwindow: 420d", "5: window: a window needs panes of 420d, which are kept for 400d; look back less"),
        ("every: 15m\nwindow: 35d", "5: window: a window needs hours of 35d, which are kept for 30d"),
        ("window: 350d\ndrift:\n  baseline: [previous]", "6: drift.baseline: 'previous' needs panes of 700d, which"),
        ("window: 210d\nmean: {within: 1, against: [trailing]}", "5: mean.against: 'trailing' needs panes of 420d"),
    ],
)
def test_a_rule_that_cannot_fire_is_refused_with_its_line_and_nothing_is_written(
    tmp_path: Path, more: str, said: str
) -> None:
    (tmp_path / "m.yml").write_text(f"{SHORT}{more}\n")
    (tmp_path / "out").mkdir()

    done = CliRunner().invoke(main, ["rules", str(tmp_path / "m.yml"), "-o", str(tmp_path / "out")])
    checked = CliRunner().invoke(main, ["check", str(tmp_path / "m.yml")])

    assert done.exit_code == 2
    assert said in done.output
    assert (checked.exit_code, said in checked.output) == (1, True)
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.parametrize("more", ["window: 35d", "drift: {baseline: [previous]}\nwindow: 20d",
                                  "detect: [{metric: ml_window_rows, warm_up: 40d}]", ""])  # fmt: skip
def test_what_the_exporter_keeps_decides_what_is_refused(tmp_path: Path, more: str) -> None:
    (tmp_path / "m.yml").write_text(f"{SHORT}{more}\n")
    short, long = (["--keep", f"panes={days}d", "--keep", f"samples={days}d"] for days in (30, 60))

    for command in (["check"], ["rules", "-o", str(tmp_path / "out")]):
        said = [CliRunner().invoke(main, [*command, str(tmp_path / "m.yml"), *kept]) for kept in (long, short)]

        assert [one.exit_code == 0 for one in said] == [True, not more], said[1].output
        assert ("which are kept for 30d" in said[1].output) == bool(more)


def test_two_specs_that_give_the_same_alert_are_refused(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text(SHORT)

    done = CliRunner().invoke(main, ["rules", str(tmp_path), "-o", str(tmp_path / "out")])

    assert done.exit_code == 2
    assert f"b.yml:3: model shop/churn is described by {tmp_path / 'a.yml'} too" in done.output
    assert not (tmp_path / "out").exists()
