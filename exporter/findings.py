"""A detector's findings as they are posted, checked and turned into samples."""

from __future__ import annotations

import math
from typing import Any

from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import family as family_named
from wolfpack.spec import names
from wolfpack.spec.model import check_label

LAST = 2**40
"""First window end that is refused, epoch seconds."""
VALUES = {
    "score": names.ANOMALY_SCORE,
    "expected": names.ANOMALY_EXPECTED,
    "lower": names.ANOMALY_LOWER,
    "upper": names.ANOMALY_UPPER,
    "ready": names.ANOMALY_READY,
}


def findings(known: Known, data: Any) -> list[Sample]:
    """Return the samples of ``{"anomalies": [{"labels", "window_end", "score", …}]}``.

    Raises
    ------
    Problem
        422 naming the entry that has another form or another model's labels.
    """
    entries = data.get("anomalies") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise Problem(422, "Bad findings", 'the body must be {"anomalies": [...]}', "body")
    found: list[Sample] = []
    for index, entry in enumerate(entries):
        try:
            found += _samples(known, entry)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise Problem(
                422, "Bad finding", f"anomalies[{index}]: {error!r}", f"anomalies[{index}]"
            ) from error
    return found


def _samples(known: Known, entry: dict[str, Any]) -> list[Sample]:
    labels = {str(name): str(value) for name, value in entry["labels"].items() if name != "__name__"}
    if (labels.get("project"), labels.get("model")) != (known.spec.project, known.spec.model):
        raise ValueError(
            f"labels name {labels.get('project')}/{labels.get('model')}, the request another model"
        )
    for text in labels.values():
        check_label(text)
    family_named(labels.get("metric", ""))
    if not 0 <= int(entry["window_end"]) < LAST:
        raise ValueError(
            f"window_end {entry['window_end']!r} is not in the range 0<=x<{LAST}; it is epoch seconds"
        )
    found: list[Sample] = []
    for name, family in VALUES.items():
        value = entry.get(name)
        if value is not None and not math.isfinite(float(value)):
            raise ValueError(f"{name} is {value!r}; leave out what has no value")
        found += sample(family, None if value is None else float(value), int(entry["window_end"]), **labels)
    return found
