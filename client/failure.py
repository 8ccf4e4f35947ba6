"""What is raised when the exporter refuses or does not answer."""

from __future__ import annotations

from wolfpack.spec.errors import WolfpackError

MAY_PASS = frozenset({0, 408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed later; 0 is no answer."""


class ServiceError(WolfpackError):
    """Catch this when the exporter refused a request or could not be reached.

    Parameters
    ----------
    status : that of the answer, 0 without one.
    retry_after : seconds that the answer asked to wait, 0 if it did not ask.
    may_pass : whether the same request may succeed later; None: by its status.
    """

    def __init__(
        self, message: str, status: int = 0, *, retry_after: float = 0.0, may_pass: bool | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.may_pass = status in MAY_PASS if may_pass is None else may_pass
