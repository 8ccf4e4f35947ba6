"""Every key of each kind of source with its type, default and meaning: the tables of `docs/sources.md`."""

from __future__ import annotations

from typing import get_args, get_type_hints

from wolfpack.cli.spec_keys import Row, keys_of, sections_of
from wolfpack.spec import Spec

MEANING = {
    "log.path": "Glob of the files that are written now; absolute. Rotated ones beside them are found by themselves.",
    "log.time_unit": "Unit of times that are numbers since 1970.",
    "log.fields.time": "When the call was answered: RFC 3339, or a number. Without a zone it is in `timezone`.",
    "log.fields.request_id": "Key of the prediction, where the inputs lack `label.key`.",
    "log.fields.model": "Lines that name another model are passed over.",
    "log.fields.version": "Version of the model; `0` where a line has none.",
    "log.fields.inputs": "The object of inputs, or a mapping of columns to members.",
    "log.fields.prediction": "The prediction, an object of several, or a mapping of columns to members.",
    "folder.path": "Glob; absolute. `%Y`, `%m`, `%d`, `%H`, `%M`, `%S` say which pane, `{version}` which version.",
    "folder.time": "Column of event times, where the path has no date.",
    "folder.version": "Version of the rows, where the path has none.",
    "folder.roles": "What the tables may serve as. Default: all that their columns allow.",
    "mlflow.tracking": "Tracking URI: `http://HOST:PORT`, or a database, as `sqlite:////PATH` (absolute).",
    "mlflow.experiment": "Name of the experiment.",
    "mlflow.metrics": "Names of the metrics to take. Default: all.",
    "mlflow.version": "Version of the model, where a run has no `version_tag`.",
    "mlflow.version_tag": "Tag of a run that says which version of the model it is of.",
}  # fmt: skip
"""By kind and dotted key."""


def rows() -> dict[str, list[Row]]:
    """Return by kind a row for every key but `kind`.

    Raises
    ------
    ValueError
        If a key has no meaning here, or a meaning no key.
    """
    found: dict[str, list[Row]] = {}
    for section in sections_of(get_type_hints(Spec, include_extras=True)["sources"]):
        (kind,) = get_args(section.model_fields["kind"].annotation)
        found[kind] = [
            Row(key, word, default, MEANING.get(f"{kind}.{key}", ""))
            for key, word, default in keys_of(section, "")
            if key != "kind"
        ]
    keys = {f"{kind}.{row.key}" for kind, its in found.items() for row in its}
    if keys ^ set(MEANING):
        raise ValueError(
            f"source_keys.MEANING: {sorted(keys ^ set(MEANING))} are keys or meanings without the other"
        )
    return found
