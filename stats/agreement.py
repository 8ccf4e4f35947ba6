"""Two versions on the same keys: how often they agree, and which loses less, row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from wolfpack.stats.averages import Averages
from wolfpack.stats.confusion import Confusion
from wolfpack.stats.estimates import Estimate, known, rate
from wolfpack.stats.pairs import check_binary, known_rows
from wolfpack.stats.score_losses import CLIP


def measure_agreement(predictions: Confusion) -> dict[str, Estimate]:
    """Return how often two versions say the same of a row; nothing without rows.

    ``agreement_ratio``, and ``kappa``, which is 0 if they agree as often as chance would have it and 1 if always;
    there is none where both say one class only.

    Parameters
    ----------
    predictions : of the new version, with those of the old one as labels.

    References
    ----------
    J. Cohen, A coefficient of agreement for nominal scales, 1960; standard error: J. Fleiss, J. Cohen, B. Everitt,
    Large sample standard errors of kappa and weighted kappa, Psychological Bulletin 72, 1969.

    Examples
    --------
    >>> measure_agreement(Confusion.from_arrays([1, 0, 0, 1], [1, 0, 1, 0]))["kappa"].value
    0.0
    """
    n = predictions.rows
    same = rate(int(np.trace(predictions.counts)), n)
    if same is None:
        return {}
    shares = predictions.counts / n
    old, new = shares.sum(1), shares.sum(0)
    chance, found = float(old @ new), {"agreement_ratio": same}
    if chance < 1:
        apart = (1 - same.value) / (1 - chance)
        slope = (np.eye(len(shares)) - apart * (new[:, None] + old[None, :])) / (1 - chance)
        variance = float((shares * slope**2).sum() - (shares * slope).sum() ** 2) / n
        if (kappa := known(1 - apart, variance)) is not None:
            found["kappa"] = kappa
    return found


def paired_losses(old: ArrayLike, new: ArrayLike, labels: ArrayLike, threshold: float) -> Averages:
    """Return by how much the new version's chances do better or worse than the old one's on the same rows.

    ``brier`` and ``log_loss``: new less old, below 0 if the new one is better; ``accuracy`` at the threshold: above
    0 if it is better. A row that lacks any of the three is left out and counted.

    Parameters
    ----------
    old, new : chances in the range 0<=x<=1, shape (n,).
    labels : 0 and 1.
    threshold : chance from which on a row is predicted positive.

    Raises
    ------
    ValueError
        If the shapes differ, a chance is out of range, or a label is neither 0 nor 1.
    """
    (before, after, y), missing = known_rows(old=old, new=new, labels=labels)
    check_binary(y)
    for name, chance in (("old", before), ("new", after)):
        wrong = (chance < 0) | (chance > 1)
        if wrong.any():
            raise ValueError(f"{name}: {float(chance[wrong][0])!r} is not in the range 0<=x<=1; give chances")
    given = [np.clip(np.where(y == 1, chance, 1 - chance), CLIP, 1 - CLIP) for chance in (after, before)]
    right = [((chance >= threshold) == y).astype(float) for chance in (after, before)]
    values = {
        "brier": np.square(after - y) - np.square(before - y),
        "log_loss": np.log(given[1]) - np.log(given[0]),
        "accuracy": right[0] - right[1],
    }
    return Averages.of(f"paired losses at {threshold!r}", values, missing)


def paired_errors(old: ArrayLike, new: ArrayLike, labels: ArrayLike) -> Averages:
    """Return by how much the new version's numbers err less or more than the old one's on the same rows.

    ``mae`` and ``mse``: new less old, below 0 if the new one is better.

    Raises
    ------
    ValueError
        If the shapes differ, or a number is infinite.
    """
    (before, after, y), missing = known_rows(old=old, new=new, labels=labels)
    errors = np.abs(after - y), np.abs(before - y)
    values = {"mae": errors[0] - errors[1], "mse": np.square(errors[0]) - np.square(errors[1])}
    return Averages.of("paired errors", values, missing)
