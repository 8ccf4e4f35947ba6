"""The pages: nothing is left out of them, nothing in them is wrong, and what they show runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from wolfpack import flights, rules, stats
from wolfpack.cli import main, pages, spec_keys
from wolfpack.exporter import encoded, reads, tables, trailing
from wolfpack.rules.runbooks import RUNBOOKS
from wolfpack.spec import FAMILIES, Family, keeping, label_names, load, names
from wolfpack.spec.measures import MEASURES
from wolfpack.stats import (
    bins,
    calibration,
    codec,
    concept,
    cuts,
    drift,
    floors,
    habit,
    repeats,
    score_counts,
    verdict,
)
from wolfpack.stats import score_grid as grid
from wolfpack.stats.column_state import SKETCH_ALL

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINKING = [*PAGES, ROOT / "README.md", ROOT / "CHANGELOG.md"]
SHOWN = [*(page for page in PAGES if page.name != "design.md"), ROOT / "README.md"]
METRIC = re.compile(r"\b(?:ml|wolfpack)_[a-z0-9_]+\b")
ROUTE = re.compile(r"`(GET|POST|PUT|DELETE|PATCH) (/[^`?]*)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TYPED = re.compile(r"^    (wolfpack [^#\n]*)", re.MULTILINE)


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(name), re.DOTALL)


def commands(group: click.Group = main, before: str = "wolfpack") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, by the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def options(command: click.Command) -> set[str]:
    return {word for one in command.params for word in one.opts if word.startswith("--")}


# --- what is generated


def test_generated_parts_are_as_the_code_says() -> None:
    """`make generate` was run after the last change."""
    given = pages.pages(DOCS)

    assert set(given) >= {"metrics.md", "spec.md", "rules.md", "dashboards.md"}
    assert {name: text(name) for name in given} == given


def test_a_part_that_is_out_of_date_is_renewed(tmp_path) -> None:
    (tmp_path / "spec.md").write_text(text("spec.md"))
    (tmp_path / "metrics.md").write_text("before\n<!-- generated: metrics -->\nSTALE\n<!-- end -->\nafter\n")
    pages.main(tmp_path)
    renewed = (tmp_path / "metrics.md").read_text()

    assert renewed.startswith("before\n")
    assert renewed.endswith("after\n")
    assert "STALE" not in renewed
    assert f"`{names.PANE_ROWS}`" in renewed


def test_an_unknown_part_is_refused(tmp_path) -> None:
    (tmp_path / "spec.md").write_text(text("spec.md"))
    (tmp_path / "other.md").write_text("<!-- generated: metrisc -->\n<!-- end -->\n")

    with pytest.raises(ValueError, match="'metrisc' is no part of a page; known are metrics"):
        pages.pages(tmp_path)


def test_every_key_has_its_meaning_and_every_meaning_its_key(monkeypatch) -> None:
    assert {row.key for row in spec_keys.rows()} == set(spec_keys.MEANING)

    monkeypatch.delitem(spec_keys.MEANING, "every")
    with pytest.raises(ValueError, match="every are keys or meanings"):
        spec_keys.rows()


# --- nothing is left out


@pytest.mark.parametrize("words", [words for words, _ in commands()])
def test_every_command_is_named(words: str) -> None:
    assert any(words in page.read_text() for page in SHOWN)


@pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=lambda value: getattr(value, "name", value)
)
def test_every_option_is_named(words: str, command: click.Command) -> None:
    everything = "\n".join(page.read_text() for page in SHOWN)
    unnamed = {one for one in options(command) - {"--out"} if not re.search(rf"{one}\b", everything)}

    assert unnamed == set()


def test_every_endpoint_is_named_and_no_other(exporter) -> None:
    there = {
        (method, rule.rule)
        for rule in exporter.http.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "evidence.static"
    }

    assert set(ROUTE.findall(text("api.md"))) == there


def test_every_alert_of_the_full_example_is_named() -> None:
    alerts = {one.name for one in rules.alerts_for(pages.full_example(DOCS))}
    service = {one.name for one in rules.service_rules(rules.Timing())}

    assert alerts | service == set(RUNBOOKS)  # the example is full: no alert is missing from it
    assert {one for one in RUNBOOKS if f"| `{one}` |" not in text("rules.md")} == set()


def test_every_metric_is_named() -> None:
    assert {name for name in FAMILIES if f"| `{name}` |" not in text("metrics.md")} == set()


def test_every_field_of_a_profile_is_named() -> None:
    fields = [*codec.SCHEMA.names, codec.FORMAT.decode()]

    assert [name for name in fields if f"`{name}`" not in text("profile-format.md")] == []


def test_every_state_s_bytes_are_described() -> None:
    forms = {
        form
        for file in (ROOT / "stats").glob("*.py")
        for form in re.findall(r'"(wolfpack\.\w+/\d+)"', file.read_text())
    }

    assert len(forms) > 8
    assert {form for form in forms if f"`{form}`" not in text("profile-format.md")} == set()


def test_every_measure_of_quality_is_defined() -> None:
    given = [0.1, 0.4, 0.6, 0.9], [0, 1, 0, 1]
    items = stats.ItemCounts.from_array(["a", "b"])
    measures = {
        *stats.ScoreCounts.from_arrays(*given).measures(),
        *stats.RegressionErrors.from_arrays(*given).measures(),
        *stats.rank_lists([1, 1, 1, 1], *given, 2).measures(),
        *stats.list_diversity([1, 1], [[1, 0], [0, 1]]).measures(),
        *items.spread_measures(),
        *items.popularity_measures(items, 1),
        *stats.OutputHealth.from_arrays([1, 2], [1, 1], [1, 1], [1, 2]).measures(),
        *stats.binary_rates(1, 1, 1, 1),
        *stats.ClassScores.from_arrays([[0.1, 0.9]] * 2, [0, 1], [0, 1]).measures(),
        *stats.measure_agreement(stats.Confusion.from_arrays([0, 1], [0, 1])),
    }

    assert len(measures) > 35
    assert {name for name in measures if f"`{name}`" not in text("quality.md")} == set()
    fair = stats.compare_groups({key: stats.Confusion.from_arrays([0, 1], [0, 1]) for key in "ab"})
    assert {name.rsplit("_", 1)[0] for name in fair.measures} == set(
        re.findall(r"`(?!ml_)(\w+)_difference`", text("quality.md"))
    )


def test_every_family_of_quality_is_defined() -> None:
    page = text("quality.md")
    defined = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    named = set(re.findall(r"`(ml_\w+)[`{]", page))
    labels = [one for one in vars(label_names).values() if isinstance(one, Family)]
    families = [*labels, *names.OF_CONCEPT, *names.OF_FAIRNESS, *names.OF_OUTPUT, *names.OF_RETRAIN]
    kinds = {one.name.replace(its.value.name, "ml_model_MEASURE") for its in MEASURES.values() for one in its.families}

    assert set(MEASURES) - defined == set()
    assert kinds - named == set()  # its baseline, its estimate, …
    assert {one.name for one in families if one.name.removesuffix("_stderr") not in named} == set()


def test_what_quality_names_is_there() -> None:
    called = set(re.findall(r"`(\w+)\(", text("quality.md"))) | set(
        re.findall(r"`([A-Z]\w+)`", text("quality.md"))
    )
    methods = {name for one in vars(stats).values() if isinstance(one, type) for name in dir(one)}

    assert {name for name in called - set(RUNBOOKS) if not hasattr(stats, name)} <= methods


def test_every_incident_is_in_the_table_of_the_demo() -> None:
    assert [one.id for one in flights.read_incidents() if one.title not in text("demo.md")] == []


# --- nothing is wrong


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_metrics_that_are_named_exist(page: Path) -> None:
    histograms = [one for one in FAMILIES.values() if one.type == "histogram"]
    parts = {f"{one}_{part}" for one in histograms for part in ("bucket", "sum", "count")}

    assert set(METRIC.findall(page.read_text())) - set(FAMILIES) - parts == set()


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_commands_that_are_shown_can_be_typed(page: Path) -> None:
    known = dict(commands())
    for line in TYPED.findall(page.read_text()):
        for typed in re.split(r"&&|>>|\|", line):
            words = shlex.split(typed.partition(" -- ")[0])
            name = next((n for n in (" ".join(words[:3]), " ".join(words[:2])) if n in known), None)
            if words[:1] == ["wolfpack"]:
                assert name is not None, line
                assert {word for word in words if word.startswith("--")} <= options(known[name]), line


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """Return what GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("page", "phrase"),
    [
        ("api.md", f"over {encoded.MAX_BODY >> 20} MiB"),
        ("api.md", f"{reads.POINTS:,} points"),
        ("api.md", f"the last {keeping.Keeping().keys / keeping.DAY:.0f}\ndays"),
        *(("ledger.md", f"| `{kind}` | {usual} |") for kind, usual in keeping.table()),
        *(("api.md", f"`{kind}`") for kind in tables.READERS),
        ("exporter.md", f"the last {trailing.WINDOWS} windows that do not overlap, at least {trailing.FEWEST}"),
        ("exporter.md", f"in the last {trailing.WEEKS} weeks, at least {trailing.FEWEST}"),
        ("statistics.md", f"min({drift.COARSE}, max(2, ⌊min(n, m)/{drift.ROWS_PER_BIN}⌋))"),
        ("statistics.md", f"fewer than {drift.RARE} rows"),
        ("statistics.md", f"max |F − G| − {floors.KS_MEAN} √"),
        ("statistics.md", f"α = {floors.FALSE_ALARMS} / {floors.EVIDENCES}C"),
        ("statistics.md", f"at least {habit.LEAST_WINDOWS}\ndisjoint windows"),
        ("statistics.md", f"Under `min_rows` rows ({verdict.Thresholds().min_rows})"),
        ("statistics.md", f"| `ml_column_psi` | {verdict.Thresholds().psi} |"),
        ("statistics.md", f"| `ml_column_ks` | {verdict.Thresholds().ks} |"),
        ("statistics.md", f"| `ml_column_missing_increase_ratio` | {verdict.Thresholds().missing} |"),
        ("statistics.md", f"| `ml_column_novel_ratio` | {verdict.Thresholds().novel} |"),
        ("quality.md", f"Up to {grid.MOST_SCORES:,} distinct scores"),
        ("quality.md", f"at most {grid.CELLS:,} cells"),
        ("quality.md", f"fewer than {score_counts.LEAST_POSITIVES} positives"),
        ("quality.md", f"{repeats.KEPT:,} smallest hashes"),
        ("quality.md", f"from {calibration.DRAWS:,} draws"),
        ("quality.md", f"joined until each has {concept.LEAST_ROWS} rows"),
        ("quality.md", f"a chance of {floors.FALSE_ALARMS}"),
        ("profiles.md", f"about {bins.FINE} bins"),
        ("profiles.md", f"Up to {bins.FEW} distinct values, repeated {bins.REPEATS} times"),
        ("profiles.md", f"at most {bins.MOST_CATEGORIES:,}, else the most frequent; {bins.LONGEST_CATEGORY}"),
        ("profiles.md", f"the {cuts.KEPT_VALUES} most frequent; all others"),
        ("profiles.md", f"more than {cuts.MOST_VALUES:,} values"),
        ("profiles.md", f"of size {SKETCH_ALL} for all rows, within {4 / SKETCH_ALL:.1%}".replace("%", " %")),
        ],
)  # fmt: skip
def test_numbers_are_those_of_the_code(page: str, phrase: str) -> None:
    assert phrase in text(page)


# --- what is shown runs


@pytest.mark.parametrize("place", range(len(blocks("spec.md", "yaml"))))
def test_specs_that_are_shown_load(place: int, tmp_path) -> None:
    (tmp_path / "m.yml").write_text(blocks("spec.md", "yaml")[place])
    done = CliRunner().invoke(main, ["check", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert "is fine" in done.output


def test_the_spec_of_the_readme_loads(tmp_path) -> None:
    (tmp_path / "m.yml").write_text(
        re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]
    )

    assert load(tmp_path / "m.yml").spec.project == "travel"


def test_the_full_example_has_every_section() -> None:
    assert pages.full_example(DOCS).model_fields_set == set(type(pages.full_example(DOCS)).model_fields)


@pytest.mark.parametrize("place", [0, 1])
def test_the_detectors_that_are_shown_load(tmp_path, place: int) -> None:
    (tmp_path / "m.yml").write_text(
        "version: wolfpack/v1\nproject: p\nmodel: m\n" + blocks("detectors.md", "yaml")[place]
    )

    assert len(load(tmp_path / "m.yml").spec.detect) == 2


def test_the_receivers_that_are_shown_are_receivers(tmp_path) -> None:
    (tmp_path / "receivers.yml").write_text(blocks("rules.md", "yaml")[0])

    assert set(rules.load_receivers(tmp_path / "receivers.yml")) == {
        "flights",
        "shop",
        "wolfpack",
        "WolfpackWatchdog",
        "time_intervals",
    }


@pytest.mark.parametrize(
    ("page", "block", "alert"),
    [("exporter.md", 0, "WolfpackExporterDown"), ("detectors.md", 2, "WolfpackDetectorDown")],
)
def test_the_scrape_job_that_is_shown_is_the_one_the_rules_watch(page: str, block: int, alert: str) -> None:
    job = yaml.safe_load(blocks(page, "yaml")[block])["scrape_configs"][0]
    (rule,) = (one for one in rules.service_rules(rules.Timing()) if one.name == alert)

    assert f'up{{job="{job["job_name"]}"}}' in rule.expr
    assert job["honor_labels"] is True
