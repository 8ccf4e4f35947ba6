"""The detectors on public data: `python -m benchmarks.public DIR`, a folder with `nab`, `shesd` and `tcpd`.

What is absent is named.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

BENCHMARKS = {"shesd": "shesd", "nab": "nab", "changepoint": "tcpd"}
"""Modules, each with the folder of its data."""


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Few series: the tests' round.")
def main(data: Path, quick: bool) -> None:
    """Run each benchmark whose data is there; exit 1 if one failed."""
    failed = False
    for module, name in BENCHMARKS.items():
        print(f"\n{module}:\n", flush=True)
        if not (data / name).is_dir():
            print(
                f"skipped: {data / name} is not there; it holds the data that benchmarks/{module}.py describes"
            )
            continue
        command = [
            sys.executable,
            "-m",
            f"benchmarks.{module}",
            "--data",
            str(data / name),
            *["--quick"] * quick,
        ]
        failed |= subprocess.run(command, check=False).returncode != 0
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
