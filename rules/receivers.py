"""Who is told: one YAML file from owner to Alertmanager receiver."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from wolfpack.spec import Fault, SpecError
from wolfpack.spec.vocabulary import NAME

NOBODY = "null"
"""Receiver of owners that have none: it tells nobody."""
Receivers = Mapping[str, Mapping[str, Any]]
"""By owner, what stands in an Alertmanager receiver: ``{"webhook_configs": [{"url": ...}]}``."""


def load_receivers(path: Path | str) -> dict[str, dict[str, Any]]:
    """Read a file of receivers; a list of receivers of one owner is taken as one with all of them.

    Raises
    ------
    SpecError
        If the file is no mapping from owners to receivers; every fault at once.
    """
    try:
        data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError([Fault(str(path), 0, f"cannot be read: {error}")]) from None
    if not isinstance(data, dict):
        raise SpecError([Fault(str(path), 1, "must be a mapping from owners to their receivers")])
    try:
        return checked({owner: _joined(given) for owner, given in data.items()})
    except ValueError as error:
        raise SpecError([Fault(str(path), 0, line) for line in str(error).splitlines()]) from None


def checked(receivers: Mapping[Any, Any]) -> dict[str, dict[str, Any]]:
    """Return the receivers if Alertmanager can be given them.

    Raises
    ------
    ValueError
        A line for each owner that cannot be a label value or whose receiver is none.
    """
    faults = []
    for owner, given in receivers.items():
        if not isinstance(owner, str) or not NAME.fullmatch(owner) or owner == NOBODY:
            faults.append(
                f"{owner!r}: is no owner; it must be the `owner` of a spec, and {NOBODY!r} is taken"
            )
        elif not isinstance(given, Mapping) or not given:
            faults.append(
                f"{owner}: {given!r} is no receiver; write, as in Alertmanager, `webhook_configs:` and a list"
            )
        else:
            faults += [
                f"{owner}.{key}: must be a list under a name such as webhook_configs, slack_configs, "
                "email_configs"
                for key, value in given.items()
                if not str(key).endswith("_configs") or not isinstance(value, list) or not value
            ]
    if faults:
        raise ValueError("\n".join(faults))
    return {owner: dict(given) for owner, given in receivers.items()}


def _joined(given: Any) -> Any:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return given
    joined: dict[str, Any] = {}
    for one in given:
        for key, value in one.items():
            joined[key] = joined.get(key, []) + value if isinstance(value, list) else value
    return joined
