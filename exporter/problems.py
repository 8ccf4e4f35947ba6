"""What a refused request is answered with: JSON with type, title, detail and where (RFC 9457)."""

from __future__ import annotations

import traceback
from typing import Any

from wolfpack.spec import WolfpackError


class Problem(WolfpackError):
    """Raise this in a request; it is answered with `status` and nothing is changed."""

    def __init__(self, status: int, title: str, detail: str, where: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.where = where

    def to_dict(self) -> dict[str, Any]:
        kind = self.title.lower().replace(" ", "-")
        return {"type": f"wolfpack:{kind}", "title": self.title, "detail": self.detail, "where": self.where}


def trace(error: BaseException) -> str:
    """Return where an error came from, and its kind, but not what it says: that may hold what was sent."""
    told = []
    one: BaseException | None = error
    while one is not None:
        lines = "".join(traceback.format_tb(one.__traceback__))
        told.append(f"{lines}{type(one).__module__}.{type(one).__qualname__}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n\nafter this:\n".join(reversed(told))
