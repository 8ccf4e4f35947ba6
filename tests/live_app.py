"""A service as a team would write it, for the tests to run under gunicorn: a model behind WSGI, with a monitor."""

from __future__ import annotations

import json
import os

import numpy as np
import pyarrow as pa

from wolfpack.client.call_log import CallLog
from wolfpack.client.monitor import Monitor
from wolfpack.client.outliers import Scored


class Far:
    """An outlier model: rows whose delay is beyond what training had."""

    def score(self, rows: pa.Table) -> Scored:
        delay = rows["delay"].to_numpy()
        return Scored(np.abs(delay - 100) / 10, np.abs(delay - 100) > 50)


monitor = Monitor(
    os.environ["WOLFPACK_URL"],
    project="travel",
    model="arrival-delay",
    version="1",
    flush=float(os.environ.get("WOLFPACK_FLUSH", "0.5")),
    outliers=Far(),
    log=CallLog(os.environ["WOLFPACK_LOG"]) if "WOLFPACK_LOG" in os.environ else None,
)


@monitor.watch
def predict(rows):
    return [row["delay"] / 200 for row in rows]


def answer(environ, start_response):
    rows = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"[]")
    body = json.dumps({"pid": os.getpid(), "scores": predict(rows)}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


app = monitor.wsgi(answer)
