"""Specs: defaults, faults with file and line, and what the shortest one means."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import FULL, THREE_LINES

from wolfpack.spec import SpecError, format_duration, load, load_all, parse_duration
from wolfpack.spec.model import Spec

EIGHTFOLD = "\n".join(
    f"{after}: &{after} [{', '.join([f'*{name}'] * 8)}]" for name, after in pairwise("abcdefgh")
)
"""Aliases of aliases: 16,777,216 values in some hundred bytes."""


def faults(folder: Path, text: str) -> list[str]:
    """Return the faults of a spec as they are printed, without the folder."""
    file = folder / "m.yml"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        load(file)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_three_lines_are_enough(tmp_path) -> None:
    (tmp_path / "m.yml").write_text(THREE_LINES)
    spec = load(tmp_path / "m.yml").spec

    assert (spec.owned_by, spec.timezone, spec.window_panes) == ("travel", "UTC", 7)
    assert (spec.every, spec.grace, spec.revise) == (
        timedelta(days=1),
        timedelta(hours=6),
        timedelta(days=30),
    )
    assert spec.drift.psi.warning == 0.1
    assert spec.change.rows.ratio == 0.5


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("colums: {}", "m.yml:4: colums: unknown key, value {}; did you mean 'columns'?"),
        (
            "drift: {psi: {waring: 1}}",
            "m.yml:4: drift.psi.waring: unknown key, value 1; did you mean 'warning'?",
        ),
        ("every: 1 day", "m.yml:4: every: '1 day' is not a duration"),
        ("every: 7h", "m.yml:4"),
        ("every: 36h", "m.yml:4"),
        ("window: 30h", "m.yml:4"),
        ("grace: 6", "m.yml:4: grace: 6 is not a duration"),
        ("timezone: New_York", "m.yml:4: timezone: 'New_York' is no time zone"),
        ('schedule: "every day"', "m.yml:4: schedule: 'every day' is no schedule"),
        ("owner: 'a b'", "m.yml:4: owner: 'a b' is not a name"),
        ("drift: {ks: {warning: 1.5}}", "m.yml:4: drift.ks"),
        (
            "drift: {psi: {warning: 0.3, critical: 0.1}}",
            "m.yml:4: drift.psi: critical 0.1 is under warning 0.3",
        ),
        ("quality: {roc_auc: {warning: '< 0.7'}}", "quality: needs `prediction` and `label`"),
        ("columns: {a: {out_of_range: {}}}", "m.yml:4: columns.a.out_of_range: nothing is outside a range"),
        ("columns: {a: {type: text, older_than: 1d}}", "m.yml:4: columns.a: older_than: a column of type text"),
        ("fairness: [sex]", "fairness: 'sex' is no segment"),
        ("columns: {a: {range: [3, 1]}}", "m.yml:4: columns.a.range: [3.0, 1.0] holds nothing"),
        ("detect: [{metric: ml_column_meen}]", "did you mean ml_column_mean?"),
        ("detect: [{metric: ml_model_info}]", "has no history to watch"),
        ("model: again", "m.yml:4: model: is given twice, first in line 3"),
        ("skip: [yesterday]", "m.yml:4: skip[0]: 'yesterday' is not allowed"),
        ("a: [", "is no YAML"),
        ("a: !!python/object/apply:os.system [ls]", "m.yml:4: is no YAML: could not determine a constructor"),
        ("a: &a [*a]", "m.yml:4: more than 1,000,000 values or 50 levels"),
        ("a: &a [1,1,1,1,1,1,1,1]\n" + EIGHTFOLD, "m.yml:4: more than 1,000,000 values"),
    ],
)
def test_a_fault_names_file_line_key_and_what_is_allowed(tmp_path, text, fault) -> None:
    found = faults(tmp_path, THREE_LINES + text + "\n")

    assert any(fault in one for one in found), found


def test_a_quality_bound_that_cannot_be_reached_is_refused(tmp_path) -> None:
    text = FULL.replace('"< 0.75"', '"> 1.5"')

    assert "quality.roc_auc: > 1.5 is never or always true" in faults(tmp_path, text)[0]


def test_all_faults_come_at_once(tmp_path) -> None:
    found = faults(tmp_path, "version: wolfpack/v2\nproject: a b\nevery: x\n")

    assert len(found) == 4
    assert any("model: is missing" in one for one in found)


def test_defaults_of_the_folders_above_apply_innermost_last(tmp_path) -> None:
    inner = tmp_path / "travel"
    inner.mkdir()
    (tmp_path / "_defaults.yml").write_text("owner: platform\ngrace: 1h\ndrift: {psi: {warning: 0.2}}\n")
    (inner / "_defaults.yml").write_text("grace: 2h\n")
    (inner / "m.yml").write_text(THREE_LINES + "drift: {min_rows: 30}\n")
    loaded = load_all([tmp_path])[0]

    assert loaded.spec.owner == "platform"
    assert loaded.spec.grace == timedelta(hours=2)
    assert (loaded.spec.drift.psi.warning, loaded.spec.drift.min_rows) == (0.2, 30)
    assert loaded.sources["grace",] == (str(inner / "_defaults.yml"), 1)


def test_two_files_for_one_model_are_refused(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yml").write_text(THREE_LINES)
    with pytest.raises(SpecError, match=r"b\.yml:3: model travel/arrival-delay is described by .*a\.yml too"):
        load_all([tmp_path])


def test_fairness_needs_a_prediction_that_selects_somebody(tmp_path) -> None:
    text = THREE_LINES + "segments: {shop: {}}\nfairness: [shop]\n"

    assert "fairness: needs a `prediction` of the task binary" in faults(tmp_path, text)[0]
    (tmp_path / "m.yml").write_text(text + "prediction: {column: score}\n")
    assert load(tmp_path / "m.yml").spec.fairness["shop"].demographic_parity.warning == 0.1


def test_the_hash_follows_the_meaning_and_not_the_writing(tmp_path) -> None:
    def hash_of(text: str) -> str:
        (tmp_path / "m.yml").write_text(text)
        return load(tmp_path / "m.yml").spec.hash

    plain = hash_of(THREE_LINES)

    assert hash_of("# a comment\n" + THREE_LINES + "window: 7d\n") == plain
    assert hash_of(THREE_LINES + "window: 14d\n") != plain


def test_the_schema_names_every_key() -> None:
    schema = Spec.model_json_schema()

    assert set(schema["properties"]) == set(Spec.model_fields)
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("text", ["90s", "15m", "6h", "7d", "1d12h"])
def test_durations_are_written_as_they_are_read(text) -> None:
    assert format_duration(parse_duration(format_duration(parse_duration(text)))) == format_duration(
        parse_duration(text)
    )


def test_skip_takes_dates(tmp_path) -> None:
    (tmp_path / "m.yml").write_text(THREE_LINES + "skip: [2013-12-25]\n")

    assert load(tmp_path / "m.yml").spec.calendar.skip == {date(2013, 12, 25)}
