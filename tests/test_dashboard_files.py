"""The files of boards: their names and uids, and what writing them again takes away."""

import json
from types import SimpleNamespace

import pytest
from test_dashboards import BOARDS, FULL

from wolfpack.dashboards import MODEL_UID, generate, shared_boards, spec_uid, write
from wolfpack.spec import Spec


def loaded(**changes) -> SimpleNamespace:
    return SimpleNamespace(spec=Spec.model_validate(FULL | changes))


def test_files_are_named_by_model_and_the_same_in_any_order():
    first, second = loaded(), loaded(model="price")
    files = generate([first, second])

    assert list(files) == [*shared_boards(), "travel--delay.json", "travel--price.json"]
    assert files == generate(iter([second, first]))
    assert json.loads(files["model.json"]) == BOARDS["model"]
    assert json.loads(files["travel--delay.json"]) == BOARDS["full"]


def test_uids_are_stable_and_differ_by_model():
    """Links from alerts and bookmarks point to them: they must never change."""
    assert MODEL_UID == BOARDS["model"]["uid"] == "wolfpack-model"
    assert spec_uid("travel", "delay") == BOARDS["short"]["uid"] == BOARDS["full"]["uid"]
    assert BOARDS["full"]["uid"] == "wolfpack-ee72b2fc4b2ab744"
    assert spec_uid("a", "b-c") != spec_uid("a-b", "c")


def test_two_models_of_one_file_name_are_refused():
    clash = [loaded(project="a--b", model="c"), loaded(project="a", model="b--c")]

    with pytest.raises(ValueError, match=r"a--b--c.json would hold both a/b--c and a--b/c; rename"):
        generate(clash)


def test_writing_again_takes_away_boards_of_models_that_are_gone(tmp_path):
    write(generate([loaded(), loaded(model="price")]), tmp_path / "new")
    (tmp_path / "new" / "mine.json").write_text("{}")
    files = generate([loaded()])
    write(files, tmp_path / "new")

    assert {file.name for file in (tmp_path / "new").iterdir()} == {"mine.json", *files}
    assert all((tmp_path / "new" / name).read_text() == text for name, text in files.items())


def test_a_board_that_was_not_generated_is_never_lost(tmp_path):
    (tmp_path / "travel--delay.json").write_text("{}")

    with pytest.raises(ValueError, match=r"travel--delay.json was not generated and would be lost"):
        write(generate([loaded()]), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["travel--delay.json"]
