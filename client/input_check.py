"""A check of one call's inputs against the plan, for a service that would rather refuse than guess."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from wolfpack.spec.plan import ColumnPlan, Plan


class InputsRefused(ValueError):
    """The inputs of a call are not what the model was trained on; `faults` says each.

    A service answers it as a fault of its caller, such as 422. A watched call that it leaves counts as failed.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Fault:
    """What is wrong with one input, what was given, and what is allowed."""

    column: str
    what: str
    given: Any
    allowed: str

    def __str__(self) -> str:
        return f"{self.column}: {self.what} {self.given!r}; allowed: {self.allowed}"


class InputCheck:
    """Checks inputs against the plan of the model's reference.

    Parameters
    ----------
    plan : `Client.plan()`, or ``Profile.plan`` of the training data.
    required : inputs that must be there and have a value; default: none, for the model may live with missing ones.

    Examples
    --------
    >>> plan = Plan({"petals": ColumnPlan("numeric", low=0.0, high=10.0), "kind": ColumnPlan("categorical", categories=("a", "b"))})
    >>> [str(fault) for fault in InputCheck(plan).faults({"petals": 12.0, "kind": "a"})]
    ['petals: out of range 12.0; allowed: 0.0 to 10.0']
    """  # noqa: E501 - an example is one statement a line

    def __init__(self, plan: Plan, required: tuple[str, ...] = ()) -> None:
        self._columns = {name: one for name, one in plan.columns.items() if not one.source}
        unknown = [name for name in required if name not in self._columns]
        if unknown:
            raise ValueError(f"required: {unknown[0]!r} is not in the plan; it has {', '.join(self._columns)}")
        self._required = required

    def __call__(self, inputs: Mapping[str, Any]) -> None:
        """Raise `InputsRefused` if anything is wrong with the inputs."""
        found = self.faults(inputs)
        if found:
            raise InputsRefused(found)

    def faults(self, inputs: Mapping[str, Any]) -> tuple[Fault, ...]:
        """Return what is wrong with the inputs, in their order; inputs that the plan does not have are passed over."""
        found = [
            Fault(name, "missing", None, "a value") for name in self._required if inputs.get(name) is None
        ]
        for name, value in inputs.items():
            column = self._columns.get(name)
            if column is not None and value is not None:
                fault = _fault(name, value, column)
                if fault is not None:
                    found.append(fault)
        return tuple(found)


def _fault(name: str, value: Any, column: ColumnPlan) -> Fault | None:
    if column.kind == "numeric":
        if isinstance(value, bool) or not isinstance(value, Real):
            return Fault(name, "no number", value, "a number")
        low = -math.inf if column.low is None else column.low
        high = math.inf if column.high is None else column.high
        if not low <= float(value) <= high:  # NaN is in no range
            return Fault(name, "out of range", value, f"{low} to {high}")
    elif column.kind == "categorical" and column.complete and str(value) not in column.categories:
        return Fault(name, "unknown value", value, ", ".join(column.categories[:20]))
    return None
