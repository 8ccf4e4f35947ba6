"""Outlier models that are kept in a file: a robust distance, or a model of scikit-learn as ONNX.

Both read rows through `Features`, give a score that is larger the stranger a row is, and flag what is beyond a
threshold, which was set on training rows so that a stated share of them would be flagged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wolfpack.client.outlier_features import Feature, Features
from wolfpack.client.outliers import OutlierScorer, Scored
from wolfpack.spec.plan import Plan

FORMAT = "wolfpack-outliers/1"
METADATA = "wolfpack"
"""Key of the ONNX file's metadata under which the rest of the model stands."""
PLAN_LIMIT = 6.0
"""Scales from the median beyond which a value is an outlier, where no rows set a threshold: 2e-9 of a Gaussian."""
QUARTILES = 1.349
"""Distance of a Gaussian's quartiles in standard deviations."""


@dataclass(frozen=True)
class Distance:
    """Flags a row one of whose inputs is farther from usual than `threshold`, in robust standard deviations.

    Examples
    --------
    >>> model = Distance(Features((Feature("x", center=5.0, scale=2.0),)), threshold=3.0)
    >>> model.score(pa.table({"x": [5.0, 12.0, None]})).scores
    array([0. , 3.5, nan])
    """

    features: Features
    threshold: float

    def score(self, rows: pa.Table) -> Scored:
        """Return, for each row, its farthest input; NaN where it has none."""
        matrix, known = self.features.matrix(rows)
        return _flagged(np.abs(matrix).max(axis=1, initial=0.0), known, self.threshold)

    def to_bytes(self) -> bytes:
        head = {"format": FORMAT, "method": "distance", "threshold": self.threshold}
        return json.dumps(head | {"features": self.features.to_list()}, indent=1, ensure_ascii=False).encode()


class Onnx:
    """A model of scikit-learn, run by onnxruntime (extra ``onnx``) on one thread.

    Parameters
    ----------
    content : bytes of the ONNX file, with the features and the threshold in its metadata.

    Raises
    ------
    ValueError
        If it is no such file. ImportError without onnxruntime.
    """

    def __init__(self, content: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # beside a service, not in its place
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            head = json.loads(self._session.get_modelmeta().custom_metadata_map[METADATA])
            self.features, self.threshold = Features.from_list(head["features"]), float(head["threshold"])
        except Exception as error:  # onnxruntime has a class of its own for each fault
            raise ValueError(f"no ONNX file of `wolfpack outliers train`: {error}") from error
        self._input = self._session.get_inputs()[0].name

    def score(self, rows: pa.Table) -> Scored:
        """Return how strange each row is to the model; NaN where it has no input."""
        matrix, known = self.features.matrix(rows)
        return _flagged(self.strangeness(matrix), known, self.threshold)

    def strangeness(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the model's decision with its sign turned: larger is stranger."""
        if not len(matrix):
            return np.zeros(0)
        _, scores = self._session.run(None, {self._input: matrix.astype(np.float32)})
        return -np.asarray(scores, dtype=float).reshape(len(matrix))


def from_plan(plan: Plan, limit: float = PLAN_LIMIT) -> Distance:
    """Return a model without training: from the quartiles and categories of the plan that the exporter keeps.

    The plan's bins hold about as many rows of the reference each, so their edges are its quantiles. A category that
    the reference never had is beyond the limit.
    """
    found = []
    for name, column in plan.columns.items():
        if column.source:
            continue
        if column.kind == "numeric" and len(column.edges) >= 3:
            low, middle, high = np.quantile(column.edges, [0.25, 0.5, 0.75])
            found.append(Feature(name, float(middle), float(high - low) / QUARTILES or 1.0))
        elif column.kind in ("categorical", "boolean") and column.complete:
            found.append(Feature(name, rarity=dict.fromkeys(column.categories, 0.0), unknown=2 * limit))
    return Distance(Features(tuple(found)), limit)


def load(path: str | PathLike[str]) -> OutlierScorer:
    """Return the model of a file that `wolfpack outliers train` wrote.

    Raises
    ------
    ValueError
        If it is no such file; the message names it. OSError if it cannot be read.
    """
    content = Path(path).read_bytes()
    if content.lstrip()[:1] != b"{":
        try:
            return Onnx(content)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    try:
        head: dict[str, Any] = json.loads(content)
        if head.get("format") != FORMAT:
            raise ValueError(f"its format is {head.get('format')!r}; this release reads {FORMAT!r}")
        return Distance(Features.from_list(head["features"]), float(head["threshold"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: no outlier model: {error}") from error


def _flagged(scores: NDArray[np.float64], known: NDArray[np.bool_], threshold: float) -> Scored:
    scores = np.where(known, scores, np.nan)
    return Scored(scores, np.nan_to_num(scores, nan=-np.inf) > threshold)
