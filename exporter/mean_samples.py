"""The samples of how far means lie from those of a baseline; only of specs that ask for it with `mean:`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wolfpack.exporter.sample import Sample, sample
from wolfpack.spec import Spec, names
from wolfpack.stats import Floors, Profile, mean_change


def mean_samples(
    spec: Spec, before: Profile, now: Profile, segment: tuple[str, str], columns: Iterable[str],
    habit: Mapping[str, Floors], end: int, labels: dict[str, str],
) -> list[Sample]:  # fmt: skip
    """Return the changes of these columns against one baseline, each with its noise floor.

    Parameters
    ----------
    before, now : the baseline and the window.
    habit : floors of the reference's own windows by column, in its unit.
    end : event time at which the window ends, epoch seconds.
    labels : of a drift family, but for the column.
    """
    if spec.mean is None or before.segment_rows.get(segment, 0) < spec.drift.min_rows:
        return []
    if now.segment_rows.get(segment, 0) < spec.drift.min_rows:
        return []
    earlier, current = before.segments.get(segment, {}), now.segments.get(segment, {})
    both = [one for one in columns if one in earlier and one in current]
    found: list[Sample] = []
    for column in both:
        if spec.mean.columns is None or column in spec.mean.columns:
            change = mean_change(earlier[column], current[column], len(both), habit.get(column, Floors()).mean)
            if change is not None:
                found += sample(names.COLUMN_MEAN_CHANGE, change[0], end, column=column, **labels)
                found += sample(names.COLUMN_MEAN_CHANGE_NOISE, change[1], end, column=column, **labels)
    return found
