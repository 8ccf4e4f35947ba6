"""The thresholds of a spec that may be turned, and the values that they may be turned to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from wolfpack.spec import Spec
from wolfpack.spec.vocabulary import Bound, Levels

Place = tuple[str, ...]
"""Keys that lead to a value of a spec."""
STEPS = 12
"""How many values each way a threshold may be turned to."""
_PREFERRED = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Of each power of ten: what people write, each about a quarter more than the one before."""
_PLAIN: Mapping[str, Literal["<", ">"]] = {"drop": ">", "within": ">", "ratio": "<"}
"""Keys of plain numbers that are thresholds, and on which side of them an alert fires."""


@dataclass(frozen=True)
class Knob:
    """One threshold that a spec has, by default or by itself.

    Parameters
    ----------
    op : on which side of it an alert fires.
    bound : whether it is written with its side, as in ``"< 0.75"``, and may be anything; others are sizes, > 0.
    """

    place: Place
    value: float
    op: Literal["<", ">"]
    bound: bool = False

    @property
    def dotted(self) -> str:
        return ".".join(self.place)

    def written(self, value: float) -> str:
        """Return a value as the spec writes it, without quotes."""
        return f"{self.op} {value:g}" if self.bound else f"{value:g}"

    def quieter(self) -> list[float]:
        """Return values at which fewer alerts fire, the nearest first."""
        return self._towards(1 if self.op == ">" else -1)

    def louder(self) -> list[float]:
        """Return values at which more alerts fire, the nearest first."""
        return self._towards(-1 if self.op == ">" else 1)

    def _towards(self, sign: int) -> list[float]:
        if self.bound or self.op == "<":
            width = _width(self.value, self.bound)
            return [float(f"{self.value + sign * place * width:.6g}") for place in range(1, STEPS + 1)]
        power = math.floor(math.log10(self.value))
        rungs = [float(f"{step}e{power + up}") for up in range(-2, 3) for step in _PREFERRED]
        beyond = [rung for rung in rungs if sign * rung > sign * self.value * (1 + sign * 1e-9)]
        return sorted(beyond, reverse=sign < 0)[:STEPS]


def knobs(spec: Spec) -> list[Knob]:
    """Return every threshold of a spec, by place."""
    return sorted(_found(spec, ()), key=lambda knob: knob.place)


def turned(spec: Spec, knob: Knob, value: float) -> Spec | None:
    """Return the spec with another value of one threshold; None if it would be no valid spec."""
    inner: Any = (data := spec.model_dump(mode="json", by_alias=True, exclude_unset=True))
    implied: Any = spec.model_dump(mode="json", by_alias=True)
    for key in knob.place[:-1]:  # what the spec leaves out has its defaults; keys of other tasks are refused if given
        implied = implied[key]
        inner = inner.setdefault(key, implied)
    inner[knob.place[-1]] = knob.written(value) if knob.bound else value
    try:
        return Spec.model_validate(data)
    except ValidationError:
        return None


def _width(value: float, bound: bool) -> float:
    if not bound:
        return 0.05
    return 0.01 if 0 < value < 1 else float(f"{abs(value) * 0.05:.1g}") or 1.0


def _found(given: Any, place: Place) -> Iterator[Knob]:
    if isinstance(given, Bound):
        yield Knob(place, given.value, given.op, bound=True)
    elif isinstance(given, Levels):
        for level in ("warning", "critical"):
            value = getattr(given, level)
            if value is not None:
                yield Knob((*place, level), value, ">")
    elif isinstance(given, BaseModel | dict):
        for key, value in given.items() if isinstance(given, dict) else given:
            if key in _PLAIN and isinstance(value, float):
                yield Knob((*place, str(key)), value, _PLAIN[key])
            else:
                yield from _found(value, (*place, str(key)))
