"""The files of the dashboards, as Grafana provisions them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from wolfpack.dashboards.model_board import shared_board, spec_board
from wolfpack.dashboards.panels import Json
from wolfpack.spec import Spec

SHARED = "model.json"


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


def generate(loaded: Iterable[Described]) -> dict[str, str]:
    """Return the text of each file by its name: one board for all models, and one for each spec.

    Deterministic: the same specs give the same bytes, in any order.

    Raises
    ------
    ValueError
        If two models would share a file.
    """
    files = {SHARED: _text(shared_board())}
    owner: dict[str, str] = {}
    for spec in sorted((one.spec for one in loaded), key=lambda spec: (spec.project, spec.model)):
        name, who = f"{spec.project}--{spec.model}.json", f"{spec.project}/{spec.model}"
        if name in owner:
            raise ValueError(f"{name} would hold both {owner[name]} and {who}; rename one of the models")
        owner[name] = who
        files[name] = _text(spec_board(spec))
    return files


def _text(board: Json) -> str:
    return json.dumps(board, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
