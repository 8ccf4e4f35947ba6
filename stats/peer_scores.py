"""Drift scores as Evidently and NannyML define them, for teams that compare old numbers with new ones.

They need the rows, and none has a noise floor: see `compare` for scores to alert on. Written from the definitions in
the libraries' sources (Evidently 0.7.23, NannyML 0.13.1), and equal to what they print.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import special

from wolfpack.stats.arrow import open_table, read_whole
from wolfpack.stats.categorical import Words
from wolfpack.stats.counting import derive
from wolfpack.stats.distances import jensen_shannon
from wolfpack.stats.freezing import Wish, first_plans

Compat = Literal["evidently", "nannyml"]
FEW_VALUES = 20
"""Distinct values of the reference up to which Evidently counts numbers like categories."""
FILL, TINY = 1e-4, 1e6
"""What Evidently puts for a share of 0: 1e-4, or the smallest share over 1e6 if that is no larger."""
BASE_2 = math.sqrt(math.log(2))
"""What turns NannyML's Jensen-Shannon distance, of logarithms to base 2, into that of natural ones."""
LEAST_STD = 1e-3
"""Deviation of the reference under which Evidently does not divide by it."""

Floats = NDArray[np.float64]
Scores = dict[str, float]


def peer_scores(before: Any, now: Any, compat: Compat) -> dict[str, Scores]:
    """Return by column the scores of a peer under the names that it gives them.

    Missing and infinite values are left out. Columns of both tables that are numbers, booleans or categories are
    scored; which are which, `profile` decides. A score that is undefined is left out.

    Parameters
    ----------
    before, now : tables as `profile` takes them, read into memory.
    compat : ``evidently`` or ``nannyml``.

    Raises
    ------
    TableError
        If something given is no table.
    ValueError
        If the peer is not known.

    Notes
    -----
    Of references of 10,000 rows or more NannyML estimates Kolmogorov-Smirnov and Wasserstein on 10,000 bins of
    equal width; here they are of the values.
    """
    if compat not in get_args(Compat):
        raise ValueError(f"compat: {compat!r} is no peer; allowed are {', '.join(get_args(Compat))}")
    tables = [read_whole(open_table(table), ()) for table in (before, now)]
    found: dict[str, Scores] = {}
    for name, plan in first_plans(tables[0], Wish()):
        if plan.source or plan.kind not in ("numeric", "boolean", "categorical"):
            continue
        if name in tables[1].column_names:
            sides = [derive(name, table[name], plan, {})[0].data for table in tables]
            found[name] = _score(sides, plan.kind == "numeric", compat)
    return found


def _score(sides: list[Any], numeric: bool, compat: Compat) -> Scores:
    if numeric:
        reference, current = (side[np.isfinite(side)] for side in sides)
        if not len(reference) or not len(current):
            return {}
        score = _evidently_numbers if compat == "evidently" else _nannyml_numbers
        return _defined(score(reference, current))
    p, q = _counts(sides)
    if not p.sum() or not q.sum():
        return {}
    return _defined(_evidently_words(p, q) if compat == "evidently" else _nannyml_words(p, q))


def _counts(sides: list[Any]) -> tuple[Floats, Floats]:
    """Return the counts of every category of either side, shape (k,) each."""
    counted = []
    for side in sides:
        if isinstance(side, Words):
            counted.append(dict(zip(side.words.to_pylist(), side.counts()[:-1].tolist(), strict=True)))
        else:
            values, counts = np.unique(side[side >= 0], return_counts=True)
            counted.append(dict(zip(values.tolist(), counts.tolist(), strict=True)))
    words = [word for word in dict.fromkeys((*counted[0], *counted[1])) if any(c.get(word) for c in counted)]
    p, q = (np.array([one.get(word, 0) for word in words], float) for one in counted)
    return p, q


def _evidently_numbers(reference: Floats, current: Floats) -> Scores:
    from scipy import stats  # not by every job that imports the client

    both = np.concatenate((reference, current))
    if len(np.unique(reference)) > FEW_VALUES:
        edges = np.histogram_bin_edges(both, bins="sturges")
        p, q = (np.histogram(side, edges)[0].astype(float) for side in (reference, current))
    else:
        values = np.unique(both)
        p, q = (
            np.histogram(side, np.append(values, np.inf))[0].astype(float) for side in (reference, current)
        )
    # its Hellinger distance has bins of its own: of the distinct values
    edges = np.histogram_bin_edges(np.unique(both), bins="sturges")
    a, b = (np.histogram(side, edges)[0] / len(side) for side in (reference, current))
    return {
        **_evidently_shares(p, q),
        "hellinger": _hellinger(a, b),
        "wasserstein": stats.wasserstein_distance(reference, current)
        / max(float(reference.std()), LEAST_STD),
        "ks": float(stats.ks_2samp(reference, current).pvalue),
        "ed": stats.energy_distance(reference, current),
    }


def _evidently_words(p: Floats, q: Floats) -> Scores:
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # a category that the reference lacks is expected 0 times
        surprise = np.where(
            (p > 0) | (q > 0), (q - p * q.sum() / p.sum()) ** 2 / (p * q.sum() / p.sum()), 0.0
        )
    return {
        **_evidently_shares(p, q),
        "hellinger": _hellinger(p / p.sum(), q / q.sum()),
        "chisquare": float(special.chdtrc(len(p) - 1, surprise.sum())),
    }


def _evidently_shares(p: Floats, q: Floats) -> Scores:
    p, q = p / p.sum(), q / q.sum()
    filled, other = (np.where(side == 0, _fill(side), side) for side in (p, q))
    return {
        "psi": float(((filled - other) * np.log(filled / other)).sum()),
        "jensenshannon": jensen_shannon(p, q),
        "kl_div": float(special.rel_entr(filled / filled.sum(), other / other.sum()).sum()),
    }


def _fill(shares: Floats) -> float:
    least = float(shares[shares > 0].min())
    return least / TINY if least <= FILL else FILL


def _nannyml_numbers(reference: Floats, current: Floats) -> Scores:
    from scipy import stats

    edges = np.histogram_bin_edges(reference, bins="doane")
    p, q = (np.histogram(side, edges)[0] / len(side) for side in (reference, current))
    beyond = 1 - q.sum()
    if beyond > 0:
        p, q = np.append(p, 0.0), np.append(q, beyond)
    return {
        "jensen_shannon": jensen_shannon(p, q) / BASE_2,
        "hellinger": _hellinger(p, q),
        "wasserstein": stats.wasserstein_distance(reference, current),
        "kolmogorov_smirnov": float(stats.ks_2samp(reference, current).statistic),
    }


def _nannyml_words(p: Floats, q: Floats) -> Scores:
    from scipy import stats

    a, b = p / p.sum(), q / q.sum()
    known = p > 0
    # what the reference lacks is one heap, but for the largest difference and the test
    heaped = [np.append(side[known], side[~known].sum()) for side in (a, b)]
    chi2 = float(stats.chi2_contingency(np.array([p, q])).statistic) if len(p) > 1 else 0.0
    return {
        "jensen_shannon": jensen_shannon(*heaped) / BASE_2,
        "hellinger": _hellinger(*heaped),
        "l_infinity": float(np.abs(a - b).max()),
        "chi2": chi2,
    }


def _hellinger(p: Floats, q: Floats) -> float:
    return math.sqrt(max(1 - float(np.sqrt(p * q).sum()), 0.0))


def _defined(scores: Scores) -> Scores:
    return {name: float(score) for name, score in scores.items() if math.isfinite(score)}
