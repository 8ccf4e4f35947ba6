"""What a colleague would say of one column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wolfpack.stats.align import Pair
from wolfpack.stats.column_state import ColumnState


def describe(
    name: str, reference: ColumnState, current: ColumnState, pair: Pair | None, evidence: Sequence[str]
) -> str:
    """Return one sentence on what changed in a column that was compared."""
    parts = []
    if "missing" in evidence:
        parts.append(f"is {percent(current.missing_ratio)} missing, was {percent(reference.missing_ratio)}")
    if pair is not None and "novel" in evidence:
        parts.append(_novel(reference, current, pair))
    if (
        pair is not None
        and ("psi" in evidence or "ks" in evidence)
        and not (parts and reference.kind != "numeric")
    ):
        parts.append(_moved(reference, current, pair))
    if parts:
        return f"`{name}` {' and '.join(parts)}"
    if current.rows and not current.count and reference.kind not in ("datetime", "other"):
        return f"`{name}` is {percent(current.missing_ratio)} missing, as it was"
    if reference.kind != current.kind:
        return f"`{name}` is {current.kind}, was {reference.kind}"
    return f"`{name}` has not drifted"


def too_few(name: str, rows: int, whose: str, min_rows: int) -> str:
    """Return one sentence on a column that was not compared."""
    return f"`{name}` has {rows} rows {whose}, fewer than the {min_rows} that a comparison needs"


def _novel(reference: ColumnState, current: ColumnState, pair: Pair) -> str:
    share = pair.novel_rows / max(int(pair.current.sum()) + pair.stray, 1)
    text = f"has {percent(share)} values never seen before"
    if current.changed and not reference.changed:
        return f"{text}, {percent(current.changed / current.rows)} are not {reference.kind}"
    if current.frequent.items and reference.plan.complete and current.frequent.items[0][0]:
        return f"{text}, most often {current.frequent.items[0][0][:40]!r}"
    if reference.kind != "numeric" or current.minimum is None or reference.minimum is None:
        return text
    if (current.minimum, current.maximum) == (reference.minimum, reference.maximum):
        return text
    now, was = (f"{state.minimum:.6g} to {state.maximum:.6g}" for state in (current, reference))
    return f"{text} ({now}, was {was})"


def _moved(reference: ColumnState, current: ColumnState, pair: Pair) -> str:
    if reference.kind == "numeric":
        means = [
            f"{state.mean or 0:.4g} and deviation {state.stddev or 0:.4g}" for state in (current, reference)
        ]
        return f"has mean {means[0]}, was {means[1]}"
    now, was = pair.current / pair.current.sum(), pair.reference / pair.reference.sum()
    most = int(np.argmax(now - was))
    words = reference.plan.categories
    word = repr(words[most]) if most < len(words) else "other values"
    return f"is {percent(now[most])} {word}, was {percent(was[most])}"


def percent(ratio: float | None) -> str:
    """Return a ratio for reading, as in ``0.3 %``; never ``100 %`` or ``0 %`` for what is only near it."""
    if ratio is None:
        return "unknown"
    share = 100 * ratio
    if 0 < share < 0.01:
        return "under 0.01 %"
    if 99.9 < share < 100:
        return "over 99.9 %"
    return f"{share:.3g} %"
