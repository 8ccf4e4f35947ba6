"""Times profiles of a Spark frame: `python -m benchmarks.spark_speed FILE PROFILE REPEATS`; prints JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from wolfpack import client
from wolfpack.stats import Profile


def main(path: str, reference: str, repeats: str) -> None:
    os.environ["PYSPARK_PYTHON"] = sys.executable  # else the workers take the python3 of the PATH
    import pyspark
    from pyspark.sql import SparkSession

    known = Profile.from_bytes(Path(reference).read_bytes())
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.log.level", "ERROR").getOrCreate()
    frame = session.read.parquet(path)
    seconds = []
    for _ in range(int(repeats) + 1):
        start = time.perf_counter()
        rows = client.profile(frame, baseline=known).rows
        seconds.append(time.perf_counter() - start)
    session.stop()
    versions = f"pyspark {pyspark.__version__}, first run {seconds[0]:.3g} s"
    print(json.dumps({"seconds": seconds[1:], "rows": rows, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
