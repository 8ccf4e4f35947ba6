"""What a live model's monitors must agree on with the exporter: where panes are cut, and the plan to count on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from wolfpack.spec import Plan
from wolfpack.spec.calendar import Calendar


@dataclass(frozen=True)
class LiveTerms:
    """Terms of one model.

    Parameters
    ----------
    calendar : of the live panes, in the model's zone.
    plan : what rows are counted on; None while the model has no reference.
    prediction : column of a prediction that is no mapping.
    """

    calendar: Calendar = field(default_factory=lambda: Calendar(timedelta(minutes=1)))
    plan: Plan | None = None
    prediction: str = "prediction"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LiveTerms:
        """Read what GET …/live of the exporter answers.

        Raises
        ------
        ValueError
            If it is something else.
        """
        try:
            plan = None if data["plan"] is None else Plan.from_dict(data["plan"])
            every = timedelta(seconds=float(data["every_seconds"]))
            return cls(Calendar(every, str(data["timezone"])), plan, str(data["prediction"]))
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"no terms: {error!r}; they are what GET …/live of the exporter returns"
            ) from error
