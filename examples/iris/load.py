"""Ask the iris service for predictions; half way the inputs come in millimetres, as after a change of a form.

    python load.py http://127.0.0.1:8000 --seconds 600 --rate 20 --shadow http://127.0.0.1:8001
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter

import requests
from flowers import INPUTS, table

MILLIMETRES = ("petal_length", "petal_width")
"""Measures that change their unit."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("url")
    options.add_argument("--seconds", type=float, default=600, help="how long; the change comes half way")
    options.add_argument("--rate", type=float, default=20, help="calls a second")
    options.add_argument("--shadow", help="a second service that is asked the same; its answers are thrown away")
    given = options.parse_args()
    flowers = table().to_pylist()
    answered: Counter[int] = Counter()
    chosen, session = random.Random(0), requests.Session()  # noqa: S311 - which flowers is no secret
    calls = max(2, int(given.seconds * given.rate))
    start = time.monotonic()
    for number in range(calls):
        flower = chosen.choice(flowers)
        changed = 10.0 if number >= calls // 2 else 1.0
        inputs = {name: flower[name] * (changed if name in MILLIMETRES else 1.0) for name in INPUTS}
        path = "/predict/label" if number % 2 else "/predict"
        if given.shadow:
            session.post(given.shadow + path, json=inputs, timeout=10)
        answered[session.post(given.url + path, json=inputs, timeout=10).status_code] += 1
        time.sleep(max(0.0, start + (number + 1) / given.rate - time.monotonic()))
    print(", ".join(f"{count} answers {status}" for status, count in sorted(answered.items())))


if __name__ == "__main__":
    main()
