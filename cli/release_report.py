"""Two versions of a model as a report in Markdown, which also reads well as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Found = Mapping[str, Any]


def report(found: Found, stops: Sequence[str]) -> str:
    """Return the comparison that the exporter answered; `stops` is why the gate does not open."""
    blocks = [
        f"# {found['project']}/{found['model']}: version {found['new']} against {found['old']}",
        "**Not released:**\n\n" + "\n".join(f"- {one}" for one in stops) if stops else "**Nothing stands against it.**",
        _rows(found),
        *_quality(found),
        *_columns(found),
        *_same_keys(found),
        *_fairness(found),
    ]
    return "\n\n".join(blocks)


def _rows(found: Found) -> str:
    lines = [
        (what, f"{its['old']:,}", f"{its['new']:,}", "–" if its["new_ratio"] is None else f"{its['new_ratio']:.1%}")
        for what, its in (("predictions", found["traffic"]), ("with a label", found["labelled"]))
    ]
    ends = f"Windows end {_time(found['window_end'])} (predictions) and {_time(found['labelled_end'])} (labels)."
    return f"{ends}\n\n" + _table(("", found["old"], found["new"], "share of the new one"), lines)


def _quality(found: Found) -> Iterator[str]:
    lines = [
        (
            _where(one) + (f", class {one['class_name']}" if one["class_name"] else ""), one["measure"],
            f"{one['old']:.4f}", f"{one['new']:.4f}", _interval(one["difference"]),
            "–" if one["noise"] is None else f"{one['noise']:.4f}", "**worse**" if one["worse"] else "",
        )
        for one in found["quality"]
    ]  # fmt: skip
    yield "## Quality"
    head = ("rows", "measure", found["old"], found["new"], "difference (95 %)", "worse by chance", "")
    yield _table(head, lines) if lines else "There are no 30 predictions with a label of each version yet."


def _columns(found: Found) -> Iterator[str]:
    yield "## Predictions"
    yield from _drift(found["prediction"])
    moved = [one["column"] for one in found["inputs"] if one["drifted"]]
    yield "## What moved them"
    if not found["inputs"]:
        yield "Inputs were not profiled for both versions."
        return
    told = f"{len(moved)} of {len(found['inputs'])} inputs differ between the versions' rows: {', '.join(moved)}."
    yield told if moved else "No input differs between the versions' rows: what moved is the model."
    yield from _drift([one for one in found["inputs"] if one["drifted"]]) if moved else ()


def _drift(columns: Iterable[Found]) -> Iterator[str]:
    lines = [
        (
            _where(one), one["column"], _score(one["psi"], one["psi_noise"]), _score(one["ks"], one["ks_noise"]),
            "–" if one["mean_difference"] is None else _interval(one["mean_difference"]),
            "**drifted**" if one["drifted"] else "",
        )
        for one in columns
    ]  # fmt: skip
    head = ("rows", "column", "PSI (noise)", "KS (noise)", "difference of means (95 %)", "")
    yield _table(head, lines) if lines else "They were not profiled for both versions."


def _same_keys(found: Found) -> Iterator[str]:
    its = found["same_keys"]
    if not its["rows"]:
        return
    yield "## On the same keys"
    yield f"{its['rows']:,} keys were predicted by both versions, {its['labelled']:,} of them have a label."
    lines = [(one["name"], _interval(one["found"])) for one in its["agreement"]]
    lines += [(f"{one['name']}, new less old", _interval(one["found"])) for one in its["losses"]]
    yield _table(("", "value (95 %)"), lines)


def _fairness(found: Found) -> Iterator[str]:
    lines = [
        (
            one["segment"], one["measure"], f"{one['old']:.4f}", f"{one['new']:.4f}", _interval(one["difference"]),
            f"{one['noise']:.4f}",
        )
        for one in found["fairness"]
    ]  # fmt: skip
    if lines:
        yield "## Fairness"
        yield _table(("segment", "measure", found["old"], found["new"], "difference (95 %)", "by chance"), lines)


def _where(one: Found) -> str:
    return f"{one['segment']}={one['segment_value']}" if one["segment"] else "all"


def _interval(its: Found) -> str:
    if its["low"] is None:
        return f"{its['value']:+.4f}"
    return f"{its['value']:+.4f} ({its['low']:+.4f} to {its['high']:+.4f})"


def _score(score: float | None, noise: float | None) -> str:
    return "–" if score is None else f"{score:.3f} ({noise or 0.0:.3f})"


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [tuple(head), *(tuple(one.replace("|", "\\|") for one in line) for line in lines)]
    widths = [max(3, *(len(row[at]) for row in rows)) for at in range(len(head))]
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([texts[0], "| " + " | ".join("-" * width for width in widths) + " |", *texts[1:]])
