"""What there is to show of the models right now, and what of it is shown; the ledger's exposures are its record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wolfpack.exporter.history import Shown
from wolfpack.exporter.rationing import shares
from wolfpack.exporter.sample import Key, Sample, scope_of
from wolfpack.spec import Budget

Scopes = Mapping[str, Mapping[Key, Shown]]
"""Series of a model by the part of it that they belong to; a part is computed and replaced as a whole."""
Order = Callable[[int, Iterable[Key]], tuple[Sequence[Key], Sequence[int]]]
"""Returns the series of a model, most needed first, and how many each class of need has."""
Listener = Callable[[int, Mapping[Key, Shown]], None]


@dataclass(frozen=True)
class Count:
    """How many series of a project there are on the page, and how many its budget keeps off it."""

    shown: int
    dropped: int


@dataclass(frozen=True)
class Change:
    """What the page shows of a model before and after; series that stay as they are may be left out."""

    before: Mapping[Key, Shown]
    after: Mapping[Key, Shown]


@dataclass(frozen=True)
class Draft:
    """A change that is worked out and not made: what it does to the page, model by model.

    Parameters
    ----------
    kept : by model of the project what may be shown of it; None: everything.
    """

    model: int
    scopes: Scopes
    changes: Mapping[int, Change]
    kept: Mapping[int, frozenset[Key] | None] = field(default_factory=dict)


def scope(samples: Iterable[Sample]) -> dict[Key, Shown]:
    """Return samples as a part of what is shown."""
    return {one.key: Shown(one.value, one.window_end) for one in samples}


class Shelf:
    """Series by model and scope. One writer at a time, that drafts, records and makes changes; readers any time."""

    def __init__(self, budget: Budget | None = None, order: Order | None = None) -> None:
        self._budget, self._order = budget or Budget(), order or _as_named
        self._there: dict[int, dict[str, Mapping[Key, Shown]]] = {}
        self._kept: dict[int, frozenset[Key]] = {}
        self._ordered: dict[int, tuple[Sequence[Key], Sequence[int]]] = {}
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def listen(self, listener: Listener) -> None:
        """Have every model told now, and again whenever what is shown of it has changed."""
        self._listeners.append(listener)
        for model in sorted(self._there):
            listener(model, self.shown(model))

    def scope(self, model: int, name: str) -> Mapping[Key, Shown]:
        """Return all there is of one part of a model."""
        return self._there.get(model, {}).get(name, {})

    def scopes(self, model: int) -> list[str]:
        return list(self._there.get(model, {}))

    def shown(self, model: int) -> dict[Key, Shown]:
        """Return what the page shows of a model."""
        with self._lock:
            return _within(_merged(self._there.get(model, {})), self._kept.get(model))

    def dropped(self, model: int) -> list[Key]:
        """Return the series of a model that the budget keeps off the page."""
        with self._lock:
            kept = self._kept.get(model)
            return [] if kept is None else [key for key in _merged(self._there[model]) if key not in kept]

    def everything(self) -> list[dict[Key, Shown]]:
        """Return what the page shows, model by model."""
        with self._lock:
            models = sorted(self._there)
        return [self.shown(model) for model in models]

    def counts(self) -> dict[str, Count]:
        """Return the number of series by project."""
        found: dict[str, Count] = {}
        with self._lock:
            for model, scopes in self._there.items():
                project = _project(scopes)
                if project is not None:
                    before, there = found.get(project, Count(0, 0)), sum(map(len, scopes.values()))
                    shown = len(self._kept[model]) if model in self._kept else there
                    found[project] = Count(before.shown + shown, before.dropped + there - shown)
        return found

    def full(self) -> list[list[int]]:
        """Return the models of each project whose budget is used up: there may be more to show of them."""
        counts = self.counts()
        used = [name for name, count in counts.items() if count.shown >= self._budget.of(name)]
        return [[m for m, its in sorted(self._there.items()) if _project(its) == name] for name in used]

    def restore(self, model: int, shown: Mapping[Key, Shown]) -> None:
        """Put there what was shown before a restart, whatever the budget."""
        scopes: dict[str, dict[Key, Shown]] = {}
        for key, one in shown.items():
            scopes.setdefault(scope_of(key), {})[key] = one
        self.make(Draft(model, scopes, {model: Change({}, shown)}))

    def draft(self, model: int, scopes: Scopes) -> Draft:
        """Work out what replacing these parts of a model does to the page."""
        there = {**self._there.get(model, {}), **scopes}
        project = _project(there) or _project(self._there.get(model, {}))
        all_of = {one: its for one, its in self._there.items() if _project(its) == project} | {model: there}
        total = sum(len(part) for its in all_of.values() for part in its.values())
        limit = self._budget.of(project or "")
        if total <= limit and not any(one in self._kept for one in all_of):
            before = _merged({name: self.scope(model, name) for name in scopes})
            changes = {model: Change(before, _merged(scopes))}
            return Draft(model, scopes, _real(changes))
        kept = self._rationed(model, all_of, limit) if total > limit else dict.fromkeys(all_of)
        touched = {one for one in all_of if one == model or kept[one] != self._kept.get(one)}
        changes = {one: Change(self.shown(one), _within(_merged(all_of[one]), kept[one])) for one in touched}
        return Draft(model, scopes, _real(changes), kept)

    def make(self, draft: Draft) -> None:
        """Make a change that was recorded, and tell the listeners of the models that show other series now."""
        with self._lock:
            # A new dictionary: readers go on with the one they have.
            there = {**self._there.get(draft.model, {}), **draft.scopes}
            self._there[draft.model] = {name: part for name, part in there.items() if part}
            self._ordered.pop(draft.model, None)
            for model, kept in draft.kept.items():
                self._kept.pop(model, None)
                if kept is not None:
                    self._kept[model] = kept
        for model in draft.changes:
            for listener in self._listeners:
                listener(model, self.shown(model))

    def _rationed(
        self, changed: int, all_of: Mapping[int, Scopes], limit: int
    ) -> dict[int, frozenset[Key] | None]:
        found = {}
        for model, scopes in all_of.items():
            if model == changed or model not in self._ordered:
                self._ordered[model] = self._order(model, list(_merged(scopes)))
            found[model] = self._ordered[model]
        given = shares({model: counts for model, (_, counts) in found.items()}, limit)
        return {model: frozenset(keys[: given[model]]) for model, (keys, _) in found.items()}


def _as_named(_model: int, keys: Iterable[Key]) -> tuple[Sequence[Key], Sequence[int]]:
    ordered = sorted(keys)
    return ordered, [len(ordered), 0, 0, 0]


def _merged(scopes: Scopes) -> dict[Key, Shown]:
    return {key: one for part in scopes.values() for key, one in part.items()}


def _within(shown: dict[Key, Shown], kept: frozenset[Key] | None) -> dict[Key, Shown]:
    return shown if kept is None else {key: one for key, one in shown.items() if key in kept}


def _real(changes: Mapping[int, Change]) -> dict[int, Change]:
    return {model: one for model, one in changes.items() if one.before != one.after}


def _project(scopes: Scopes) -> str | None:
    """Return the project that the series of a model are of, None if it has none."""
    return next((key[1][0] for part in scopes.values() for key in part), None)
