"""Links between boards: where they lead exists, and they keep project, model, data source and the time range."""

import json
import re

import pytest

from wolfpack.dashboards import Outside, shared_boards, spec_board, spec_uid
from wolfpack.spec import Spec, names

SPEC = Spec.model_validate({"version": "wolfpack/v1", "project": "travel", "model": "delay"})
OUTSIDE = Outside("https://wolfpack.example/", "https://runbooks.example/ml")
BOARDS = shared_boards(OUTSIDE) | {"travel--delay.json": spec_board(SPEC, OUTSIDE)}
UIDS = {board["uid"] for board in BOARDS.values()}


def links(board: dict) -> list[str]:
    """Return the addresses of all links of values in a board."""
    return re.findall(r'"url": "([^"]*)"', json.dumps(board["panels"]))


@pytest.mark.parametrize("name", BOARDS)
def test_links_lead_to_boards_that_exist_with_variables_that_they_have(name):
    for url in links(BOARDS[name]):
        if url.startswith("/d/"):
            uid, query = url.removeprefix("/d/").split("?")
            target = next(board for board in BOARDS.values() if board["uid"] == uid)
            known = {variable["name"] for variable in target["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)=", query)) <= known
            assert set(re.findall(r"\$\{(\w+):queryparam\}", query)) <= known
            assert query.endswith("&${__url_time_range}")
            assert query.startswith("${datasource:queryparam}&")


def test_uids_of_boards_differ():
    assert len(UIDS) == len(BOARDS)


def test_from_the_fleet_to_a_column_are_three_clicks():
    """A line of the fleet's table, a series of the model's board; the column's board is there."""
    assert any(url.startswith("/d/wolfpack-model?") for url in links(BOARDS["fleet.json"]))
    assert any(url.startswith("/d/wolfpack-column?") for url in links(BOARDS["model.json"]))


def test_a_board_of_one_model_links_with_its_names():
    found = [url for url in links(BOARDS["travel--delay.json"]) if url.startswith("/d/wolfpack-column")]

    assert found
    assert all("&var-project=travel&var-model=delay&" in url for url in found)


def test_boards_link_to_evidence_and_runbooks_only_where_an_address_is_given():
    with_pages = [link["url"] for link in BOARDS["model.json"]["links"] if link["type"] == "link"]
    of_one = [link["url"] for link in BOARDS["travel--delay.json"]["links"] if link["type"] == "link"]
    without = [link for board in shared_boards().values() for link in board["links"] if link["type"] == "link"]

    assert with_pages == ["https://wolfpack.example/models/${project}/${model}"]
    assert of_one == ["https://wolfpack.example/models/travel/delay"]
    assert without == []
    assert "https://runbooks.example/ml/${__field.labels.alertname}.md" in links(BOARDS["model.json"])
    assert not any("runbook" in url for board in shared_boards().values() for url in links(board))


def test_links_of_values_have_the_labels_that_they_name():
    """`${__field.labels.column}` is empty, and the link wrong, where the query groups it away."""
    for board in BOARDS.values():
        for panel in board["panels"]:
            for label in re.findall(r"__field\.labels\.(\w+)", json.dumps(panel)):
                for target in panel["targets"]:
                    assert re.search(rf"by \([^)]*\b{label}\b", target["expr"]), (panel["title"], label)


def test_every_board_is_on_the_list_that_every_board_shows():
    assert all(board["links"][0]["tags"] == ["wolfpack"] == board["tags"] for board in BOARDS.values())
    assert spec_uid("travel", "delay") in UIDS
    assert names.MODEL_INFO.name in json.dumps(BOARDS["fleet.json"])
