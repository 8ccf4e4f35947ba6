"""What two versions said of the same keys: how often they agree, and which errs less where labels are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from wolfpack.exporter.outcomes import CHUNK, among, read_words
from wolfpack.exporter.schema import labels, predictions
from wolfpack.stats import (
    Averages,
    Confusion,
    Estimate,
    Judging,
    measure_agreement,
    paired_errors,
    paired_losses,
)

MOST = 200_000
"""Keys that are compared, the newest; a standard error gets no smaller that matters."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SameKeys:
    """Rows that both versions predicted.

    Parameters
    ----------
    rows, labelled : how many, and how many of them have a label.
    agreement : how alike the predictions are.
    losses : by how much the new version loses more (below 0: less), row by row.
    """

    rows: int
    labelled: int
    agreement: dict[str, Estimate]
    losses: dict[str, Estimate]


def same_keys(
    connection: Connection, model: int, judging: Judging, old: str, new: str, first: int, end: int
) -> SameKeys:
    """Compare what is still kept by key of the panes with first <= start < end, of the old version's rows."""
    p = predictions.c
    where = (p.model_id == model, p.start >= first, p.start < end, p.version == old)
    query = select(p.key, p.value).where(*where).order_by(p.start.desc()).limit(MOST)
    before = {key: value for key, value in connection.execute(query) if value is not None}
    keys = sorted(before)
    after: dict[int, float] = {}
    known_labels: dict[int, float] = {}
    for at in range(0, len(keys), CHUNK):
        some = keys[at : at + CHUNK]
        its = select(p.key, p.value).where(p.model_id == model, among(connection, p.key, some), p.version == new)
        after |= {key: value for key, value in connection.execute(its) if value is not None}
        here = (labels.c.model_id == model, among(connection, labels.c.key, some))
        truths = connection.execute(select(labels.c.key, labels.c.label).where(*here))
        known_labels |= {row.key: row.label for row in truths}
    rows = np.array([(before[key], value, known_labels.get(key, np.nan)) for key, value in after.items()], np.float64)
    old_said, new_said, truth = rows.reshape(-1, 3).T
    words = {}
    if judging.task == "multiclass":
        words = {number: word for word, number in read_words(connection, model).items()}
    known = ~np.isnan(truth)
    return SameKeys(
        len(rows),
        int(known.sum()),
        _agreement(judging, old_said, new_said, words),
        _losses(judging, old_said[known], new_said[known], truth[known]),
    )


def _agreement(judging: Judging, before: Floats, after: Floats, words: dict[int, str]) -> dict[str, Estimate]:
    if judging.task == "multiclass":
        said = [np.array([words.get(int(one)) for one in side], object) for side in (after, before)]
        return measure_agreement(Confusion.from_arrays(*said))
    apart = {"mean_difference": after - before, "mean_distance": np.abs(after - before)}
    found = Averages.of("same keys", apart).measures()
    if judging.task == "binary":
        decided = (before >= judging.threshold).astype(np.float64)
        found |= measure_agreement(Confusion.at_threshold(after, decided, judging.threshold))
    return found


def _losses(judging: Judging, before: Floats, after: Floats, truth: Floats) -> dict[str, Estimate]:
    """Return differences of losses; of classes and lists there are none by single rows."""
    if judging.task == "regression":
        return paired_errors(before, after, truth).measures()
    chances = not len(before) or (min(before.min(), after.min()) >= 0 and max(before.max(), after.max()) <= 1)
    if judging.task == "binary" and chances:
        return paired_losses(before, after, truth, judging.threshold).measures()
    return {}
