"""What the metrics page shows of the models right now, in memory; the ledger's exposures are its record."""

from __future__ import annotations

import threading

from wolfpack.exporter.history import Shown
from wolfpack.exporter.sample import Key, Sample, scope_of


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

    def drop(self, model: int) -> None:
        with self._lock:
            self._models.pop(model, None)
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
