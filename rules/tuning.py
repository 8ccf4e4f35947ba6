"""Thresholds for an alert budget: turned as little as keeps to it, while what must be caught is caught.

A search, step by step: first thresholds are lowered where something that must be caught is not, each by the step that
adds fewest episodes. Then, while there are too many episodes, the threshold is raised that removes most of them
for each value it passes; what a person called wrong counts twice. At the end every threshold goes back towards
where it was, as far as the budget lets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wolfpack.rules.episodes import Episode
from wolfpack.rules.knobs import Knob, knobs, turned
from wolfpack.spec import Spec

Model = tuple[str, str]
"""Project and model."""
WhatIf = Callable[[Spec], list[Episode]]
"""What would have fired by a spec."""


@dataclass(frozen=True)
class Want:
    """Something that must be caught, and whether episodes of its model do."""

    title: str
    model: Model
    met: Callable[[Sequence[Episode]], bool]


@dataclass(frozen=True)
class Turn:
    """A threshold with its new value."""

    model: Model
    knob: Knob
    value: float


@dataclass(frozen=True)
class Tuned:
    """Specs of one owner before and after, and what each would have told."""

    before: Mapping[Model, Spec]
    after: Mapping[Model, Spec]
    had: tuple[Episode, ...]
    has: tuple[Episode, ...]
    missed: tuple[Want, ...]

    @property
    def turns(self) -> list[Turn]:
        """Return the thresholds that differ, by model and place."""
        found = []
        for model, spec in sorted(self.before.items()):
            values = {knob.place: knob.value for knob in knobs(self.after[model])}
            found += [
                Turn(model, knob, values[knob.place]) for knob in knobs(spec) if values[knob.place] != knob.value
            ]
        return found

    @property
    def lost(self) -> list[Episode]:
        """Episodes of before during which nothing with their labels would be told any more."""
        return _not_in(self.had, self.has)

    @property
    def gained(self) -> list[Episode]:
        """Episodes of after during which nothing with their labels was told before."""
        return _not_in(self.has, self.had)


def tune(
    specs: Sequence[Spec], what_if: WhatIf, allowed: float, wants: Sequence[Want] = (),
    wrong: Callable[[Episode], bool] = lambda _: False,
) -> Tuned:  # fmt: skip
    """Return the specs with thresholds at which at most so many episodes are told, and all that can be is caught.

    Parameters
    ----------
    specs : of one owner.
    allowed : how many episodes there may be. If no thresholds keep to it, those with fewest are returned.
    wrong : tells an episode that need not have been.
    """
    state = {(spec.project, spec.model): spec for spec in specs}
    search = _Search(state, what_if, allowed, wants, wrong)
    had = search.all_of(state)
    after = search.restored(search.quieter(search.catching(dict(state))))
    missed = tuple(want for want in wants if not want.met(what_if(after[want.model])))
    return Tuned(state, after, tuple(had), tuple(search.all_of(after)), missed)


@dataclass(frozen=True)
class _Search:
    begun: Mapping[Model, Spec]
    what_if: WhatIf
    allowed: float
    wants: Sequence[Want]
    wrong: Callable[[Episode], bool]

    def all_of(self, state: Mapping[Model, Spec]) -> list[Episode]:
        return sorted(one for spec in state.values() for one in self.what_if(spec))

    def catching(self, state: dict[Model, Spec]) -> dict[Model, Spec]:
        """Lower a threshold for each want that is not met, if one of them alone meets it."""
        for want in self.wants:
            spec = state[want.model]
            if want.met(self.what_if(spec)):
                continue
            options = [
                (len(self.what_if(one)), place, knob.dotted, one)
                for knob in knobs(spec)
                for place, one in self._first_that_meets(spec, knob, want)
            ]
            if options:
                state[want.model] = min(options, key=lambda option: option[:3])[3]
        return state

    def _first_that_meets(self, spec: Spec, knob: Knob, want: Want) -> Iterator[tuple[int, Spec]]:
        for place, value in enumerate(knob.louder(), 1):
            one = turned(spec, knob, value)
            if one is not None and want.met(self.what_if(one)):
                yield place, one
                return

    def quieter(self, state: dict[Model, Spec]) -> dict[Model, Spec]:
        """Raise thresholds until there are few enough episodes, or none helps."""
        while self._count(state) > self.allowed:
            options = [
                (self._worth(spec, one) / place, -place, model, knob.dotted, one)
                for model, spec in state.items()
                for knob in knobs(spec)
                for place, one in self._allowed_turns(model, spec, knob)
            ]
            best = max(options, key=lambda option: option[:4], default=None)
            if best is None or best[0] <= 0:
                break
            state[best[2]] = best[4]
        return state

    def _allowed_turns(self, model: Model, spec: Spec, knob: Knob) -> Iterator[tuple[int, Spec]]:
        for place, value in enumerate(knob.quieter(), 1):
            one = turned(spec, knob, value)
            if one is None or not self._still_met(model, spec, one):
                return
            yield place, one

    def restored(self, state: dict[Model, Spec]) -> dict[Model, Spec]:
        """Bring each threshold back as far as the budget and the wants let it."""
        for model, begun in self.begun.items():
            for knob in knobs(begun):
                now = next(one for one in knobs(state[model]) if one.place == knob.place)
                if now.value == knob.value:
                    continue
                way = knob.quieter() if (now.value > knob.value) == (knob.op == ">") else knob.louder()
                for value in [knob.value, *way]:
                    if value == now.value:
                        break
                    one = turned(state[model], knob, value)
                    if one is not None and self._still_met(model, state[model], one):
                        tried = state | {model: one}
                        if self._count(tried) <= max(self.allowed, self._count(state)):
                            state = tried
                            break
        return state

    def _still_met(self, model: Model, before: Spec, after: Spec) -> bool:
        mine = [want for want in self.wants if want.model == model]
        had, has = self.what_if(before), self.what_if(after)
        return all(want.met(has) or not want.met(had) for want in mine)

    def _count(self, state: Mapping[Model, Spec]) -> int:
        return sum(len(self.what_if(spec)) for spec in state.values())

    def _worth(self, before: Spec, after: Spec) -> int:
        had, has = self.what_if(before), self.what_if(after)
        fewer_wrong = sum(map(self.wrong, had)) - sum(map(self.wrong, has))
        return len(had) - len(has) + fewer_wrong


def _not_in(some: Sequence[Episode], others: Sequence[Episode]) -> list[Episode]:
    """Return the episodes during which no other of the same identity fires."""
    return [
        one
        for one in some
        if not any(
            other.identity == one.identity and other.start <= one.end and one.start <= other.end for other in others
        )
    ]
