"""What people say of findings: right or wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, select

from wolfpack.exporter import store
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import feedback
from wolfpack.spec import names

OF_ALERTS = ("alertname", "severity", "owner", "check")
"""Labels that an alert has besides those of the finding it tells."""


def add_feedback(
    connection: Connection,
    known: Known,
    labels: Mapping[str, str],
    began: float,
    ended: float,
    verdict: str,
    note: str,
    now: float,
) -> bool:
    """Keep a verdict on the findings of a series between two times; return whether it replaces an earlier one."""
    text = json.dumps(dict(sorted(labels.items())), ensure_ascii=False)
    keys = {"model_id": known.id, "labels": text, "began": began, "ended": ended}
    return store.replace_row(connection, feedback, keys, {"verdict": verdict, "note": note, "received": now})


def feedback_samples(connection: Connection, known: Known) -> list[Sample]:
    """Return how many findings of each detector were judged right, and how many wrong."""
    c = feedback.c
    counted: Counter[tuple[str, str, str]] = Counter()
    for row in connection.execute(select(c.labels, c.verdict).where(c.model_id == known.id)):
        labels = json.loads(row.labels)
        counted[labels.get("metric", ""), labels.get("detector", ""), row.verdict] += 1
    found: list[Sample] = []
    for (metric, detector, verdict), count in counted.items():
        labels = {"project": known.spec.project, "model": known.spec.model, "verdict": verdict}
        found += sample(names.FEEDBACK, count, None, metric=metric, detector=detector, **labels)
    return found
