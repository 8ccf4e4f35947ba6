"""Which receiver an alert must reach: cases for `amtool config routes test`, as a shell script."""

from __future__ import annotations

from collections.abc import Iterable

from wolfpack.rules.receivers import INTERVALS, NOBODY, Receivers
from wolfpack.rules.service_rules import EXPORTER_DOWN, SERVICE, WATCHDOG
from wolfpack.rules.yaml_text import HEADER

Case = tuple[str, tuple[str, ...]]
"""A receiver, and the labels of an alert that must reach it."""

_SCRIPT = r"""#!/bin/sh
# {header}
# Each alert reaches its receiver: sh routes_test.sh [alertmanager.yml], with amtool on the PATH.
config=${{1:-"$(dirname "$0")/../alertmanager.yml"}}
failed=0
reaches() {{
  receiver=$1
  shift
  amtool config routes test --config.file="$config" --verify.receivers="$receiver" "$@" >/dev/null 2>&1 && return
  echo "not at $receiver: $*" >&2
  failed=1
}}
{cases}
# Alerts of others are left alone; where they go in a configuration of yours is not ours to say.
[ $# -gt 0 ] || reaches {nobody} alertname=DiskFull severity=critical
exit $failed
"""


def route_cases(owners: Iterable[str], receivers: Receivers) -> list[Case]:
    """Return the cases: of each owner a page, a warning, a note and a live alert; the pulse; a dead exporter."""

    def of(owner: str) -> str:
        return owner if receivers.get(owner) else NOBODY

    told = {*owners, *(owner for owner in receivers if owner != INTERVALS)} - {WATCHDOG, SERVICE}
    found: list[Case] = [(of(WATCHDOG), (f"alertname={WATCHDOG}", f"owner={SERVICE}", "check=system", "severity=info"))]
    found.append((of(SERVICE), (f"alertname={EXPORTER_DOWN}", f"owner={SERVICE}", "check=system", "severity=critical")))
    for owner in sorted(told):
        for name, check, severity in (
            ("ModelColumnMissing", "missing", "critical"),
            ("ModelColumnMissing", "missing", "warning"),
            ("ModelColumnDrift", "drift", "info"),
            ("ModelAnything", "live", "warning"),
        ):
            labels = (f"alertname={name}", f"owner={owner}", f"check={check}", f"severity={severity}")
            found.append((of(owner), labels))
    return found


def script(cases: Iterable[Case]) -> str:
    """Return the script; names of owners need no quoting."""
    lines = [f"reaches {receiver} {' '.join(labels)}" for receiver, labels in cases]
    return _SCRIPT.format(header=HEADER, cases="\n".join(lines), nobody=NOBODY)
