"""A transport that keeps what a monitor sends, and can be away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wolfpack.client import ServiceError
from wolfpack.spec import Plan
from wolfpack.stats.live_slice import LiveSlice, merge_slices


@dataclass
class Kept:
    """Answers with the terms; keeps query and body of each write."""

    plan: Plan | None = None
    timezone: str = "UTC"
    every: float = 60.0
    away: bool = False
    sent: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def get(self, path: str, params: dict[str, str] | None = None) -> Any:
        if self.away:
            raise ServiceError("away")
        plan = None if self.plan is None else self.plan.to_dict()
        return {
            "every_seconds": self.every,
            "timezone": self.timezone,
            "prediction": "score",
            "plan": plan,
        }

    def send(self, method: str, path: str, params: Any, body: bytes, content_type: str, key: Any = None) -> Any:
        if self.away:
            raise ServiceError("away")
        self.sent.append((params, body))
        return {}

    @property
    def parts(self) -> list[tuple[dict[str, str], LiveSlice]]:
        return [(params, LiveSlice.from_bytes(body)) for params, body in self.sent if body]

    @property
    def whole(self) -> LiveSlice:
        return merge_slices([one for _, one in self.parts])
