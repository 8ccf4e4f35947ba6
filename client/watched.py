"""A function whose calls are watched, sync or async."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

from wolfpack.client.live_call import Current, LiveCall, copied

log = logging.getLogger("wolfpack.client")
Pick = Callable[..., Any]


def watched(
    begin: Callable[[str], LiveCall],
    current: Current,
    function: Callable[..., Any],
    endpoint: str | None,
    inputs: Pick | None,
    prediction: Callable[[Any], Any] | None,
) -> Callable[..., Any]:
    """Return the function with its calls watched; see `Monitor.watch`.

    Those that it makes to other watched functions are part of its own. Within a call that goes on around it, such
    as a request of the middleware, its rows are added to that one.
    """
    name = str(endpoint or getattr(function, "__name__", "predict"))
    pick = inputs or _first(function)

    def around() -> LiveCall:
        outer = current.get()
        call = begin(name) if outer is None else LiveCall(outer.take, current, name)
        call.claimed = True
        return call

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer_later(*args: Any, **kwargs: Any) -> Any:
            if _is_part(current):
                return await function(*args, **kwargs)
            with around() as call:
                call.inputs = given = _picked(pick, args, kwargs)
                answer = await function(*args, **kwargs)
                _add(call, given, answer, prediction)
                return answer

        return answer_later

    @functools.wraps(function)
    def answer_now(*args: Any, **kwargs: Any) -> Any:
        if _is_part(current):
            return function(*args, **kwargs)
        with around() as call:
            call.inputs = given = _picked(pick, args, kwargs)
            answer = function(*args, **kwargs)
            _add(call, given, answer, prediction)
            return answer

    return answer_now


def _is_part(current: Current) -> bool:
    """Tell whether another watched function is being answered, which this one is a part of."""
    outer = current.get()
    return outer is not None and outer.claimed


def _picked(pick: Pick, args: Any, kwargs: Any) -> Any:
    """Return the inputs as they are before the function may change them."""
    try:
        return copied(pick(*args, **kwargs))
    except Exception:
        log.exception("the inputs of a call could not be read; it is counted without rows")
        return None


def _add(call: LiveCall, given: Any, answer: Any, prediction: Callable[[Any], Any] | None) -> None:
    try:
        found = answer if prediction is None else prediction(answer)
    except Exception:
        log.exception("the prediction of a call could not be read; it is counted without rows")
        call.inputs = None
        return
    if call.inputs is given and call.prediction is None:
        call.prediction = found
    else:  # the function recorded rows itself
        call.add(given, found)


def _first(function: Callable[..., Any]) -> Pick:
    """Return what finds the first argument of a function, after `self` or `cls`."""
    names = list(inspect.signature(function).parameters)
    place = 1 if names and names[0] in ("self", "cls") else 0
    name = names[place] if len(names) > place else ""

    def first(*args: Any, **kwargs: Any) -> Any:
        return args[place] if len(args) > place else kwargs.get(name)

    return first
