"""Training of outlier models: features from training rows, a model, and a threshold that flags a stated share."""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.client.outlier_features import Features, learn
from wolfpack.client.outlier_models import FORMAT, METADATA, Distance, Onnx

Method = Literal["distance", "forest", "svm"]
MOST_ROWS: dict[Method, int] = {"distance": 1_000_000, "forest": 200_000, "svm": 10_000}
"""Rows that are learnt from, drawn at random of more: a support vector machine takes the square of them in time."""
HELD = 0.3
"""Share of the rows that the model does not see and the threshold is set on: seen rows look too usual."""
LEAST_ROWS = 100
OPSET = {"": 15, "ai.onnx.ml": 3}
"""Of ONNX: read by every onnxruntime since 1.10 (2021)."""


def train(table: pa.Table, method: Method = "distance", rate: float = 0.01, seed: int = 0) -> bytes:
    """Return the file of an outlier model of training data.

    Parameters
    ----------
    table : the inputs alone, no label and no key.
    method : ``distance`` (robust distance of the farthest input; JSON, needs no extra), ``forest`` (isolation forest,
        Liu, Ting and Zhou, 2008) or ``svm`` (one-class support vector machine, Schölkopf et al., 2001; both ONNX).
    rate : share of usual rows that may be flagged, of rows that the model did not see.

    Raises
    ------
    ValueError
        If there are too few rows to set the threshold on, or the rate is no share.
    """
    if not 0 < rate < 0.5:
        raise ValueError(f"rate={rate!r}; it is the share of usual rows that may be flagged, between 0 and 0.5")
    least = max(LEAST_ROWS, int(np.ceil(1 / (rate * HELD))))
    if len(table) < least:
        raise ValueError(f"{len(table)} rows; a threshold that flags {rate:g} of them needs {least}")
    random = np.random.default_rng(seed)
    order = random.permutation(len(table))[: MOST_ROWS[method]]
    held = order[: int(len(order) * HELD)]
    rest = table.take(pa.array(order[len(held) :]))
    features = learn(rest)
    if method == "distance":
        scores = Distance(features, np.inf).score(table.take(pa.array(held))).scores
        return Distance(features, _threshold(scores, rate)).to_bytes()
    return _onnx(features, rest, table.take(pa.array(held)), method, rate, seed)


def _threshold(scores: NDArray[np.float64], rate: float) -> float:
    return float(np.nanquantile(scores, 1 - rate))


def _onnx(
    features: Features, rest: pa.Table, held: pa.Table, method: Method, rate: float, seed: int
) -> bytes:
    """Convert the trained model, and set the threshold on what the converted one says."""
    matrix, known = features.matrix(rest)
    model = _estimator(method, rate, seed).fit(matrix[known].astype(np.float32))
    plain = _converted(model, features, np.inf)
    seen, there = features.matrix(held)
    return _converted(model, features, _threshold(Onnx(plain).strangeness(seen[there]), rate))


def _estimator(method: Method, rate: float, seed: int) -> Any:
    if method == "forest":
        from sklearn.ensemble import IsolationForest

        return IsolationForest(n_estimators=100, random_state=seed)
    from sklearn.svm import OneClassSVM

    return OneClassSVM(nu=max(rate, 0.01), gamma="scale")


def _converted(model: Any, features: Features, threshold: float) -> bytes:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    inputs = [("inputs", FloatTensorType([None, len(features.features)]))]
    converted = to_onnx(model, initial_types=inputs, target_opset=OPSET)
    entry = converted.metadata_props.add()
    head = {"format": FORMAT, "threshold": threshold, "features": features.to_list()}
    entry.key, entry.value = METADATA, json.dumps(head)
    return bytes(converted.SerializeToString())
