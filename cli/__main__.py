"""Run the command as ``python -m wolfpack.cli``."""

from wolfpack.cli.main import main

main()
