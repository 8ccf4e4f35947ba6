"""The pages about the client and the sources say the numbers of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from wolfpack.client import failure, retries, spool, transport

DOCS = Path(__file__).parent.parent / "docs"
CONNECT, ANSWER = transport.TIMEOUT


@pytest.mark.parametrize(
    ("page", "phrase"),
    [
        ("client.md", f"`retry_for` ({retries.RETRY_FOR:.0f} s) after the first one"),
        ("client.md", f"doubles from {retries.FIRST_WAIT} s to {retries.LONGEST_WAIT:.0f} s"),
        ("client.md", f"given up after {CONNECT:.0f} s, an answer after {ANSWER:.0f} s"),
        ("client.md", ", ".join(map(str, sorted(failure.MAY_PASS - {0})[2:-1])) + " and 504"),
        ("client.md", f"| {', '.join(map(str, sorted(spool.REFUSED)))}:"),
        ("client.md", f"`spool_limit`, {spool.LIMIT >> 20} MiB a model"),
    ],
)
def test_numbers_are_those_of_the_code(page: str, phrase: str) -> None:
    assert phrase in (DOCS / page).read_text(encoding="utf-8")
