"""The boards are what Grafana itself says a dashboard is: npm's `@grafana/schema`, and the models of its Python SDK."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import NPM
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from wolfpack.dashboards import generate, shared_boards
from wolfpack.spec import load_all

EXAMPLE = Path(__file__).parent.parent / "examples" / "flights" / "arrival-delay.yml"
BOARDS = {name: json.loads(text) for name, text in generate(load_all([EXAMPLE])).items()}
KINDS = {"timeseries": "timeseries", "stat": "stat", "table": "table", "state-timeline": "statetimeline"}
"""Modules of the schema that hold the options of a panel, by the panel's type."""
PLAIN = """\
// JSON has the values of enumerations as plain text, and panels leave options out that have a default.
type Plain<T> = unknown extends T ? T : T extends string ? `${T}` : T extends Array<infer U> ? Array<Plain<U>>
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
// Grafana leaves further keys of an annotation to the data source: these are Prometheus', as its editor writes them.
type Mark = Plain<AnnotationQuery> & { expr: string, step: string, titleFormat: string, textFormat: string,
  tagKeys: string, useValueForTime: boolean };
type Board = Omit<Plain<Dashboard>, "annotations"> & { annotations: { list: Array<Mark> } };
type Part<T> = T extends Array<infer U> ? Array<Part<U>> : T extends object ? { [K in keyof T]?: Part<T[K]> } : T;
"""


def program(boards: dict[str, dict]) -> str:
    """Return TypeScript in which each board, and the options of each panel, have the type that Grafana gives them."""
    raw = f"{NPM}/@grafana/schema/dist/types/raw"
    lines = [f'import type {{ AnnotationQuery, Dashboard }} from "{raw}/dashboard/x/types.gen";', PLAIN]
    lines += [f'import type * as {one} from "{raw}/composable/{one}/panelcfg/x/types.gen";' for one in KINDS.values()]
    for place, board in enumerate(boards.values()):
        lines.append(f"export const board{place}: Board = {json.dumps(board)};")
        for panel in board["panels"]:
            if panel["type"] != "row":
                kind, name = KINDS[panel["type"]], f"{place}_{panel['id']}"
                custom = panel["fieldConfig"]["defaults"].get("custom", {})
                lines.append(f"export const o{name}: Part<Plain<{kind}.Options>> = {json.dumps(panel['options'])};")
                if kind != "stat":  # has no options of its fields
                    lines.append(f"export const c{name}: Part<Plain<{kind}.FieldConfig>> = {json.dumps(custom)};")
    return "\n".join(lines)


def complaints(folder: Path, text: str) -> str:
    file = folder / "boards.ts"
    file.write_text(text)
    tsc = [NPM / ".bin" / "tsc", "--noEmit", "--strict", "--skipLibCheck", file]
    return subprocess.run(tsc, capture_output=True, text=True, check=False).stdout


@pytest.mark.needs("@grafana/schema")
def test_boards_and_options_of_panels_have_the_types_of_grafana(tmp_path):
    text = program(BOARDS)

    wrong = text.replace('"showPoints": "never"', '"showPoints": "nevr"')

    assert complaints(tmp_path, text) == ""
    assert "'\"nevr\"' is not assignable" in complaints(tmp_path, wrong)


@pytest.mark.parametrize("name", BOARDS)
def test_boards_load_through_the_models_of_the_sdk_and_come_back(name):
    """What a model does not know is dropped, so what comes back says what Grafana would see of each panel."""
    back = json.loads(JSONEncoder().encode(Dashboard.from_json(BOARDS[name])))

    assert [panel["title"] for panel in back["panels"]] == [panel["title"] for panel in BOARDS[name]["panels"]]
    assert [panel.get("targets") for panel in back["panels"] if panel["type"] != "row"] == [
        panel["targets"] for panel in BOARDS[name]["panels"] if panel["type"] != "row"
    ]
    for ours, seen in zip(BOARDS[name]["templating"]["list"], back["templating"]["list"], strict=True):
        assert {key: seen[key] for key in ours} == ours
    assert (back["uid"], back["schemaVersion"], back["links"]) == tuple(
        BOARDS[name][key] for key in ("uid", "schemaVersion", "links")
    )


def test_all_boards_are_checked():
    assert set(shared_boards()) < set(BOARDS)
