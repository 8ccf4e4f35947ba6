"""A table of words for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def text_table(rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> str:
    """Return rows under each other, the first as the heads; the columns at the places `numbers` end together.

    Examples
    --------
    >>> print(text_table([("alert", "times"), ("Late", "12")], numbers=[1]))
    alert  times
    -----  -----
    Late      12
    """
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if place in numbers else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
