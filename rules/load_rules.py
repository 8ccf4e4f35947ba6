"""The rules that watch how the exporter bears what comes in: writes, the ledger, the computations that wait."""

from __future__ import annotations

from wolfpack.rules.service_rule import Case, ServiceRule
from wolfpack.rules.timing import Timing, duration
from wolfpack.spec import names

SLOW_WRITE = 1.0
"""Seconds of a write to the ledger, in the mean, from which it is told: whoever sends waits for it."""
BUSY = 0.05
"""Share of the writes that are turned away for want of room from which it is told: clients come again."""


def load_rules(timing: Timing) -> tuple[ServiceRule, ...]:
    """Return the alerts on what the exporter takes."""
    writes, lookback = f"{names.INGEST_DURATION}_count", f"[{duration(timing.lookback)}]"
    ledger = names.LEDGER_WRITE
    return (
        ServiceRule(
            "WolfpackIngestFailing", "critical",
            f'sum by (kind) (increase({writes}{{outcome="failed"}}{lookback})) > 0',
            "The exporter cannot take what is sent.",
            "Writes of {{ $labels.kind }} fail for a reason of the exporter's own; what is not sent again is lost. "
            "The exporter's log has the error.",
            (Case(writes, (("kind", "profiles"), ("outcome", "failed")), (5, 0), (0, 1)),),
        ),
        ServiceRule(
            "WolfpackIngestBusy", "warning",
            f'sum by (kind) (increase({writes}{{outcome="busy"}}{lookback}))\n'
            f"> {BUSY} * sum by (kind) (increase({writes}{lookback}))",
            "The exporter turns writes away, for more come than it can take.",
            "{{ $value | humanize }} writes of {{ $labels.kind }} were answered with 429 in the last "
            f"{duration(timing.lookback)}, over {BUSY:.0%} of all. Clients send them again.",
            (
                Case(
                    writes, (("kind", "batches"), ("outcome", "busy")), (0, 0.1), (0, 1),
                    ((writes, (("kind", "batches"), ("outcome", "accepted")), (0, 10)),),
                ),
            ),
        ),
        ServiceRule(
            "WolfpackLedgerSlow", "warning",
            f"max(increase({ledger}_sum{lookback}) / increase({ledger}_count{lookback})) > {SLOW_WRITE:g}",
            "Writes to the ledger take long.",
            "A write takes {{ $value | humanizeDuration }} in the mean: jobs wait, and windows come late.",
            (
                Case(
                    f"{ledger}_sum", (), (0, 0.5 * SLOW_WRITE), (0, 2 * SLOW_WRITE),
                    ((f"{ledger}_count", (), (0, 1)),),
                ),
            ),
        ),
        ServiceRule(
            "WolfpackBehind", "warning",
            f"min(min_over_time({names.QUEUE_LENGTH}{lookback})) > 0",
            "The exporter does not catch up with its computations.",
            f"For {duration(timing.lookback)} there was always something to compute, now {{{{ $value }}}} panes: what "
            "is shown is not the newest.",
            (Case(names.QUEUE_LENGTH.name, (), (0, 0), (3, 0)),),
        ),
    )  # fmt: skip
