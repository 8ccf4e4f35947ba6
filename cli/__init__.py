"""The `wolfpack` command, over all of the house."""

from wolfpack.cli.main import main

__all__ = ["main"]
