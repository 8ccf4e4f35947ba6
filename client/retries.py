"""Trying again what may pass: no answer, too many requests, a fault on the other side."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from wolfpack.client.failure import ServiceError

log = logging.getLogger("wolfpack.client")
RETRY_FOR = 60.0
"""Seconds after the first attempt within which others begin: longer than an exporter takes to start again."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0
"""Seconds: a wait is random between 0 and a bound that doubles from the first to the longest ("full jitter",
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), so that a hundred jobs that failed
together do not come back together."""
_backoff = wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)
Answer = TypeVar("Answer")


def persist(
    call: Callable[[], Answer], seconds: float = RETRY_FOR, sleep: Callable[[float], None] = time.sleep
) -> Answer:
    """Return what a call returns, trying again after a `ServiceError` that may pass.

    Parameters
    ----------
    seconds : no attempt begins later than this after the first one; 0: one attempt. If the other side asks for
        a longer wait than is left (Retry-After), it is given up at once rather than come too early.

    Raises
    ------
    ServiceError
        That of the last attempt.
    """
    attempts = Retrying(
        retry=retry_if_exception(_may_pass),
        wait=_wait,
        stop=stop_before_delay(seconds),
        before_sleep=_tell,
        sleep=sleep,
        reraise=True,
    )
    return attempts(call)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, ServiceError) and error.may_pass


def _wait(state: RetryCallState) -> float:
    """Return seconds to wait: what was asked for, and the backoff on top of it."""
    return _error(state).retry_after + _backoff(state)


def _tell(state: RetryCallState) -> None:
    log.warning("%s; trying again in %.1f s", _error(state), state.upcoming_sleep)


def _error(state: RetryCallState) -> ServiceError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, ServiceError):
        raise TypeError(f"{error!r} is tried again, but only a ServiceError may be")
    return error
