"""The board of Wolfpack itself: every family of the service is on it, and Prometheus reads every query."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from wolfpack.dashboards.service_board import SERVICE_UID, service_board
from wolfpack.spec import FAMILIES, names

BOARD = service_board()
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
SERVICE = [one for one in FAMILIES.values() if one.cls == "service"]


@pytest.mark.parametrize("family", SERVICE, ids=str)
def test_every_family_of_the_service_is_on_the_board(family) -> None:
    assert any(re.search(rf"\b{family}(_bucket|_sum|_count)?\b", query) for query in QUERIES)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_has_what_the_linter_wants(panel) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in {"none", "short", "s", "bytes", "Bps", "dateTimeAsIso"}
    assert [target["refId"] for target in panel["targets"]] == list("ABCD"[: len(panel["targets"])])
    for thing in (panel, *panel["targets"]):
        assert thing["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize("query", QUERIES)
def test_query_keeps_only_labels_of_its_family(query) -> None:
    """No pod or job name gets through, and the chosen projects are asked for where there are any."""
    known = {*FAMILIES, *(f"{one}_{part}" for one in FAMILIES for part in ("bucket", "sum", "count"))}
    for name, matchers in re.findall(r"(wolfpack_\w+)\{([^}]*)\}", query):
        family = FAMILIES.get(name) or FAMILIES[re.sub(r"_(bucket|sum|count)$", "", name)]
        kept = {label for labels in re.findall(r"by \(([^)]*)\)", query) for label in labels.split(", ")} - {
            ""
        }
        assert name in known
        assert kept <= {*family.labels, "le"}
        assert ("$project" in matchers) == ("project" in family.labels)


def test_its_uid_never_changes() -> None:
    assert BOARD["uid"] == SERVICE_UID == "wolfpack-service"
    assert f"label_values({names.SERIES_EXPOSED}, project)" in str(BOARD["templating"])


@pytest.mark.needs("promtool")
def test_every_query_is_read_by_a_real_promtool(tmp_path) -> None:
    rules = [{"record": f"board:query{i}", "expr": expr} for i, expr in enumerate(QUERIES)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
