"""Quality over a window: the counts of its panes in, samples out."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from scipy.special import ndtri
from sqlalchemy import Connection, select

from wolfpack.exporter.panes import Shadow
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import judged
from wolfpack.spec import Spec, names
from wolfpack.spec.measures import MEASURES, Measure
from wolfpack.stats import Estimate, Judged, QualityCounts
from wolfpack.stats.floors import FALSE_ALARMS
from wolfpack.stats.quality_counts import ALL, Segment
from wolfpack.stats.releases import FEWEST

Cell = tuple[str, Segment]
"""Version ("": all that are no shadows) and segment with its value."""
Place = tuple[Cell, str]
"""A cell and a class in it ("": all together)."""
KEPT = 256
"""Decoded panes kept in memory."""
LIMIT = -float(ndtri(FALSE_ALARMS))
"""Standard errors that a measure passes on one side with the chance of a false alarm."""


@dataclass(frozen=True)
class Counted:
    """What was counted in the panes of a window: by version, and all together that are no shadows.

    Parameters
    ----------
    panes : how many have counts, by version; "": all together.
    """

    versions: Mapping[str, QualityCounts]
    together: QualityCounts | None
    panes: Mapping[str, int]

    @property
    def cells(self) -> dict[Cell, Judged]:
        """The state of every cell that is shown: all segments of all together, and versions where there are several."""
        found: dict[Cell, Judged] = {}
        if self.together is not None:
            found |= {("", segment): one for segment, one in self.together.cells.items()}
        if len(self.versions) > 1:
            found |= {(version, ALL): one.whole for version, one in self.versions.items()}
        return found


class QualityPanes:
    """Reads counts of panes from the ledger; what was decoded once is kept while it is used."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, QualityCounts] = OrderedDict()

    def load(
        self, connection: Connection, model: int, counted: str, first: int, end: int, shadow: Shadow
    ) -> Counted:
        """Return the counts of the panes with first <= start < end that were counted so."""
        c = judged.c
        where = (c.model_id == model, c.start >= first, c.start < end, c.counted == counted)
        query = select(c.version, c.start, c.data).where(*where).order_by(c.start, c.version, c.origin, c.part)
        versions: dict[str, list[QualityCounts]] = {}
        whole: list[QualityCounts] = []
        starts: dict[str, set[int]] = {}
        for version, start, data in connection.execute(query):
            found = self._read(bytes(data))
            versions.setdefault(version, []).append(found)
            starts.setdefault(version, set()).add(start)
            if not shadow(version, start):
                whole.append(found)
                starts.setdefault("", set()).add(start)
        merged = {version: its[0].merge(*its[1:]) for version, its in sorted(versions.items())}
        panes = {version: len(its) for version, its in starts.items()}
        return Counted(merged, whole[0].merge(*whole[1:]) if whole else None, panes)

    def _read(self, data: bytes) -> QualityCounts:
        key = hashlib.blake2b(data, digest_size=16).digest()
        found = self._kept.pop(key, None) or QualityCounts.from_bytes(data)
        self._kept[key] = found
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found


def labels_of(spec: Spec, measure: Measure, place: Place) -> dict[str, str]:
    """Return the labels of a measure's series."""
    (version, (segment, value)), class_ = place
    found = {
        "project": spec.project, "model": spec.model, "version": version, "segment": segment, "segment_value": value,
    }  # fmt: skip
    ranking = spec.prediction is not None and spec.prediction.task == "ranking"
    own = {"class": class_, "k": str(spec.prediction.k) if spec.prediction and ranking else ""}
    return found | {name: text for name, text in own.items() if name in measure.value.labels}


def measured(cells: Mapping[Cell, Judged]) -> dict[Place, dict[str, Estimate]]:
    """Return the measures of each cell, and of each class in it where there are several."""
    found: dict[Place, dict[str, Estimate]] = {}
    for cell, state in cells.items():
        found[cell, ""] = state.measures()
        found |= {(cell, name): its for name, its in state.by_class().items()}
    return found


def quality_samples(
    spec: Spec, cells: Mapping[Cell, Judged], measured: Mapping[Place, Mapping[str, Estimate]], end: int,
    baselines: Mapping[tuple[str, Place], Estimate],
) -> list[Sample]:  # fmt: skip
    """Compute the quality families; `baselines` holds, by measure and place, what a drop is measured from."""
    found: list[Sample] = []
    for place, measures in measured.items():
        for name, estimate in measures.items():
            if name in MEASURES:
                found += _of_measure(spec, MEASURES[name], place, estimate, end, baselines.get((name, place)))
    for (version, (segment, value)), state in cells.items():
        where = {
            "project": spec.project, "model": spec.model, "version": version, "segment": segment,
            "segment_value": value,
        }  # fmt: skip
        if state.predictions:
            found += sample(names.LABEL_COVERAGE, state.labelled / state.predictions, end, **where)
    return found


def _of_measure(
    spec: Spec, measure: Measure, place: Place, estimate: Estimate, end: int, baseline: Estimate | None
) -> list[Sample]:
    where = labels_of(spec, measure, place)
    found = sample(measure.value, estimate.value, end, **where)
    found += sample(measure.stderr, estimate.stderr, end, **where)
    if baseline is not None and measure.baseline is not None and measure.noise_limit is not None:
        found += sample(measure.baseline, baseline.value, end, **where)
        found += sample(measure.noise_limit, noise_limit(measure, estimate, baseline), end, **where)
    return found


def noise_limit(measure: Measure, now: Estimate, baseline: Estimate) -> float | None:
    """Return how bad a measure gets by chance while the model is as good as its baseline; None without errors."""
    if now.stderr is None:
        return None
    reach = LIMIT * math.hypot(now.stderr, baseline.stderr or 0.0)
    return baseline.value - reach if measure.worse == "<" else baseline.value + reach


def dropping(spec: Spec) -> list[Measure]:
    """Return the measures whose drop the spec asks for."""
    return [MEASURES[name] for name, its in spec.quality.items() if its.drop is not None]


def release_baselines(
    spec: Spec, measured: Mapping[Place, Mapping[str, Estimate]], found: Counted, order: Iterable[str],
    shadow: Callable[[str], bool],
) -> dict[tuple[str, Place], Estimate]:  # fmt: skip
    """Return, by measure and place, what a version is measured from: the one before it, over the same window.

    The first has none, nor has one with too few labels; a shadow is before no other.

    Parameters
    ----------
    order : versions as they first sent predictions.
    """
    baselines: dict[tuple[str, Place], Estimate] = {}
    before: str | None = None
    for version in order:
        if version not in found.versions or found.versions[version].whole.labelled < FEWEST:
            continue
        places = [place for place in measured if place[0][0] == version and before is not None]
        for (_, segment), class_ in places:
            earlier = measured.get(((before or "", segment), class_), {})
            baselines |= {
                (one.name, ((version, segment), class_)): earlier[one.name]
                for one in dropping(spec)
                if one.name in earlier
            }
        before = before if shadow(version) else version
    return baselines


def reference_baselines(
    spec: Spec, reference: QualityCounts, places: Iterable[Place]
) -> dict[tuple[str, Place], Estimate]:
    """Return the reference's quality: of all rows, and of segments where it knows them."""
    cells: dict[Cell, Judged] = {("", segment): one for segment, one in reference.cells.items()}
    known = measured(cells)
    found: dict[tuple[str, Place], Estimate] = {}
    for place in places:
        (_, segment), class_ = place
        measures = known.get((("", segment), class_), {})
        found |= {(one.name, place): measures[one.name] for one in dropping(spec) if one.name in measures}
    return found

