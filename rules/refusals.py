"""What no rules are made of: an owner whom nobody tells, and watches on what nothing shows."""

from __future__ import annotations

from collections.abc import Iterator

from wolfpack.rules.annotations import check_annotation
from wolfpack.rules.receivers import Receivers
from wolfpack.spec import Fault, Keeping, Loaded, Spec, names
from wolfpack.spec.measures import MEASURES
from wolfpack.spec.watching import Detect

_MEANS = (names.COLUMN_MEAN_CHANGE.name, names.COLUMN_MEAN_CHANGE_NOISE.name)
_QUALITY = frozenset(one.name for one in (*names.OF_QUALITY, names.LABEL_COVERAGE))


def refusals(loaded: Loaded, keeping: Keeping | None = None) -> list[Fault]:
    """Return what a spec asks for that can never be told, each with file and line.

    Parameters
    ----------
    keeping : how long the exporter keeps what; the defaults of its own.
    """
    spec = loaded.spec
    beyond = (keeping or Keeping()).beyond(spec)
    return [fault(loaded, said) for said in [*_unseen(spec), *_unwatched(spec), *_unwritable(spec), *beyond]]


def untold(loaded: Loaded, receivers: Receivers) -> list[Fault]:
    """Return a fault if the owner of a spec is not among the receivers."""
    owner = loaded.spec.owned_by
    if owner in receivers:
        return []
    key = "owner" if loaded.spec.owner else "project"
    said = f"{key}: {owner!r} has no receiver; add one to the file of receivers, or `{owner}: []` to tell nobody"
    return [fault(loaded, said)]


def fault(loaded: Loaded, message: str) -> Fault:
    """Return the fault with the line of the spec's key that the message begins with, as in ``detect[0].role: …``."""
    place: list[str | int] = []
    for part in message.partition(": ")[0].split("."):
        name, _, index = part.partition("[")
        place += [name, *([int(index.rstrip("]"))] if index.rstrip("]").isdigit() else [])]
    known = tuple(place)
    while known and known not in loaded.sources:
        known = known[:-1]
    file, line = loaded.sources.get(known, (str(loaded.path), 1))
    return Fault(file, line, message)


def _unseen(spec: Spec) -> Iterator[str]:
    for metric, quality in spec.quality.items():
        low, high = MEASURES[metric].low, MEASURES[metric].high
        if quality.drop is not None and quality.drop >= high - low:
            yield (
                f"quality.{metric}.drop: {quality.drop:g} cannot be exceeded; both values are in the range "
                f"{low:g}<=x<={high:g}"
            )
    for column in (spec.mean.columns or ()) if spec.mean else ():
        kind = spec.kinds.get(column, "numeric")
        if kind != "numeric":
            yield f"mean.columns: {column!r} is {kind} and has no mean; name columns of numbers"
    if spec.mean is not None and not spec.mean.against:
        yield "mean.against: is empty, so no mean is compared; name 'reference', 'previous' or 'trailing'"


def _unwritable(spec: Spec) -> Iterator[str]:
    for name, text in spec.alerts.annotations.items():
        try:
            check_annotation(name, text)
        except ValueError as error:
            yield str(error)


def _unwatched(spec: Spec) -> Iterator[str]:
    for place, one in enumerate(spec.detect):
        reason = _not_shown(spec, one)
        if reason:
            yield f"detect[{place}].metric: {one.metric!r} is not shown: {reason}"
        if one.role == "prediction" and spec.prediction is None:
            yield f"detect[{place}].role: there is no `prediction` in the spec"
        for column in one.columns or ():
            if one.role not in (None, spec.role_of(column)):
                yield f"detect[{place}].columns: {column!r} has the role {spec.role_of(column)}, not {one.role}"


def _not_shown(spec: Spec, one: Detect) -> str:
    """Return why a family is never shown of a model with this spec; empty if it may be."""
    if one.metric in _MEANS and spec.mean is None:
        return "add a section `mean`"
    if one.metric == names.PANE_ROWS_PREVIOUS.name and getattr(spec.change.rows, "against", "") != "previous":
        return "write `change.rows.against: previous`"
    if one.metric == names.COLUMN_OUT_OF_RANGE.name and not spec.ranges:
        return "give a column a `range`"
    if one.metric in _QUALITY and (spec.prediction is None or spec.label is None):
        return "quality needs `prediction` and `label`"
    return ""
