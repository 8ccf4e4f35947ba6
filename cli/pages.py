"""The parts of `docs/` that follow from the code, written into their pages between markers.

A page says ``<!-- generated: NAME -->`` where a part begins and ``<!-- end -->`` where it ends. ``python -m
wolfpack.cli.pages docs`` renews all of them; a test holds the pages to what this module gives.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from wolfpack.cli import api_docs, source_keys, spec_keys
from wolfpack.dashboards import shared_boards
from wolfpack.rules import Absent, Condition, Matcher, Relative, Selector, Timing, alerts_for, service_rules
from wolfpack.rules.prometheus_rules import hold, keep
from wolfpack.rules.promql import number, quoted
from wolfpack.rules.timing import duration
from wolfpack.spec import FAMILIES, Spec

EXAMPLE = "spec.md"
"""The page with the full example that the alert table is made from."""
_BLOCK = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FULL = re.compile(r"<!-- full example -->\s*```yaml\n(.*?)```", re.DOTALL)
_PINS = ("project", "model")
"""Labels that every selector pins and a reader need not see."""


_HASH = "of these rules"
"""Stands for the spec's hash, which says nothing to a reader."""


def pages(folder: Path) -> dict[str, str]:
    """Return the text of each page of a folder that has generated parts, with these parts as they must be.

    Raises
    ------
    ValueError
        If a page asks for a part that there is none of.
    """
    example = full_example(folder)
    parts: dict[str, Callable[[], str]] = {
        "metrics": metrics,
        "keys": keys,
        "log-keys": lambda: source_table("log"),
        "folder-keys": lambda: source_table("folder"),
        "mlflow-keys": lambda: source_table("mlflow"),
        "alerts": lambda: alerts(example),
        "service-alerts": service_alerts,
        "endpoints": lambda: _table(["endpoint", "scope", ""], api_docs.table()),
    }
    parts |= {f"panels-{Path(name).stem}": partial(panels, one) for name, one in shared_boards().items()}
    parts |= {
        name: partial(_table, ["name", "in", "default", "meaning"], rows)
        for name, rows in api_docs.parts().items()
    }

    def renewed(match: re.Match[str]) -> str:
        if match[2] not in parts:
            raise ValueError(f"generated: {match[2]!r} is no part of a page; known are {', '.join(parts)}")
        return f"{match[1]}\n{parts[match[2]]()}\n{match[3]}"

    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.md"))}
    return {name: _BLOCK.sub(renewed, text) for name, text in texts.items() if _BLOCK.search(text)}


def full_example(folder: Path) -> Spec:
    """Return the spec that the spec's page marks as its full example."""
    found = _FULL.search((folder / EXAMPLE).read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{folder / EXAMPLE}: has no ```yaml block after <!-- full example -->")
    return Spec.model_validate(yaml.safe_load(found[1]))


def metrics() -> str:
    """Return the catalogue, families of one set of labels together."""
    by_labels = groupby(
        sorted(FAMILIES.values(), key=lambda one: list(FAMILIES).index(_first(one.labels))),
        key=lambda one: one.labels,
    )
    parts = []
    for labels, families in by_labels:
        rows = [[f"`{one}`", one.type, one.unit or "–", one.cls, one.help] for one in families]
        named = ", ".join(f"`{label}`" for label in labels) or "none"
        parts.append(f"### Labels: {named}\n\n" + _table(["name", "type", "unit", "class", "help"], rows))
    return "\n".join(parts)


def keys() -> str:
    """Return the table of the spec's keys."""
    rows = [
        [f"`{row.key}`", row.type, row.default, row.meaning]
        for row in spec_keys.rows()
    ]
    return _table(["key", "type", "default", "meaning"], rows)


def source_table(kind: str) -> str:
    """Return the table of the keys of one kind of source."""
    rows = [[f"`{row.key}`", row.type, row.default, row.meaning] for row in source_keys.rows()[kind]]
    return _table(["key", "type", "default", "meaning"], rows)


def alerts(spec: Spec) -> str:
    """Return the alert table of a spec: one row per rule of its rule file."""
    usual = Timing()
    timings = {False: usual, True: usual.live()}
    rows = [
        [
            f"`{one.name}`", one.check, one.severity, one.summary,
            " **or** ".join(" and ".join(_conditions(clauses)) for clauses in one.any_of),
            duration(hold(one, timings[one.live])), duration(keep(one, spec, usual)) if keep(one, spec, usual) else "–",
        ]
        for one in alerts_for(spec)
    ]  # fmt: skip
    return _table(["alert", "check", "severity", "what it says", "when", "for", "keep firing"], rows)


def service_alerts() -> str:
    """Return the alerts on Wolfpack itself."""
    timing = Timing()
    rows = [
        [
            f"`{one.name}`",
            one.severity,
            one.summary,
            _code(one.expr.replace("\n", " ")),
            duration(timing.for_) if one.holds else "–",
        ]
        for one in service_rules(timing)
    ]
    return _table(["alert", "severity", "what it says", "expression", "for"], rows)


def panels(board: Mapping[str, Any]) -> str:
    """Return the panels of a board, in its order."""
    rows, section = [], ""
    for panel in board["panels"]:
        if panel["type"] == "row":
            section = panel["title"]
        else:
            rows.append([section, panel["title"], panel["description"]])
    return _table(["section", "panel", "what it shows"], rows)


def _first(labels: tuple[str, ...]) -> str:
    """Return the first family of the catalogue with these labels, in whose place all of them stand."""
    return next(name for name, one in FAMILIES.items() if one.labels == labels)


def _conditions(clauses: Sequence[Condition | Absent]) -> Iterable[str]:
    """Yield clauses in words; one on the series of the clause before does not name it again."""
    before = None
    for clause in clauses:
        if isinstance(clause, Absent):
            yield f"there is no {_series(clause.selector)}"
        else:
            named = "" if clause.selector == before else f"{_series(clause.selector)} "
            yield f"{named}{clause.op} {_operand(clause)}"
        before = clause.selector


def _operand(condition: Condition) -> str:
    operand = condition.operand
    if not isinstance(operand, Relative):
        return "the time" if operand == "now" else number(operand)
    text = f"`{operand.selector.family}`"
    if operand.factor != 1:
        text += f" × {number(operand.factor)}"
    if operand.offset:
        text += f" {'−' if operand.offset < 0 else '+'} {number(abs(operand.offset))}"
    return text


def _series(selector: Selector) -> str:
    """Return a family with the matchers that tell rows of the table apart."""
    told = [
        f"{one.label}{'!=' if one.negated else '='}{quoted(_value(one))}"
        for one in selector.matchers
        if one.label not in _PINS and (one.label, one.values, one.negated) != ("version", ("",), False)
    ]
    return _code(f"{selector.family}{{{', '.join(told)}}}" if told else str(selector.family))


def _value(matcher: Matcher) -> str:
    return _HASH if matcher.label == "spec_hash" else "|".join(matcher.values)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(folder: Path) -> None:
    """Renew the pages of a folder."""
    for name, text in pages(folder).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
