"""Random valid specs, of every section that rules are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from wolfpack.spec import Loaded, load

WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
"""Names of columns and segment values: quotes, signs of regular expressions, any script."""
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
RATIOS = st.floats(1e-6, 0.999, exclude_max=True)
NUMBERS = st.floats(-1e9, 1e9)
EVERY = {"1h": ("1h", "12h", "7d"), "6h": ("6h", "2d"), "1d": ("1d", "7d", "28d"), "7d": ("7d", "28d")}
SHORTEST = st.sampled_from(["90s", "1h", "36h", "2d"])


@st.composite
def levels(draw: st.DrawFn, values: st.SearchStrategy[float] = RATIOS) -> dict[str, float]:
    low, high = sorted((draw(values), draw(values)))
    return draw(st.sampled_from([{"warning": low, "critical": high}, {"warning": low}, {"critical": high}, {}]))


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, str]:
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    sign = draw(st.sampled_from("<>"))
    first, last = (low, high) if sign == ">" else (high, low)
    return draw(st.sampled_from([{"warning": f"{sign} {first:g}", "critical": f"{sign} {last:g}"},
                                 {"critical": f"{sign} {last:g}"}]))  # fmt: skip


@st.composite
def columns(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in draw(st.lists(WORDS, unique=True, max_size=5)):
        one: dict[str, Any] = {}
        if draw(st.booleans()):
            one["missing"] = draw(levels())
        kind = draw(st.sampled_from(["numeric", "datetime", "text", None]))
        if kind:
            one["type"] = kind
        if kind == "numeric" and draw(st.booleans()):
            one |= {"range": [0, draw(st.one_of(st.none(), st.just(9)))], "out_of_range": draw(levels())}
        if kind == "datetime" and draw(st.booleans()):
            one["older_than"] = draw(SHORTEST)
        found[name] = one
    return found


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a spec as its YAML would hold it, without project and model."""
    every = draw(st.sampled_from(sorted(EVERY)))
    its = draw(columns())
    spec: dict[str, Any] = {"every": every, "window": draw(st.sampled_from(EVERY[every])), "columns": its}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "owner": NAMES,
        "runbook": st.just("https://runbooks.example/a b?c=%d"),
        "segments": st.dictionaries(WORDS, st.just({}), max_size=2),
        "live": st.fixed_dictionaries({}, optional={
            "every": st.sampled_from(["30s", "1m"]),
            **{name: levels() for name in ("outliers", "errors", "empty")},
            "latency": levels(st.floats(1e-3, 60)),
            "mean": st.one_of(st.none(), st.floats(1e-3, 3)),
            "traffic": st.one_of(st.none(), st.fixed_dictionaries({"ratio": st.floats(0.01, 0.99)})),
        }),
        "jobs": st.dictionaries(WORDS, st.fixed_dictionaries(
            {"longest": SHORTEST}, optional={"schedule": st.just("0 5 * * *")}), max_size=2),
        "scalars": st.dictionaries(WORDS, bounds(), max_size=3),
        "change": st.fixed_dictionaries({"rows": st.one_of(st.none(), st.fixed_dictionaries(
            {"ratio": st.floats(0.01, 0.99), "against": st.sampled_from(["trailing", "previous"])}))}),
        "mean": st.fixed_dictionaries({"within": st.floats(1e-3, 3), "against": st.lists(
            st.sampled_from(["reference", "previous", "trailing"]), unique=True, min_size=1)}),
        "drift": st.fixed_dictionaries({}, optional={
            "baseline": st.lists(st.sampled_from(["reference", "previous", "trailing", "version"]), unique=True),
            "psi": levels(st.floats(1e-3, 5)),
            **{name: levels() for name in ("ks", "novel", "missing", "out_of_range", "other_kind", "columns")},
        }),
        "alerts": st.fixed_dictionaries({"annotations": st.dictionaries(
            st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True),
            st.sampled_from(["plain: {x} \"q\"", "{{ $labels.severity }} of {{ $labels.column }}", "#äö\n50 %"]),
            max_size=2)}),
        "detect": st.just([{"metric": "ml_pane_rows"}]),
    }  # fmt: skip
    for key, strategy in optional.items():
        if draw(st.booleans()):
            spec[key] = draw(strategy)
    if draw(st.booleans()):
        spec |= {"prediction": {"column": "score?"}, "label": {"column": "y", "key": "k"}}
        low, high = sorted((draw(RATIOS), draw(RATIOS)))
        spec["quality"] = {"roc_auc": {"warning": f"< {high:g}", "critical": f"< {low:g}", "drop": draw(RATIOS)}}
    return spec


def drawn(count: int, folder: Path) -> list[Loaded]:
    """Write so many specs, the same every time, as models of their own, and load them."""
    found: list[Loaded] = []

    @settings(
        max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(specs())
    def collect(spec: dict[str, Any]) -> None:
        file = folder / f"{len(found)}.yml"
        head = {"version": "wolfpack/v1", "project": "made", "model": f"m{len(found)}"}
        file.write_text(yaml.safe_dump(head | spec), encoding="utf-8")
        found.append(load(file))

    collect()
    return found
