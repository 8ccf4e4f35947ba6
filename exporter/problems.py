"""What a refused request is answered with: JSON with type, title, detail and where (RFC 9457)."""

from __future__ import annotations

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
