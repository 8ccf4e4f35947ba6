"""The page at `/`: every model, its newest windows and what is due. Plain HTML, no script."""

from __future__ import annotations

from collections import Counter
from html import escape

from wolfpack.exporter.clock import utc
from wolfpack.exporter.history import Shown
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Key
from wolfpack.exporter.service import Service
from wolfpack.spec import FAMILIES, names

NAMED = 20
"""Columns and metrics that are named before the rest is counted."""
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ccc}
.late{color:#b00}:root{color-scheme:light dark}"""


def render(service: Service) -> str:
    """Return the status page."""
    now = service.clock.now()
    rows = "".join(_model(known, service.shelf.shown(known.id), now) for known in service.registry.all())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wolfpack</title>'
        f"<style>{_STYLE}</style></head><body><h1>Wolfpack</h1>"
        f"<p>Clock {escape(_time(now))}. {len(service.registry.all())} models, {service.engine.waiting} computations "
        'wait. <a href="/metrics">Metrics</a></p>'
        "<table><thead><tr><th>Model</th><th>Owner</th><th>Role</th><th>Newest window ends</th><th>Rows</th>"
        f"<th>Columns missing over 5 %</th><th>Next pane is late at</th></tr></thead><tbody>{rows}</tbody></table>"
        f"{_not_shown(service)}</body></html>"
    )


def _not_shown(service: Service) -> str:
    """Return the table of what the budgets keep off the metrics page, by model; nothing if they keep off nothing."""
    found = ""
    for known in service.registry.all():
        dropped = service.shelf.dropped(known.id)
        if dropped:
            families = Counter(name for name, _ in dropped)
            columns = sorted({_labels(key).get("column", "") for key in dropped} - {""})
            found += (
                f"<tr><td>{escape(known.spec.project)}/{escape(known.spec.model)}</td><td>{len(dropped)}</td>"
                f"<td>{escape(_some([f'{name} {count}' for name, count in families.most_common()]))}</td>"
                f"<td>{escape(_some(columns))}</td></tr>"
            )
    head = "<th>Model</th><th>Series</th><th>Metrics</th><th>Columns</th>"
    return found and (
        "<h2>Not shown</h2><p>These series are beyond the budget of their project. Their history is kept and detectors "
        "read it; rules do not see them. Give <code>wolfpack serve</code> a larger <code>--budget</code>, or name "
        f"fewer segments and columns.</p><table><thead><tr>{head}</tr></thead><tbody>{found}</tbody></table>"
    )


def _labels(key: Key) -> dict[str, str]:
    return dict(zip(FAMILIES[key[0]].labels, key[1], strict=True))


def _some(texts: list[str]) -> str:
    return ", ".join(texts[:NAMED]) + (f" and {len(texts) - NAMED} more" if len(texts) > NAMED else "")


def _model(known: Known, shown: dict[Key, Shown], now: float) -> str:
    found = ""
    for (name, labels), due in sorted(shown.items()):
        if name != names.WINDOW_DUE.name:
            continue
        role = _labels((name, labels))["role"]
        ends = _value(shown, names.WINDOW_END.name, role)
        rows = _value(shown, names.PANE_ROWS.name, role)
        late = ' class="late"' if due.value < now else ""
        found += (
            f"<tr><td>{escape(known.spec.project)}/{escape(known.spec.model)}</td>"
            f"<td>{escape(known.spec.owned_by)}</td><td>{role}</td>"
            f"<td>{'none yet' if ends is None else _time(ends)}</td><td>{'' if rows is None else int(rows)}</td>"
            f"<td>{escape(', '.join(_missing(shown, role)))}</td><td{late}>{_time(due.value)}</td></tr>"
        )
    return found


def _value(shown: dict[Key, Shown], name: str, role: str) -> float | None:
    for key, one in shown.items():
        if key[0] == name:
            labels = _labels(key)
            if labels["role"] == role and not labels["version"] and not labels["segment"]:
                return one.value
    return None


def _missing(shown: dict[Key, Shown], role: str) -> list[str]:
    found = []
    for key, one in shown.items():
        if key[0] == names.COLUMN_MISSING.name and one.value > 0.05:
            labels = _labels(key)
            if labels["role"] == role and not labels["segment"]:
                found.append(f"{labels['column']} {one.value:.0%}")
    return sorted(found)


def _time(seconds: float) -> str:
    return utc(seconds).strftime("%Y-%m-%d %H:%M UTC")
