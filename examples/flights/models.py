"""Two builds of the arrival-delay model, trained anew in seconds at each demo; nothing is pickled.

`python -m wolfpack.flights.models` prints the ROC AUC of both by month.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from wolfpack.flights.data import (
    CATEGORICAL,
    FIRST_DAY,
    LABEL,
    LAST_DAY,
    NUMERIC,
    TIME,
    between,
    load,
    training,
)

__all__ = ["VERSIONS", "Model", "auc_by_month", "score", "train"]

VERSIONS = ("1", "2")
_FIRST_YEAR_DAY = date(2013, 1, 1)
_SECOND_TRAINING_END = date(2013, 7, 31)  # version 2 goes live the day after
_NUMERIC_1 = ("dep_delay", "distance", "hour", "temp", "wind_speed", "visib")
_CATEGORICAL_1 = ("origin",)


class Classifier(Protocol):
    """What is asked of scikit-learn."""

    def fit(self, features: Any, label: Any, /) -> Any: ...

    def predict_proba(self, features: Any, /) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True)
class Model:
    """A trained build and the columns that it reads."""

    version: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    classifier: Classifier


def train(version: str, frame: pd.DataFrame) -> Model:
    """Return one build of the model, trained on the clean flights that it may know.

    Parameters
    ----------
    version : str
        "1": a logistic regression of seven features, January to March. "2": boosted trees of all features,
        January to July, classes weighted alike: it ranks better and its scores are higher.
    frame : DataFrame
        The whole year as `load` gives it; rows without a label are not used.
    """
    if version == "1":
        return _fit(Model(version, _NUMERIC_1, _CATEGORICAL_1, _regression()), training(frame))
    if version == "2":
        known = between(frame, _FIRST_YEAR_DAY, _SECOND_TRAINING_END)
        return _fit(Model(version, NUMERIC, CATEGORICAL, _trees()), known)
    raise ValueError(f"train: version {version!r} is not one of {', '.join(VERSIONS)}; train one of these")


def _fit(model: Model, known: pd.DataFrame) -> Model:
    from threadpoolctl import threadpool_limits

    known = known.dropna(subset=[LABEL])
    with threadpool_limits(1):  # threads that wait for each other take longer than one where cores are shared
        model.classifier.fit(_features(model, known), known[LABEL])
    return model


def _regression() -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    names = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((numbers, list(_NUMERIC_1)), (names, list(_CATEGORICAL_1)))
    return make_pipeline(columns, LogisticRegression(max_iter=200))


def _trees() -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = make_column_transformer((codes, list(CATEGORICAL)), ("passthrough", list(NUMERIC)))
    trees = HistGradientBoostingClassifier(
        max_iter=50,  # more only learn January to July by heart
        class_weight="balanced",
        categorical_features=list(range(len(CATEGORICAL))),
        early_stopping=False,  # it would set a random tenth aside
        random_state=0,
    )
    return make_pipeline(columns, trees)


def _features(model: Model, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the model's columns with the same types whatever is missing, also if a whole column is."""
    numbers = frame[list(model.numeric)].astype("float64")
    names = frame[list(model.categorical)].astype(object)
    return pd.concat([numbers, names.where(names.notna(), "")], axis=1)


def score(model: Model, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the probability of a late arrival for each row, in [0, 1]; empty for no rows, never NaN."""
    if frame.empty:
        return np.empty(0)
    return np.asarray(model.classifier.predict_proba(_features(model, frame))[:, 1], dtype=np.float64)


def auc_by_month(models: Sequence[Model], frame: pd.DataFrame) -> pd.DataFrame:
    """Return the ROC AUC and the mean score of each model by month, over the rows that have a label."""
    from sklearn.metrics import roc_auc_score

    known = frame.dropna(subset=[LABEL])
    months = known[TIME].dt.month
    table: dict[str, Any] = {"late": known[LABEL].groupby(months).mean()}
    for model in models:
        both = pd.DataFrame({LABEL: known[LABEL], "score": score(model, known)}).groupby(months)
        table[f"auc {model.version}"] = both.apply(lambda part: roc_auc_score(part[LABEL], part["score"]))
        table[f"mean {model.version}"] = both["score"].mean()
    return pd.DataFrame(table).rename_axis("month")


def main() -> None:
    """Train both builds and print how they do, by month of the replay."""
    frame = load()
    models = []
    for version in VERSIONS:
        start = time.perf_counter()
        models.append(train(version, frame))
        print(f"version {version}: trained in {time.perf_counter() - start:.1f} s")
    print(auc_by_month(models, between(frame, FIRST_DAY, LAST_DAY)).round(4).to_string())


if __name__ == "__main__":
    main()
