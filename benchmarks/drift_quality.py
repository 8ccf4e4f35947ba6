"""How often drift is found where there is none, and where there is: `python -m benchmarks.drift_quality`.

Ours beside Evidently and NannyML with their defaults, on the same made columns; one table in markdown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import click
from scipy import stats

from benchmarks import peers, verdicts
from benchmarks.cells import ALARM_REFERENCES, ALARM_ROWS, OUTLIER_SHIFTS, Cell, all_cells
from benchmarks.machine import describe
from benchmarks.report import markdown

HEADER = (
    *("what", "reference", "rows", "ours", "ours in bins"),
    *("Evidently", "NannyML", "asked", "reached"),
)
NAMES = ("evidently", "nannyml")
MOST_ALARMS = 0.01
PEER_COLUMNS = 10
DAYS = 10
"""Days that share a reference of 100,000 rows or a bin-space base, which are dear to make."""
MORE = 5
"""How many times as many repeats rows that depend on each other get: 1 % is to be told from 2 %."""
PROCESSES = 2


@dataclass
class Share:
    """How many of how many were found, from jobs that may still run."""

    jobs: list[Future[Any]] = field(default_factory=list)
    of: int = 0
    place: int | None = None

    @property
    def hits(self) -> int:
        results = [job.result() for job in self.jobs]
        return sum(result if self.place is None else result[self.place] for result in results)

    def __str__(self) -> str:
        return f"{_percent(self.hits / self.of)} of {self.of}"

    def reached(self, least: float | None, most: float | None) -> str:
        """Return yes, no, or that the share misses the limit by no more than chance would, at 95 %."""
        hits, of = self.hits, self.of
        if least is not None and hits < least * of:
            return "within error" if stats.binom.cdf(hits, of, least) > 0.05 else "no"
        if most is not None and hits > most * of:
            return "within error" if stats.binom.sf(hits - 1, of, most) > 0.05 else "no"
        return "-" if least is None and most is None else "yes"


Submit = Callable[..., "Future[Any]"]


def submit_alarms(submit: Submit, repeats: int) -> dict[tuple[int, int], tuple[Share, Share]]:
    """Return by reference and current rows the days with any false alarm: from raw values, and in bins."""
    found = {}
    for n in ALARM_REFERENCES:
        raw = 1 if n <= 5000 else min(DAYS, repeats)
        bins = min(DAYS, repeats)
        sides = [
            (
                [submit(work, n, batch, ALARM_ROWS, days) for batch in range(repeats // days)],
                repeats // days * days,
            )
            for work, days in ((verdicts.alarm_days, raw), (verdicts.alarm_days_in_bins, bins))
        ]
        for place, m in enumerate(ALARM_ROWS):
            one, other = (Share(jobs, of, place) for jobs, of in sides)
            found[n, m] = one, other
    return found


def submit_cell(submit: Submit, cell: Cell, repeats: int) -> Share:
    times = repeats * (MORE if cell.windows else 1)
    columns = min(verdicts.COLUMNS, times)
    batches = range(-(-times // columns))
    jobs = [submit(verdicts.found_columns, cell, batch, columns) for batch in batches]
    return Share(jobs, len(jobs) * columns)


def start_peers(names: Sequence[str], repeats: int) -> dict[str, Any]:
    """Return the running peers, or what kept them from it."""
    started: dict[str, Any] = {}
    for name in names:
        try:
            started[name] = peers.start(name, "peer_alarms", name, str(repeats), str(PEER_COLUMNS))
        except peers.PeerFailed as error:
            started[name] = error
    return started


def finish_peers(started: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return what each peer found by cell, and its versions or why there are none."""
    found: dict[str, dict[str, Any]] = {name: {} for name in NAMES}
    notes = {}
    for name, process in started.items():
        try:
            if isinstance(process, peers.PeerFailed):
                raise process
            result = peers.finish(name, process)
            found[name], notes[name] = result["found"], result["versions"]
        except peers.PeerFailed as error:
            notes[name] = str(error)
    return found, notes


def alarm_rows(found: dict[tuple[int, int], tuple[Share, Share]], theirs: dict[str, Any]) -> list[list[str]]:
    rows = []
    for (n, m), (raw, bins) in found.items():
        verdict = sorted((share.reached(None, MOST_ALARMS) for share in (raw, bins)), key=_badness)[-1]
        other = [_any_of(theirs[name].get(f"alarm | {n} | {m}")) for name in NAMES]
        row = ["any false alarm in a day of 100 columns", f"{n:,}", f"{m:,}", str(raw), str(bins)]
        rows.append([*row, *other, f"at most {_percent(MOST_ALARMS)}", verdict])
    return rows


def cell_row(cell: Cell, share: Share, theirs: dict[str, Any]) -> list[str]:
    asked = "stated"
    if cell.least is not None:
        asked = f"at least {_percent(cell.least)}"
    if cell.most is not None:
        asked = f"at most {_percent(cell.most)}"
    size = f"{cell.windows} x {cell.m:,}" if cell.windows else f"{cell.n:,}"
    other = [_of_columns(theirs[name].get(cell.key)) for name in NAMES]
    return [
        cell.what,
        size,
        f"{cell.m:,}",
        str(share),
        "-",
        *other,
        asked,
        share.reached(cell.least, cell.most),
    ]


def outlier_rows(found: dict[float, list[Future[Any]]], theirs: dict[str, Any]) -> list[list[str]]:
    """Return rows on one value of 1e6; changes are in parts of 0.01 or 1 %, and at most 1 is asked."""
    rows = []
    for shift, jobs in found.items():
        for place, side in enumerate(("in the reference", "now")):
            most = max(job.result()[place] for job in jobs)
            what = f"one 1e6 {side}, {shift:g} sd apart: largest change of a score over 0.01 or 1 %"
            changes = [theirs[name].get(f"outlier | {shift:g}") for name in NAMES]
            other = ["-" if change is None else f"{change[place]:.3g}" for change in changes]
            verdict = "yes" if most <= 1 else "no"
            rows.append([what, "5,000", "1,000", f"{most:.3g}", "-", *other, "at most 1", verdict])
    return rows


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _any_of(shares: list[float] | None) -> str:
    if shares is None:
        return "-"
    return f"{_percent(shares[1])} of days of {PEER_COLUMNS} ({_percent(shares[0])} a column)"


def _of_columns(shares: list[float] | None) -> str:
    return "-" if shares is None else _percent(shares[0])


def _badness(verdict: str) -> int:
    return ("yes", "within error", "no").index(verdict)


@click.command()
@click.option("--repeats", default=1000, show_default=True, help="Repeats of ours in each cell.")
@click.option("--peer-repeats", default=50, show_default=True, help="Repeats of a peer, of 10 columns each.")
@click.option("--quick", is_flag=True, help="Four repeats: shows that it runs, decides nothing.")
@click.option("--no-peers", is_flag=True, help="Ours alone.")
def main(repeats: int, peer_repeats: int, quick: bool, no_peers: bool) -> None:
    """Print one table of false alarms and power."""
    if quick:
        repeats, peer_repeats = 4, 2
    start = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        cells = [(cell, submit_cell(pool.submit, cell, repeats)) for cell in all_cells()]
        batches = range(-(-repeats // verdicts.COLUMNS))
        outliers = {
            shift: [pool.submit(verdicts.outlier_change, batch, shift) for batch in batches]
            for shift in OUTLIER_SHIFTS
        }
        alarms = submit_alarms(pool.submit, repeats)
        pool.shutdown()
    ours_took = time.perf_counter() - start
    theirs, notes = finish_peers(start_peers(() if no_peers else NAMES, peer_repeats))
    rows = alarm_rows(alarms, theirs)
    rows += [cell_row(cell, share, theirs) for cell, share in cells]
    rows += outlier_rows(outliers, theirs)
    print(markdown(HEADER, rows))
    took = f"ours {ours_took:.0f} s on {PROCESSES} processes, all {time.perf_counter() - start:.0f} s"
    repeated = f"{repeats} repeats of ours a cell, {peer_repeats} of {PEER_COLUMNS} columns of the peers"
    print("\n" + "\n".join(f"- {line}" for line in (*describe(notes), repeated, took)))


if __name__ == "__main__":
    main()
