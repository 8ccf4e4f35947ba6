"""The iris data (Fisher, 1936; 150 flowers, shipped with scikit-learn), its model in two versions, and what is usual.

The models are trained when a process starts, which takes some milliseconds: nothing is unpickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from wolfpack.client import profile
from wolfpack.client.outlier_training import train
from wolfpack.spec import load_all
from wolfpack.spec.plan import Plan

INPUTS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
SPECIES = ("setosa", "versicolor", "virginica")
SAMPLE = dict(zip(INPUTS, (5.1, 3.5, 1.4, 0.2), strict=True))
SPEC = Path(__file__).parent / "iris.yml"
RATE = 0.05
"""Share of usual flowers that may be flagged: few rows know no rarer."""


def table(copies: int = 1, seed: int = 0) -> pa.Table:
    """Return the flowers, each so many times, measured a millimetre off here and there, with their species."""
    found = load_iris()
    random = np.random.default_rng(seed)
    values = np.repeat(found.data, copies, axis=0)
    values = np.clip(values + random.normal(0, 0.1, values.shape), 0.1, None) if copies > 1 else values
    columns: dict[str, Any] = {name: values[:, place] for place, name in enumerate(INPUTS)}
    return pa.table(columns | {"species": [SPECIES[one] for one in np.repeat(found.target, copies)]})


def model(version: str) -> Any:
    """Return the classifier of a version: ``1`` is linear, any other a tree."""
    flowers = table()
    inputs = np.column_stack([flowers[name].to_numpy() for name in INPUTS])
    linear = make_pipeline(StandardScaler(), LogisticRegression())
    made = linear if version == "1" else DecisionTreeClassifier(max_depth=3)
    return made.fit(inputs, flowers["species"].to_pylist())


def plan() -> Plan:
    """Return the plan of the training data, with the ranges of the spec."""
    ranges = load_all([SPEC])[0].spec.ranges
    found: Plan = profile(table().select(INPUTS)).plan.ranged(ranges)
    return found


def outlier_model() -> bytes:
    """Return the file of an isolation forest of the inputs, as ONNX."""
    return train(table(copies=20).select(INPUTS), "forest", RATE)
