"""Who is told: one YAML file from owner to Alertmanager receiver, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from wolfpack.rules.service_rules import SERVICE
from wolfpack.spec import Fault, SpecError
from wolfpack.spec.vocabulary import NAME

NOBODY = "null"
"""Receiver of owners that have none: it tells nobody."""
INTERVALS = "time_intervals"
"""Key beside the owners: Alertmanager's own list of named times."""
TIMES = ("mute_time_intervals", "active_time_intervals")
"""Keys of an owner that name such times; they concern alerts under `critical`."""
SECRETS = frozenset({
    "api_key", "auth_password", "auth_secret", "bot_token", "client_secret", "credentials", "bearer_token", "password",
    "routing_key", "service_key", "token", "user_key", "webhook_url",
})  # fmt: skip
"""Keys of Alertmanager that hold a secret and have a twin ending in `_file`; a Slack `api_url` is one too."""
Receivers = Mapping[str, Any]
"""By owner, what stands in an Alertmanager receiver (``{"webhook_configs": [{"url": ...}]}``), with `TIMES`; nothing
for an owner whom nobody is to tell; and under `time_intervals` the named times."""


def load_receivers(path: Path | str) -> dict[str, Any]:
    """Read a file of receivers; a list of receivers of one owner is taken as one with all of them.

    Raises
    ------
    SpecError
        If the file is no mapping from owners to receivers; every fault at once, with its line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        data, node = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError([Fault(str(path), 0, f"cannot be read: {error}")]) from None
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        raise SpecError([Fault(str(path), 1, "must be a mapping from owners to their receivers")])
    lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
    given = {owner: one if owner == INTERVALS else _joined(one) for owner, one in data.items()}
    faults = list(_faults(given))
    if SERVICE not in given:
        said = "has no receiver: nobody is told when Wolfpack itself fails; add one, or `[]` if that is meant"
        faults.append((SERVICE, f"{SERVICE}: {said}"))
    if faults:
        raise SpecError([Fault(str(path), lines.get(str(owner), 1), said) for owner, said in faults])
    return given


def checked(receivers: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the receivers if Alertmanager can be given them.

    Raises
    ------
    ValueError
        A line for each owner that cannot be a label value or whose receiver is none.
    """
    faults = [said for _, said in _faults(receivers)]
    if faults:
        raise ValueError("\n".join(faults))
    return {owner: list(given) if owner == INTERVALS else dict(given or {}) for owner, given in receivers.items()}


def _faults(receivers: Mapping[Any, Any]) -> Iterator[tuple[Any, str]]:
    """Yield the owner and what is wrong."""
    intervals = receivers.get(INTERVALS) or []
    named = {one.get("name") for one in intervals if isinstance(one, Mapping)} if isinstance(intervals, list) else set()
    if not isinstance(intervals, list) or len(named - {None}) != len(intervals):
        yield INTERVALS, f"{INTERVALS}: must be a list, as in Alertmanager, of times with a `name` each"
    for owner, given in receivers.items():
        if owner == INTERVALS:
            continue
        if not isinstance(owner, str) or not NAME.fullmatch(owner) or owner == NOBODY:
            yield owner, f"{owner!r}: is no owner; it must be the `owner` of a spec, and {NOBODY!r} is taken"
        elif given != [] and not (given and isinstance(given, Mapping)):
            yield owner, (
                f"{owner}: {given!r} is no receiver; write, as in Alertmanager, `webhook_configs:` and a list, or `[]` "
                "for nobody"
            )
        else:
            for said in [*_wrong_keys(owner, given or {}, named), *_open_secrets(owner, given or {})]:
                yield owner, said


def _wrong_keys(owner: str, given: Mapping[Any, Any], named: set[Any]) -> Iterator[str]:
    for key, value in given.items():
        if key in TIMES:
            unknown = [one for one in value if one not in named] if isinstance(value, list) else [value]
            if unknown:
                yield f"{owner}.{key}: {unknown[0]!r} is no time of `{INTERVALS}`; known are {sorted(map(str, named))}"
        elif not str(key).endswith("_configs") or not isinstance(value, list) or not value:
            yield (
                f"{owner}.{key}: must be a list under a name such as webhook_configs, slack_configs, email_configs"
            )
    if any(key in TIMES for key in given) and all(key in TIMES for key in given):
        yield f"{owner}: has times and no receiver; add, as in Alertmanager, `webhook_configs:` and a list"


def _open_secrets(place: str, given: Any) -> Iterator[str]:
    """Yield a line for each secret that stands in the file; what is generated is kept in repositories."""
    if isinstance(given, list):
        for at, one in enumerate(given):
            yield from _open_secrets(f"{place}[{at}]", one)
    elif isinstance(given, Mapping):
        for key, value in given.items():
            slack = key == "api_url" and "slack_configs" in place
            if (key in SECRETS or slack) and isinstance(value, str):
                yield f"{place}.{key}: is a secret; write it into a file and name that as `{key}_file`"
            yield from _open_secrets(f"{place}.{key}", value)


def _joined(given: Any) -> Any:
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        return given
    joined: dict[str, Any] = {}
    for one in given:
        for key, value in one.items():
            joined[key] = joined.get(key, []) + value if isinstance(value, list) else value
    return joined
