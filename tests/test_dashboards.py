"""The boards: what Grafana, its linter, Prometheus and our catalogue want of them, on every panel."""

import json
import re
import subprocess
from pathlib import Path
from string import ascii_uppercase

import grafanalib._gen
import pytest
import yaml

from wolfpack import dashboards
from wolfpack.dashboards import shared_boards, spec_board
from wolfpack.dashboards.layout import Section, board
from wolfpack.dashboards.model_panels import above
from wolfpack.dashboards.panels import Panel, lines
from wolfpack.dashboards.quality_panels import ANY_MEASURE, below
from wolfpack.dashboards.scope import Scope
from wolfpack.spec import FAMILIES, Spec, names
from wolfpack.spec.measures import MEASURES
from wolfpack.spec.model import Quality
from wolfpack.spec.vocabulary import Levels

SHORT = {"version": "wolfpack/v1", "project": "travel", "model": "delay"}
FULL = SHORT | {
    "columns": {"seen": {"type": "datetime"}, "fare": {"range": [0, None]}},
    "prediction": {"column": "score"},
    "mean": {"within": 0.1},
    "label": {"column": "late", "key": "id"},
    "segments": {"origin": {}},
    "drift": {"psi": {"warning": 0.1, "critical": 0.25}},
    "quality": {"roc_auc": {"warning": "< 0.75", "critical": "< 0.6"}, "brier": {"critical": "> 0.25"}},
    "live": {"latency": {"warning": 0.5}},
    "jobs": {"nightly": {"schedule": "0 5 * * *"}},
    "scalars": {"rebookings": {"warning": "> 40"}},
    "detect": [{"metric": names.COLUMN_MEAN.name, "role": "prediction"}],
}
BOARDS = {
    **{name.removesuffix(".json"): one for name, one in shared_boards().items() if name != "service.json"},
    "full": spec_board(Spec.model_validate(FULL)),
    "short": spec_board(Spec.model_validate(SHORT)),
}
UNITS = {"none", "short", "s", "reqps", "percentunit", "dateTimeAsIso", "bytes"}
FREE_OF_MODEL = {"datasource", "project"}


def panels(name: str) -> list[dict]:
    return [panel for panel in BOARDS[name]["panels"] if panel["type"] != "row"]


PANELS = [
    pytest.param(name, panel, id=f"{name}-{panel['title']}") for name in BOARDS for panel in panels(name)
]
MARKS = [mark for name in BOARDS for mark in BOARDS[name]["annotations"]["list"]]
QUERIES = sorted(
    {target["expr"] for name in BOARDS for panel in panels(name) for target in panel["targets"]}
    | {mark["expr"] for mark in MARKS}
)
VARIABLES = [
    pytest.param(name, variable, id=f"{name}-{variable['name']}")
    for name in BOARDS
    for variable in BOARDS[name]["templating"]["list"]
]
VARIABLE_QUERIES = [
    variable["query"]
    for name in BOARDS
    for variable in BOARDS[name]["templating"]["list"]
    if variable["type"] == "query"
]


ESTIMATES = ("estimate_stderr", "estimate_error", "estimate_error_noise")
OWN = {names.OWNER_STATES, names.OWNER_ALERTS}
"""Recorded by the generated rules: by owner, without project and model."""
INNER = re.compile(
    r"(?:max|sum|count) by \(([^)]*)\) \((?:\w+\()?([\w:]+(?:\{[^}]*\})?|\{[^}]*\})(?:\[[^\]]*\])?\)+"
)


def selectors(expr: str) -> list[tuple[str, dict[str, str]]]:
    """Return name and matchers, operator with value, of each selector of an expression."""
    found = []
    for name, body in re.findall(r"([a-zA-Z_:][\w:]*)?\{([^}]*)\}", expr):
        matchers = {label: op + value for label, op, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', body)}
        found.append((name, matchers))
    return found


def used_in(text: str) -> set[str]:
    """Return the variables that a text names; names with two underscores are Grafana's own."""
    return {name for name in re.findall(r"\$\{?(\w+)", text) if not name.startswith("__")}


def groups(expr: str) -> list[tuple[list[str], str]]:
    """Return the labels that each innermost aggregation keeps, and the selector in it."""
    return [
        (by.split(", "), selector)
        for by, selector in re.findall(INNER, expr)
    ]


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_panel_has_what_the_linter_wants(name, panel):
    """dashboard-linter 0.2: panel-title-description, -units, -datasource, -no-targets; and refIds."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"]
    assert [target["refId"] for target in panel["targets"]] == list(ascii_uppercase[: len(panel["targets"])])
    assert len({target["legendFormat"] for target in panel["targets"]}) == len(panel["targets"])
    for thing in (panel, *panel["targets"]):
        assert thing["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_panel_has_the_modern_shape(name, panel):
    """What grafanalib writes of Grafana 6 is gone, and no value is null but that of a first threshold."""
    stale = {"editable", "error", "height", "span", "minSpan", "maxDataPoints", "hideTimeOverride"}
    assert not stale & panel.keys()
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] is None for step in steps] == [True, *[False] * (len(steps) - 1)]
    assert [step["value"] for step in steps[1:]] == sorted(step["value"] for step in steps[1:])
    for target in panel["targets"]:
        assert target.keys() == {
            "datasource", "editorMode", "expr", "format", "instant", "legendFormat", "range", "refId",
        }  # fmt: skip
        assert target["instant"] != target["range"]
        assert target["instant"] == (panel["type"] in ("stat", "table"))
    firsts = [one for one in json.dumps(panel).split('"steps": ') if one.startswith("[{")]
    assert json.dumps(panel).count("null") == len(firsts)


@pytest.mark.parametrize("name", BOARDS)
def test_board_has_the_modern_shape(name):
    found = BOARDS[name]

    assert found["schemaVersion"] >= 39
    assert found["editable"] is False
    assert found["graphTooltip"] == 1
    stale = {"__inputs", "rows", "style", "hideControls", "sharedCrosshair", "gnetId", "version"}
    assert not stale & found.keys()
    assert [link["tags"] for link in found["links"]] == [["wolfpack"]]
    assert found["tags"] == ["wolfpack"]
    assert re.fullmatch(r"[a-z0-9-]{1,40}", found["uid"])


@pytest.mark.parametrize("name", BOARDS)
def test_no_panels_overlap_and_all_lie_on_the_grid(name):
    taken: dict[tuple[int, int], str] = {}
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for cell in [(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])]:  # fmt: skip
            assert cell not in taken, f"{panel['title']} lies over {taken[cell]}"
            taken[cell] = panel["title"]
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize(("name", "variable"), VARIABLES)
def test_variable_has_what_the_linter_wants(name, variable):
    """template-datasource, -label-promql, -on-time-change-reload. There is no job or instance to choose:
    the exporter speaks for every model, and target labels are aggregated away."""
    assert variable["label"]
    if variable["name"] == "datasource":
        given = (variable["type"], variable["query"], variable["label"])
        assert given == ("datasource", "prometheus", "Data source")
        return
    assert variable["type"] == "query"
    assert variable["query"].startswith("label_values(")
    assert variable["refresh"] == 2
    assert variable["datasource"]["uid"] == "${datasource}"
    assert variable["multi"] == (variable.get("allValue") == ".+")
    assert variable["includeAll"] == (variable.get("allValue") in (".+", "^$"))  # the latter: no label


@pytest.mark.parametrize("name", BOARDS)
def test_every_variable_that_is_used_exists_and_comes_before_its_use(name):
    found = BOARDS[name]
    known: set[str] = set()
    for variable in found["templating"]["list"]:
        assert used_in(variable["query"]) <= known
        known.add(variable["name"])
    assert used_in(json.dumps([found[part] for part in ("panels", "links", "annotations")])) <= known
    assert known <= used_in(json.dumps(found))


@pytest.mark.parametrize("expr", [*QUERIES, *VARIABLE_QUERIES])
def test_query_names_the_catalogue_and_pins_chooses_or_groups(expr):
    """Every family with labels of its own; version and segment are pinned, chosen by a variable, or grouped by."""
    found = [(name, matchers) for name, matchers in selectors(expr) if name not in OWN]
    kept = {label for by, _ in groups(expr) for label in by} | set(re.findall(r", (\w+)\)$", expr))
    assert found or selectors(expr) or expr == f"label_values({names.MODEL_INFO}, project)"
    for family, matchers in found:
        if family in ("ALERTS", ""):
            parts = {f"=~$measure.{part}" for part in ("stderr", "baseline", "estimate", *ESTIMATES)}
            assert family or matchers["__name__"] in {"=$metric", "=$measure", f"=~{ANY_MEASURE}", *parts}
        else:
            family = family if family in FAMILIES else family.removesuffix("_bucket")
            assert matchers.keys() <= set(FAMILIES[family].labels)
        for label in {"version", "segment"} & set(FAMILIES[family].labels if family in FAMILIES else ()):
            assert matchers.get(label) in ("=", f"=~${label}") or label in kept
        assert matchers["project"] in ("=$project", "=~$project", "=travel")
        assert "model" in matchers or expr.endswith((", model)", ", owner)")) or "model" in kept or "owner" in expr


@pytest.mark.parametrize("expr", QUERIES)
def test_query_aggregates_target_labels_away(expr):
    """Each selector stands in an aggregation by labels of its family, so no pod or job name gets through."""
    inner = groups(expr)
    assert len(inner) == len(selectors(expr))
    for by, selector in inner:
        family = selector.split("{")[0]
        if family in FAMILIES:
            assert set(by) <= set(FAMILIES[family].labels)
        assert not {"instance", "job", "pod"} & set(by)


@pytest.mark.parametrize("expr", [expr for expr in QUERIES if "rate(" in expr])
def test_rates_are_of_counters_over_four_scrapes_of_a_minute(expr):
    """target-counter-agg. Not `$__rate_interval` (target-rate-interval): it is too short where Grafana's data source
    keeps its 15 s and the scrape job has 60 s."""
    for name, seconds in re.findall(r"rate\((\w+)\{[^}]*\}\[([^\]]*)\]\)", expr):
        counted = FAMILIES[name.removesuffix("_bucket")]
        assert counted.type in ("counter", "histogram")
        assert seconds == "5m"
    assert expr.count("rate(") == len(re.findall(r"(?:max|sum) by \([^)]*\) \(rate\(", expr))


def test_deployments_are_marked_on_every_board_of_one_model():
    """In milliseconds, which is what `useValueForTime` takes."""
    marked = {name for name in BOARDS if BOARDS[name]["annotations"]["list"]}

    assert marked == set(BOARDS) - {"fleet"}
    assert all(mark["expr"].startswith(f"1000 * max by (version, stage) ({names.DEPLOYMENT}{{") for mark in MARKS)
    assert {mark["datasource"]["uid"] for mark in MARKS} == {"${datasource}"}


def test_the_page_has_a_row_and_the_panels_of_every_board():
    page = (Path(__file__).parent.parent / "docs" / "dashboards.md").read_text()
    for file, one in shared_boards().items():
        assert f"| `{file}`, `{one['uid']}` |" in page
        assert f"<!-- generated: panels-{file.removesuffix('.json')} -->" in page


@pytest.mark.needs("promtool")
def test_every_query_is_read_by_a_real_promtool(tmp_path):
    rules = [{"record": f"board:query{i}", "expr": expr} for i, expr in enumerate(QUERIES)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": rules}]}))
    good = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    file.write_text(file.read_text().replace("max by (role)", "max by role", 1))
    bad = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)

    assert (good.returncode, good.stderr) == (0, "")
    assert f"{len(QUERIES)} rules found" in good.stdout
    assert bad.returncode != 0


def families(name: str) -> set[str]:
    exprs = [target["expr"] for panel in panels(name) for target in panel["targets"]]
    return {family for expr in exprs for family, _ in selectors(expr)}


def test_board_of_a_spec_has_only_what_it_can_fill():
    """Without prediction, label, segments or detect, nothing is asked that no exporter will answer."""
    drawn = (MEASURES["roc_auc"], MEASURES["brier"], MEASURES["expected_calibration_error"])
    quality = {one.name for its in drawn for one in its.families} | {names.CALIBRATION_NOISE.name}
    anomaly = {names.ANOMALY_SCORE.name}

    assert anomaly <= families("model")
    # Any measure is chosen on the shared board; of rows it draws both kinds of what they are compared with.
    assert families("full") - quality == families("model") - {names.PANE_ROWS_PREVIOUS.name}
    assert not (quality | anomaly) & families("short")
    assert names.COLUMN_MISSING.name in families("short")
    assert {"metric", "watched"}.isdisjoint(v["name"] for v in BOARDS["short"]["templating"]["list"])
    assert {v["name"] for v in BOARDS["model"]["templating"]["list"]} > FREE_OF_MODEL
    rows = [panel["title"] for panel in BOARDS["short"]["panels"] if panel["type"] == "row"]
    assert rows == ["Now", "Alerts", "Data", "Columns", "Distribution", "Drift", "Schedule"]


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"segments": {}}, "Rows by segment"),
        ({"detect": []}, "Anomaly score"),
        ({"columns": {}}, "Out of range by column"),
        ({"columns": {}}, "Age of the times"),
        ({"mean": None}, "Change of the mean"),
        ({"jobs": {}}, "Failed jobs"),
        ({"scalars": {}}, "Values"),
        ({"quality": {}, "label": None}, "ROC AUC"),
        ({"quality": {}, "label": None}, "Coverage of labels"),
        ({"quality": {}, "prediction": {"column": "score", "task": "regression"}}, "Brier score"),
        ({"quality": {}, "prediction": None}, "Mean of the predictions"),
    ],
)
def test_a_panel_is_there_exactly_with_its_section_of_the_spec(change, title):
    without = spec_board(Spec.model_validate(FULL | change))

    assert title in [panel["title"] for panel in panels("full")]
    assert title not in [panel["title"] for panel in without["panels"]]


def test_rows_are_compared_only_where_the_spec_asks_for_it():
    def compared(rows):
        found = json.dumps(spec_board(Spec.model_validate(FULL | {"change": {"rows": rows}})))
        return [one for one in (names.PANE_ROWS_TRAILING, names.PANE_ROWS_PREVIOUS) if f"{one}{{" in found]

    assert compared(None) == []
    assert compared({}) == [names.PANE_ROWS_TRAILING]
    assert compared({"against": "previous"}) == [names.PANE_ROWS_PREVIOUS]


def test_levels_of_the_spec_are_the_lines_of_its_board():
    by_title = {panel["title"]: panel for panel in panels("full") if panel["type"] == "timeseries"}

    def line(title):
        steps = by_title[title]["fieldConfig"]["defaults"]["thresholds"]["steps"]
        return [(step["color"], step["value"]) for step in steps]

    assert line("Population stability index by column") == [("green", None), ("orange", 0.1), ("red", 0.25)]
    assert line("ROC AUC") == [("red", None), ("orange", 0.6), ("green", 0.75)]
    assert line("Brier score") == [("green", None), ("red", 0.25)]


def test_levels_left_out_draw_no_line():
    plain = [("green", None)]

    assert list(above(None)) == list(above(Levels())) == plain
    assert list(below(None)) == list(below(Quality(drop=0.1))) == plain
    assert list(below(Quality.model_validate({"warning": "< 0.7"}))) == [("orange", None), ("green", 0.7)]


def test_a_label_that_a_family_lacks_is_refused():
    with pytest.raises(ValueError, match="ml_window_rows has no label 'column'; its labels are project"):
        Scope().most(names.WINDOW_ROWS, ("column",))


def test_a_panel_wider_than_the_grid_is_refused():
    wide = Panel(lines("Wide", "Too wide.", "none", []).json, 25, 8)

    with pytest.raises(ValueError, match="'Wide' is 25 wide; a board has 24 columns"):
        board("t", "u", "d", [], [Section("s", (wide,))])


def test_grafanalib_reads_the_definition_of_the_shared_board(tmp_path):
    """`generate-dashboard -o FILE model.dashboard.py` writes what `generate` does."""
    source = Path(dashboards.__file__).with_name("model.dashboard.py")
    out = tmp_path / "out.json"
    grafanalib._gen.generate_dashboard(["-o", str(out), str(source)])

    assert json.loads(out.read_text()) == BOARDS["model"]
