"""An Alertmanager configuration that is there already, with Wolfpack's beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from wolfpack.rules.alertmanager import OURS
from wolfpack.rules.receivers import NOBODY
from wolfpack.spec import Fault, SpecError

Json = Mapping[str, Any]
ROUTES = "routes"


def load_existing(path: Path | str) -> dict[str, Any]:
    """Read the configuration that is there.

    Raises
    ------
    SpecError
        If it is none, or holds Wolfpack's already.
    """
    try:
        data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError([Fault(str(path), 0, f"cannot be read: {error}")]) from None
    if not isinstance(data, dict) or not isinstance(data.get("route"), dict):
        raise SpecError([Fault(str(path), 1, "is no configuration of Alertmanager: it has no `route`")])
    if any(one.get("matchers") == [OURS] for one in data["route"].get("routes") or []):
        message = f"has Wolfpack's route already, `{OURS}`; give the file as it was without"
        raise SpecError([Fault(str(path), 1, message)])
    return data


def beside(existing: Json, part: Json) -> dict[str, Any]:
    """Return the existing configuration with a fragment in it: its routes before the others, its other lists after.

    Its route takes our alerts alone, those with a label `check`; what becomes of the others does not change.

    Parameters
    ----------
    part : as `fragment` returns it.

    Raises
    ------
    ValueError
        If both have a receiver, or time intervals, of one name.
    """
    have = {key: existing.get(key) or [] for key in part if key != ROUTES}
    added = {
        key: [one for one in part[key] if one not in have[key] or one != {"name": NOBODY}] for key in have
    }
    for key, ours in added.items():
        names = {one.get("name") for one in have[key]} - {None}
        twice = [one["name"] for one in ours if one.get("name") in names]
        if twice:
            raise ValueError(f"{key}: {', '.join(twice)} are there already; rename them there, or ours")
    routes = [*part[ROUTES], *(existing["route"].get(ROUTES) or [])]
    lists = {key: [*have[key], *ours] for key, ours in added.items()}
    return {**existing, "route": {**existing["route"], ROUTES: routes}, **lists}
