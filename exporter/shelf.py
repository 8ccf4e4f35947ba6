"""What the metrics page shows of the models right now, in memory; the ledger's exposures are its record."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from wolfpack.exporter.history import Shown
from wolfpack.exporter.sample import Key, Sample
from wolfpack.spec import FAMILIES, names

_QUALITY = {family.name for family in FAMILIES.values() if family.labels == names.QUALITY}
_ROLE_AT = names.WINDOW.index("role")


def scope_of(key: Key) -> str:
    """Return the part of a model that a series belongs to; parts are replaced as a whole."""
    family = FAMILIES[key[0]]
    if family.cls == "model":
        return "model"
    if family.labels == names.ANOMALY:
        return "anomaly"
    return "label" if family.name in _QUALITY else key[1][_ROLE_AT]


class Shelf:
    """Series by model. `generation` grows with every change, so a page can be kept while it stands still."""

    def __init__(self) -> None:
        self._models: dict[int, dict[Key, Shown]] = {}
        self._lock = threading.Lock()
        self.generation = 0

    def put(self, model: int, shown: dict[Key, Shown]) -> None:
        with self._lock:
            self._models[model] = shown
            self.generation += 1

    def drop(self, keep: Iterable[int]) -> None:
        """Take away the models that have no spec any more."""
        with self._lock:
            wanted = set(keep)
            self._models = {model: shown for model, shown in self._models.items() if model in wanted}
            self.generation += 1

    def get(self, model: int) -> dict[Key, Shown]:
        with self._lock:
            return dict(self._models.get(model, {}))

    def everything(self) -> list[dict[Key, Shown]]:
        with self._lock:
            return [self._models[model] for model in sorted(self._models)]

    def replaced(self, model: int, scope: str, samples: list[Sample]) -> dict[Key, Shown]:
        """Return what the model would show with one scope replaced; nothing is changed."""
        rest = {key: shown for key, shown in self.get(model).items() if scope_of(key) != scope}
        return rest | {one.key: Shown(one.value, one.window_end) for one in samples}
