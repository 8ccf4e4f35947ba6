"""An alert of the table as PromQL, for Prometheus 2.42 and 3.x alike."""

from __future__ import annotations

import re

from wolfpack.rules.alert import Absent, Alert, Clause, Condition, Matcher, Relative, Selector
from wolfpack.rules.timing import duration

_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")


def expression(alert: Alert, lookback: int) -> str:
    """Return the expression of an alert; `lookback` in seconds.

    Every selector is read by ``last_over_time`` and aggregated by ``max by`` the labels that the alert keeps,
    so a failed scrape does not resolve it and no label of a target reaches it.
    """
    return "\nor\n".join(_conjunction(clauses, alert.by, lookback) for clauses in alert.any_of)


def vector(selector: Selector, by: tuple[str, ...], lookback: int, over: float | None = None) -> str:
    """Return the last values of a selector, one for each combination of the labels `by`, of those over a number."""
    kept = "" if over is None else f" > {number(over)}"
    return f"max by ({', '.join(by)}) (last_over_time({series(selector)}[{duration(lookback)}]){kept})"


def series(selector: Selector) -> str:
    """Return the selector itself, with its labels in the catalogue's order."""
    order = selector.family.labels.index
    matchers = sorted(selector.matchers, key=lambda matcher: order(matcher.label))
    return f"{selector.family}{{{', '.join(map(_matcher, matchers))}}}"


def quoted(text: str) -> str:
    """Return a string literal of PromQL.

    Examples
    --------
    >>> print(quoted('a "b" \\\\ c'))
    "a \\"b\\" \\\\ c"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(value: float) -> str:
    """Return a number that reads back as exactly this one."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _conjunction(clauses: tuple[Clause, ...], by: tuple[str, ...], lookback: int) -> str:
    """Join clauses; comparisons of one selector are chained (``x > 1 > y``), so that it is read once.

    The largest is over a number if any is, so what is not is left out before Prometheus groups by labels.
    """
    text, before = "", None
    for clause in clauses:
        first = clause.selector != before
        over = _over(clause) if first else None
        if first:
            text += "" if not text else "\nunless\n" if isinstance(clause, Absent) else "\nand\n"
            text += vector(clause.selector, by, lookback, over)
        if isinstance(clause, Condition) and over is None:
            text += f"\n  {clause.op} {_operand(clause, by, lookback)}"
        before = clause.selector
    return text


def _over(clause: Clause) -> float | None:
    """Return the number that a clause asks more than."""
    if isinstance(clause, Condition) and clause.op == ">" and isinstance(clause.operand, float):
        return clause.operand
    return None


def _operand(condition: Condition, by: tuple[str, ...], lookback: int) -> str:
    operand = condition.operand
    if operand == "now":
        return "time()"
    if not isinstance(operand, Relative):
        return number(operand)
    text = vector(operand.selector, by, lookback)
    if operand.factor != 1:
        text += f" * {number(operand.factor)}"
    if operand.offset:
        text += f" {'-' if operand.offset < 0 else '+'} {number(abs(operand.offset))}"
    return text


def _matcher(matcher: Matcher) -> str:
    negation = "!" if matcher.negated else ""
    if len(matcher.values) == 1:
        return f"{matcher.label}{negation}={quoted(matcher.values[0])}"
    pattern = "|".join(_SPECIAL.sub(r"\\\1", value) for value in matcher.values)
    return f"{matcher.label}{negation or '='}~{quoted(pattern)}"
