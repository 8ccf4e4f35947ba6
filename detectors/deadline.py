"""How long a cycle may take: whoever waits for something asks how much time is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from wolfpack.spec import WolfpackError


class DeadlinePassed(WolfpackError):
    """Catch this where a cycle ends early: what is not done yet is counted as missed, not as failed."""


@dataclass(frozen=True)
class Deadline:
    """A moment on a clock of seconds that only grow; the default never comes."""

    until: float = math.inf
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(clock() + seconds, clock)

    @property
    def left(self) -> float:
        """Seconds left, 0 or less when it has passed."""
        return self.until - self.clock()

    def check(self) -> None:
        """Raise DeadlinePassed if no time is left."""
        if self.left <= 0:
            raise DeadlinePassed("the deadline of the cycle has passed")
