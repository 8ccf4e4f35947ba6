"""A detector's findings, turned into samples."""

from __future__ import annotations

from collections.abc import Iterable

from wolfpack.exporter.bodies import Finding
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import names

VALUES = {
    "score": names.ANOMALY_SCORE,
    "expected": names.ANOMALY_EXPECTED,
    "lower": names.ANOMALY_LOWER,
    "upper": names.ANOMALY_UPPER,
    "ready": names.ANOMALY_READY,
}


def findings(known: Known, given: Iterable[Finding]) -> list[Sample]:
    """Return the samples of findings.

    Raises
    ------
    Problem
        422 naming the entry whose labels are of another model.
    """
    found: list[Sample] = []
    for place, one in enumerate(given):
        if (one.labels.get("project"), one.labels.get("model")) != (known.spec.project, known.spec.model):
            named = f"{one.labels.get('project')}/{one.labels.get('model')}"
            detail = f"anomalies[{place}]: labels name {named}, the request another model"
            raise Problem(422, "Other model", detail, f"anomalies[{place}].labels")
        labels = {name: text for name, text in one.labels.items() if name != "__name__"}
        for name, family in VALUES.items():
            found += sample(family, getattr(one, name), int(one.window_end), **labels)
    return found
