"""Read `incidents.yml` and refuse what it cannot mean, saying where and what is allowed."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from wolfpack.flights.data import FEATURES, FIRST_DAY, LAST_DAY, NUMERIC
from wolfpack.flights.incidents import (
    Change,
    Drop,
    Empty,
    Expected,
    Flip,
    Incident,
    Late,
    Release,
    Scale,
    Stale,
    Thin,
)

__all__ = ["INCIDENTS_FILE", "read_incidents"]

INCIDENTS_FILE = Path(__file__).with_name("incidents.yml")
_KINDS: dict[str, type[Change]] = {
    "drop_rows": Drop,
    "empty": Empty,
    "flip": Flip,
    "late": Late,
    "release": Release,
    "scale": Scale,
    "stale_scores": Stale,
    "thin": Thin,
}
_NUMBERS: dict[str, type] = {"days": int, "factor": float, "rate": float, "rows": int}  # the other parameters are texts
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


def read_incidents(path: Path = INCIDENTS_FILE) -> tuple[Incident, ...]:
    """Return the incidents of a file, in its order.

    Raises
    ------
    ValueError
        For a key that is missing or unknown, a value that is not allowed, or an id that is there twice; the
        message names file, incident, key, value and what is allowed.
    """
    entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    if not isinstance(entries, list):
        raise ValueError(
            f"{path.name}: {type(entries).__name__} is no list; start each incident with '- id:'"
        )
    incidents = []
    for number, entry in enumerate(entries):
        name = entry.get("id", number) if isinstance(entry, dict) else number
        try:
            incidents.append(_incident(entry))
        except ValueError as error:
            raise ValueError(f"{path.name}: incident {name!r}: {error}") from error
    _refuse_twice([one.id for one in incidents], path.name)
    return tuple(incidents)


def _refuse_twice(ids: list[str], file: str) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"{file}: id {', '.join(twice)} is there more than once; give each incident its own")


def _incident(entry: Any) -> Incident:
    _check_keys("incident", entry, {"id", "title", "source", "first", "change", "expected"}, {"last"})
    first = _day("first", entry["first"])
    last = _day("last", entry.get("last", first))
    if last < first:
        raise ValueError(f"last: {last} lies before first: {first}; swap them")
    texts = {key: _text(key, entry[key]) for key in ("id", "title", "source")}
    change, expected = _change(entry["change"]), _expected(entry["expected"])
    return Incident(first=first, last=last, change=change, expected=expected, **texts)


def _day(key: str, value: Any) -> date:
    if type(value) is not date or not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"{key}: {value!r} is not a day from {FIRST_DAY} to {LAST_DAY}; write 2013-05-14")
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key}: {value!r} is not a text; quote it")
    return value


def _change(entry: Any) -> Change:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind not in _KINDS:
        raise ValueError(f"change.kind: {kind!r} is not one of {', '.join(_KINDS)}{_nearest(kind, _KINDS)}")
    made = _KINDS[kind]
    _check_keys("change", entry, {"kind", *(one.name for one in fields(made))}, set())
    given = {key: _parameter(f"change.{key}", key, value) for key, value in entry.items() if key != "kind"}
    if made is Scale and given["column"] not in NUMERIC:
        raise ValueError(f"change.column: {given['column']!r} is no number; take one of {', '.join(NUMERIC)}")
    return made(**given)


def _parameter(where: str, key: str, value: Any) -> Any:
    wanted = _NUMBERS.get(key, str)
    given = type(value)  # exactly: a bool is an int elsewhere
    if given is not wanted:
        raise ValueError(f"{where}: {value!r} is not a {wanted.__name__}; quote a text, write a rate as 0.3")
    if key == "column" and value not in FEATURES:
        raise ValueError(f"{where}: {value!r} is not one of {', '.join(FEATURES)}{_nearest(value, FEATURES)}")
    if key in _NUMBERS and not value > 0:
        raise ValueError(f"{where}: {value!r} is not above 0; leave the incident out if nothing changes")
    if key == "rate" and value > 1:
        raise ValueError(f"{where}: {value!r} is not in the range 0<x<=1; it is a ratio")
    return value


def _expected(entry: Any) -> Expected:
    _check_keys("expected", entry, {"alerts", "labels", "within"}, {"delivered", "only"})
    alerts, labels, delivered = entry["alerts"], entry["labels"], entry.get("delivered", False)
    if not isinstance(alerts, list) or not alerts:
        raise ValueError(f"expected.alerts: {alerts!r} is not a list of alert names; name at least one")
    if not isinstance(labels, dict) or "check" not in labels:
        raise ValueError(f"expected.labels: {labels!r} has no 'check'; add it, like check: missing")
    if not isinstance(delivered, bool):
        raise ValueError(f"expected.delivered: {delivered!r} is neither true nor false")
    names = tuple(_text("expected.alerts", name) for name in alerts)
    only = _labels("expected.only", entry["only"]) if "only" in entry else None
    return Expected(names, _labels("expected.labels", labels), _span(entry["within"]), delivered, only)


def _labels(where: str, entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict) or not entry:
        raise ValueError(f"{where}: {entry!r} is no mapping of labels; write {{check: rows}}")
    return {_text(where, key): _text(f"{where}.{key}", entry[key]) for key in entry}


def _span(value: Any) -> timedelta:
    found = re.fullmatch(r"([1-9]\d*)([hd])", str(value))
    if not found:
        raise ValueError(f"expected.within: {value!r} is not a time like 2h or 4d")
    return int(found[1]) * _UNITS[found[2]]


def _check_keys(where: str, entry: Any, needed: set[str], optional: set[str]) -> None:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: {entry!r} is not a mapping; it needs {', '.join(sorted(needed))}")
    unknown = sorted(map(str, set(entry) - needed - optional))
    if unknown:
        known = sorted(needed | optional)
        raise ValueError(f"{where}.{unknown[0]}: not one of {', '.join(known)}{_nearest(unknown[0], known)}")
    missing = sorted(needed - set(entry))
    if missing:
        raise ValueError(f"{where}.{missing[0]} is missing; add it")


def _nearest(given: Any, known: Any) -> str:
    close = get_close_matches(str(given), list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""
