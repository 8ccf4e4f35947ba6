"""Outputs over a window: what jobs counted of them in its panes, merged and told as samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from wolfpack.exporter.panes import Shadow
from wolfpack.exporter.sample import Sample, sample
from wolfpack.exporter.schema import catalogues, output_counts
from wolfpack.spec import Spec
from wolfpack.spec.output_names import EVENT_RATIO, EVENT_RATIO_STDERR, OUTPUT_MEASURES, ROWS
from wolfpack.stats import ALL, Estimate, ItemCounts, OutputCounts, Outputs
from wolfpack.stats.profiles import Segment

Cell = tuple[str, Segment]
"""Version ("": all that are no shadows) and segment with its value."""


@dataclass(frozen=True)
class Catalogue:
    """The items of training: users who had each, and all users."""

    items: ItemCounts | None = None
    users: int = 0


def load_catalogue(connection: Connection, model: int) -> Catalogue:
    """Return what a model's training recommended from, as it was told last."""
    row = connection.execute(select(catalogues).where(catalogues.c.model_id == model)).first()
    return Catalogue() if row is None else Catalogue(ItemCounts.from_bytes(bytes(row.data)), row.users)


def load_outputs(
    connection: Connection, model: int, first: int, end: int, shadow: Shadow
) -> dict[Cell, Outputs]:
    """Return the counts of the panes with first <= start < end, by segment, and by version where there are several."""
    c = output_counts.c
    where = (c.model_id == model, c.start >= first, c.start < end)
    versions: dict[str, list[OutputCounts]] = {}
    whole: list[OutputCounts] = []
    for row in connection.execute(select(output_counts).where(*where).order_by(c.start, c.version, c.part)):
        found = OutputCounts.from_bytes(bytes(row.data))
        versions.setdefault(row.version, []).append(found)
        if not shadow(row.version, row.start):
            whole.append(found)
    cells: dict[Cell, Outputs] = {}
    if whole:
        cells |= {("", segment): one for segment, one in whole[0].merge(*whole[1:]).cells.items()}
    if len(versions) > 1:
        cells |= {(version, ALL): its[0].merge(*its[1:]).whole for version, its in sorted(versions.items())}
    return cells


def output_samples(spec: Spec, cells: Mapping[Cell, Outputs], training: Catalogue, end: int) -> list[Sample]:
    """Return the samples of what was counted of outputs."""
    found: list[Sample] = []
    for (version, (segment, value)), one in cells.items():
        where = {
            "project": spec.project, "model": spec.model, "version": version, "segment": segment,
            "segment_value": value,
        }  # fmt: skip
        found += sample(ROWS, one.health.rows, end, **where)
        measures = one.measures(training.items, training.users)
        for measure in OUTPUT_MEASURES.values():
            its = measures.get(measure.name)
            if its is not None:
                found += sample(measure.value, its.value, end, **where)
                found += sample(measure.stderr, its.stderr, end, **where) if measure.stderr else []
        for name, ratio in _events(spec, one):
            found += sample(EVENT_RATIO, ratio.value, end, event=name, **where)
            found += sample(EVENT_RATIO_STDERR, ratio.stderr, end, event=name, **where)
    return found


def _events(spec: Spec, one: Outputs) -> Iterator[tuple[str, Estimate]]:
    for name, event in spec.events.items():
        if event.count in one.health.events and event.of in one.health.events:
            found = one.health.event_ratio(event.count, event.of)
            if found is not None:
                yield name, found
