"""The files of the dashboards, as Grafana provisions them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wolfpack.dashboards.anomaly_board import anomaly_board
from wolfpack.dashboards.column_board import column_board
from wolfpack.dashboards.fairness_board import fairness_board
from wolfpack.dashboards.fleet_board import fleet_board
from wolfpack.dashboards.layout import MADE
from wolfpack.dashboards.links import Outside
from wolfpack.dashboards.live_board import live_board
from wolfpack.dashboards.model_board import shared_board, spec_board
from wolfpack.dashboards.panels import Json
from wolfpack.dashboards.quality_board import quality_board
from wolfpack.dashboards.recommendations_board import recommendations_board
from wolfpack.dashboards.release_board import release_board
from wolfpack.dashboards.service_board import service_board
from wolfpack.spec import Spec


class Described(Protocol):
    """What is needed of a loaded spec."""

    @property
    def spec(self) -> Spec: ...


@dataclass(frozen=True)
class Definition:
    """A finished board in the form that grafanalib's commands take."""

    board: Json

    def to_json_data(self) -> Json:
        return self.board


def shared_boards(outside: Outside = Outside()) -> dict[str, Json]:  # noqa: B008 - frozen
    """Return the boards that are the same for every installation, by the name of their file."""
    return {
        "fleet.json": fleet_board(),
        "model.json": shared_board(outside),
        "column.json": column_board(outside),
        "anomalies.json": anomaly_board(),
        "release.json": release_board(),
        "quality.json": quality_board(outside),
        "fairness.json": fairness_board(outside),
        "recommendations.json": recommendations_board(outside),
        "live.json": live_board(outside),
        "service.json": service_board(),
    }


def generate(loaded: Iterable[Described], outside: Outside = Outside()) -> dict[str, str]:  # noqa: B008 - frozen
    """Return the text of each file by its name: those of `shared_boards`, and one for each spec.

    Deterministic: the same specs give the same bytes, in any order.

    Raises
    ------
    ValueError
        If two models would share a file.
    """
    files = {name: _text(one) for name, one in shared_boards(outside).items()}
    owner: dict[str, str] = {}
    for spec in sorted((one.spec for one in loaded), key=lambda spec: (spec.project, spec.model)):
        name, who = f"{spec.project}--{spec.model}.json", f"{spec.project}/{spec.model}"
        if name in owner:
            raise ValueError(f"{name} would hold both {owner[name]} and {who}; rename one of the models")
        owner[name] = who
        files[name] = _text(spec_board(spec, outside))
    return files


def write(files: Mapping[str, str], directory: Path | str) -> None:
    """Put boards into a folder, each file whole, and take away generated ones of models that are gone.

    Parameters
    ----------
    files : text by file name, as `generate` returns it.
    directory : the folder; made if it does not exist.

    Raises
    ------
    ValueError
        If a file that was not generated would be lost; nothing is written then.
    """
    folder = Path(directory)
    generated = {file.name for file in folder.glob("*.json") if MADE in file.read_text(encoding="utf-8")}
    foreign = sorted(name for name in files if (folder / name).exists() and name not in generated)
    if foreign:
        raise ValueError(
            f"{folder}: {', '.join(foreign)} was not generated and would be lost; move it or write elsewhere"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        fresh = folder / f".{name}.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(folder / name)  # Grafana reads the folder while it is written
    for name in generated - files.keys():
        (folder / name).unlink()


def _text(board: Json) -> str:
    return json.dumps(board, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
