"""What a cycle of the sidecar did: model by model, and all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from wolfpack.detectors.sink import Finding

Stage = Literal["read", "judge", "send"]
STAGES: tuple[Stage, ...] = ("read", "judge", "send")


@dataclass(frozen=True)
class Fault:
    """What failed at which stage, in words that name the model and the watch or series."""

    stage: Stage
    message: str


@dataclass
class Run:
    """One model in one cycle; filled while it goes on.

    Parameters
    ----------
    series : series that the spec's watches found.
    scored : those whose newest window was scored in this cycle.
    unchanged : those that nothing new came of since their finding was sent.
    alarms : findings beyond the alarm line among the scored.
    skipped : series not scored, by reason.
    missed : whether the deadline came before the model was done.
    newest : newest window end among its series, epoch seconds; 0 without one.
    seconds : how long it took.
    """

    project: str
    model: str
    series: int = 0
    scored: int = 0
    unchanged: int = 0
    alarms: list[Finding] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    missed: bool = False
    newest: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """What one cycle did.

    Parameters
    ----------
    scored : series whose newest window was scored.
    alarms : the findings among them beyond the alarm line, in the order of the specs.
    skipped : series not scored, by reason.
    errors : what failed, one message each; everything else was done all the same.
    runs : the same by model.
    """

    scored: int = 0
    alarms: tuple[Finding, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    runs: tuple[Run, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, runs: Iterable[Run]) -> Report:
        """Return the report over these models."""
        runs = tuple(runs)
        skipped: Counter[str] = sum((run.skipped for run in runs), Counter())
        return cls(
            sum(run.scored for run in runs),
            tuple(alarm for run in runs for alarm in run.alarms),
            dict(sorted(skipped.items())),
            tuple(fault.message for run in runs for fault in run.faults),
            runs,
        )

    @property
    def missed(self) -> tuple[str, ...]:
        """Models that the deadline left undone, as PROJECT/MODEL."""
        return tuple(f"{run.project}/{run.model}" for run in self.runs if run.missed)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "scored": self.scored,
            "unchanged": sum(run.unchanged for run in self.runs),
            "alarms": [alarm.to_dict() for alarm in self.alarms],
            "skipped": self.skipped,
            "errors": list(self.errors),
            "missed": list(self.missed),
        }
