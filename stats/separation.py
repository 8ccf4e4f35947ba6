"""Whether a classifier can tell rows of now from rows of before: drift that no single column shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import ndtri

from wolfpack.spec.errors import TableError
from wolfpack.spec.plan import ColumnPlan
from wolfpack.stats.arrow import open_table, read_whole
from wolfpack.stats.categorical import Words, places
from wolfpack.stats.counting import derive
from wolfpack.stats.freezing import Wish, first_plans

FOLDS = 5
MOST_ROWS = 20_000
"""Rows of a side that are learnt from; more are drawn from, since the interval is then narrow enough."""
LEAST_ROWS = 50
MOST_CATEGORIES = 250
"""Categories a tree can tell apart are 255; the rarest beyond these are one."""
CHANCE = 0.01
SPREAD = 1.4
"""Deviation of the mean over folds, over that of independent folds: 1.2 to 1.4 on tables without drift. It cannot be
told from the data (Y. Bengio, Y. Grandvalet, No unbiased estimator of the variance of k-fold cross-validation,
JMLR 2004)."""
REPEATS = 3
"""Shuffles of a column in each fold by which its importance is measured."""

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Separation:
    """How well rows of now and of before can be told apart.

    Parameters
    ----------
    roc_auc : mean over folds, each scored by a classifier that has not seen it; 0.5 if they cannot be told apart.
    low, high : the interval that `roc_auc` keeps without drift, with a chance of 0.99.
    importances : by column, what shuffling it takes from `roc_auc`, largest first.
    rows : rows before and now that were used.
    """

    roc_auc: float
    low: float
    high: float
    importances: dict[str, float]
    rows: tuple[int, int]

    @property
    def drifted(self) -> bool:
        """Whether the classifier does better than chance; a worse one than chance has learnt nothing."""
        return self.roc_auc > self.high

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "rows": list(self.rows), "drifted": self.drifted}


def separate(before: Any, now: Any, *, seed: int = 0) -> Separation:
    """Return how well a classifier tells the rows of two tables apart, by five-fold cross-validation.

    Columns of both tables are used but for dates and times, which move by themselves; of texts, lists, embeddings
    and images their measures. Of more than 20,000 rows so many are drawn.

    Parameters
    ----------
    before, now : tables as `profile` takes them, read into memory.
    seed : for what is drawn; the same tables and seed give the same answer.

    Raises
    ------
    ImportError
        If scikit-learn is not installed (extra `classifier`).
    TableError
        If a table has under 50 rows, or they share no column to learn from.

    Notes
    -----
    Without drift the score of a fold has mean 1/2 and variance (n + m + 1) / 12 n m, n and m its rows of either
    side (H. Mann, D. Whitney, 1947); the interval is that of their mean, widened by `SPREAD`, since folds share what
    they learn from. The method is the domain classifier of S. Rabanser, S. Günnemann, Z. Lipton, Failing loudly,
    NeurIPS 2019.
    """
    random = np.random.default_rng(seed)
    tables = [_draw(side, table, random) for side, table in (("before", before), ("now", now))]
    features, names, words = _features(*tables)
    sizes = tables[0].num_rows, tables[1].num_rows
    labels = np.repeat([0, 1], sizes)
    scores, drops = _cross_validate(features, labels, words, seed)
    per_fold = [size / FOLDS for size in sizes]
    deviation = SPREAD * math.sqrt((sum(per_fold) + 1) / (12 * per_fold[0] * per_fold[1]) / FOLDS)
    half = float(ndtri(1 - CHANCE / 2)) * deviation
    ranked = sorted(zip(drops.tolist(), names, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return Separation(
        float(np.mean(scores)), 0.5 - half, 0.5 + half, {name: drop for drop, name in ranked}, sizes
    )


def _draw(side: str, table: Any, random: np.random.Generator) -> pa.Table:
    whole = read_whole(open_table(table), ())
    if whole.num_rows < LEAST_ROWS:
        raise TableError(
            f"{side}: {whole.num_rows} rows are too few to learn from; give {LEAST_ROWS} at least, or compare profiles"
        )
    if whole.num_rows <= MOST_ROWS:
        return whole
    return whole.take(pa.array(np.sort(random.choice(whole.num_rows, MOST_ROWS, replace=False))))


def _features(before: pa.Table, now: pa.Table) -> tuple[Floats, list[str], list[bool]]:
    """Return numbers of shape (rows of both, columns), NaN where missing; the columns, and which are codes."""
    found: list[Floats] = []
    names, words = [], []
    for name, plan in first_plans(before, Wish()):
        source = plan.source or name
        if plan.kind == "datetime" or plan.measure == "items" or source not in now.column_names:
            continue
        values: list[Any] = [derive(name, table[source], plan, {})[0].data for table in (before, now)]
        numbers = _codes(values) if isinstance(values[0], Words) else _numbers(values, plan)
        if numbers is not None:
            found.append(numbers)
            names.append(name)
            words.append(isinstance(values[0], Words))
    if not found:
        raise TableError("the tables share no column to learn from; times and nested columns are none")
    return np.column_stack(found), names, words


def _numbers(values: list[Any], plan: ColumnPlan) -> Floats | None:
    """Return numbers, or of booleans 0, 1 and NaN; None for kinds that are only counted."""
    together = np.concatenate(values).astype(np.float64)
    if plan.kind == "numeric":
        return together
    return np.where(together < 0, np.nan, together) if plan.kind == "boolean" else None


def _codes(values: list[Words]) -> Floats:
    """Return the place of each row's word among the most frequent of both sides; their number for all others."""
    counts = pa.concat_tables([pa.table({"word": side.words, "rows": side.counts()[:-1]}) for side in values])
    ranked = counts.group_by("word").aggregate([("rows", "sum")])
    ranked = ranked.sort_by([("rows_sum", "descending"), ("word", "ascending")]).slice(0, MOST_CATEGORIES)
    kept = tuple(ranked["word"].to_pylist())
    by_word = [np.append(places(side.words, kept).astype(float), np.nan) for side in values]
    return np.concatenate([codes[side.indices] for codes, side in zip(by_word, values, strict=True)])


def _cross_validate(
    features: Floats, labels: NDArray[np.int64], words: list[bool], seed: int
) -> tuple[list[float], Floats]:
    """Return the ROC AUC of each fold, and what shuffling each column takes from it on average."""
    try:
        from sklearn.model_selection import StratifiedKFold
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise ImportError(
            "the domain classifier needs scikit-learn: install wolfpack-monitor[classifier]"
        ) from error
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features, labels)
    with threadpool_limits(1):  # its threads wait for each other longer than they work: 12 s against 1 s
        found = [_fold(features, labels, words, seed, learnt, kept) for learnt, kept in folds]
    return [score for score, _ in found], np.mean([drops for _, drops in found], axis=0)


def _fold(
    features: Floats, labels: NDArray[np.int64], words: list[bool], seed: int, learnt: Rows, kept: Rows
) -> tuple[float, Floats]:
    """Return the ROC AUC on the rows kept apart, and what shuffling each column takes from it."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import roc_auc_score

    model = HistGradientBoostingClassifier(
        max_iter=50, max_leaf_nodes=15, categorical_features=words, early_stopping=False, random_state=seed
    )
    model.fit(features[learnt], labels[learnt])
    score = roc_auc_score(labels[kept], model.predict_proba(features[kept])[:, 1])
    shuffled = permutation_importance(
        model, features[kept], labels[kept], scoring="roc_auc", n_repeats=REPEATS, random_state=seed
    )
    return float(score), np.asarray(shuffled.importances_mean)
