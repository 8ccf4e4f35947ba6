"""Peak memory of reading a file, or of profiling it: `python -m benchmarks.memory read|profile FILE PROFILE`.

A process of its own, so that the peak is that of the one work; both load the same code and profile, whose plan
the rows are counted on. Prints the peak in MB and the rows seen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from wolfpack import client
from wolfpack.stats import Profile, compare


def peak() -> float:
    """Return the largest resident set of this process so far, MB; Linux only.

    The figure of `resource.getrusage` would not do: it begins with that of the process it was forked from.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) / 1024


def main(what: str, path: str, reference: str) -> None:
    known = Profile.from_bytes(Path(reference).read_bytes())
    compare(known, known)
    if what == "read":
        rows = sum(batch.num_rows for batch in client.open_files(path).batches())
    else:
        rows = client.profile(path, baseline=known).rows
    print(json.dumps([peak(), rows]))


if __name__ == "__main__":
    main(*sys.argv[1:])
