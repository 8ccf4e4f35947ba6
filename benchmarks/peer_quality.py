"""A peer's quality of scores; in its environment: `python -m benchmarks.peer_quality NAME REPEATS THRESHOLD FILE…`.

A file is a .npz with the arrays `reference`, `reference_labels`, `analysis`, `analysis_labels` and the number of
`chunks`. Prints the seconds of each run, all files together, and what was found.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.report import now

ESTIMATED = ("roc_auc", "average_precision", "accuracy", "precision", "recall", "f1", "specificity")


def frame(loaded: Any, side: str, threshold: float) -> pd.DataFrame:
    scores, labels = loaded[side], loaded[f"{side}_labels"]
    return pd.DataFrame({"score": scores, "said": (scores >= threshold).astype(int), "label": labels})


def nannyml_quality(loaded: Any, threshold: float) -> tuple[float, Any]:
    """Return the seconds of fitting and estimating, and by measure the estimates of the chunks."""
    from nannyml import CBPE

    reference, analysis = (frame(loaded, side, threshold) for side in ("reference", "analysis"))
    size = -(-len(analysis) // int(loaded["chunks"]))
    start = now()
    cbpe = CBPE(
        metrics=list(ESTIMATED),
        y_pred_proba="score",
        y_pred="said",
        y_true="label",
        problem_type="classification_binary",
        chunk_size=size,
    )
    cbpe.fit(reference)
    found = cbpe.estimate(analysis.drop(columns="label")).filter(period="analysis").to_df()
    seconds = now() - start
    return seconds, {name: found[name]["value"].tolist() for name in ESTIMATED}


def evidently_quality(loaded: Any, threshold: float) -> tuple[float, Any]:
    """Return the seconds of its classification measures of the analysis rows, and each value."""
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.metrics import Accuracy, F1Score, LogLoss, Precision, Recall, RocAuc

    task = BinaryClassification(
        target="label", prediction_labels="said", prediction_probas="score", pos_label=1
    )
    data = Dataset.from_pandas(
        frame(loaded, "analysis", threshold),
        DataDefinition(classification=[task], numerical_columns=["score"]),
    )
    kinds = {
        "accuracy": Accuracy,
        "precision": Precision,
        "recall": Recall,
        "f1": F1Score,
        "log_loss": LogLoss,
    }
    kinds["roc_auc"] = RocAuc
    start = now()
    found = Report([kind() for kind in kinds.values()]).run(data, None).dict()
    seconds = now() - start
    return seconds, dict(zip(kinds, [metric["value"] for metric in found["metrics"]], strict=False))


def main(name: str, repeats: str, threshold: str, *files: str) -> None:
    work = {"nannyml": nannyml_quality, "evidently": evidently_quality}[name]
    seconds, found = [], []
    for _ in range(int(repeats)):
        runs = [work(np.load(file), float(threshold)) for file in files]
        seconds.append(sum(run[0] for run in runs))
        found = [run[1] for run in runs]
    versions = ", ".join(f"{package} {version(package)}" for package in (name, "numpy", "pandas"))
    print(json.dumps({"seconds": seconds, "found": found, "versions": versions}))


if __name__ == "__main__":
    main(*sys.argv[1:])
