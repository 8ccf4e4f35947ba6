"""Writing a file as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

PART = ".part"
"""Ending of a file while it is written."""


def write_whole(file: Path, data: bytes) -> None:
    """Write a file beside its name, have it on the disk, and rename it; its folder must be there."""
    beside = file.with_suffix(PART)
    with beside.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
    if os.name == "posix":  # the name too; elsewhere a folder cannot be opened
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
