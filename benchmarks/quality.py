"""Whether quality from counts is what the libraries say, and how long it takes: `python -m benchmarks.quality`.

Three tables in markdown: what counts give against scikit-learn on a million rows in awkward shapes, estimates
without labels against NannyML's, and times beside scikit-learn, Evidently and NannyML; on one core.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import describe, keep_one_core

CORE = keep_one_core() if __name__ == "__main__" else None

import numpy as np  # noqa: E402 - it counts the cores when it is imported

from benchmarks import peers, quality_agreement, quality_estimates  # noqa: E402
from benchmarks.quality_cases import THRESHOLD, episodes, measure_quality, shapes  # noqa: E402
from benchmarks.report import CLOCK, HEADER, Row, Times, faster_row, limit_row, markdown, measure  # noqa: E402
from wolfpack.stats import ScoreCounts  # noqa: E402


@dataclass
class Bench:
    """What all tables share."""

    folder: Path
    rows: int
    side: int
    repeats: int
    peer_repeats: int
    with_peers: bool
    notes: dict[str, str] = field(default_factory=dict)

    def ask(self, peer: str, files: list[Path]) -> tuple[list[Any], Times | None]:
        """Return what a peer found in each file and its times; None for all, with a note, where it cannot run."""
        if not self.with_peers:
            return [None] * len(files), None
        arguments = [peer, str(self.peer_repeats), str(THRESHOLD), *map(str, files)]
        try:
            said = peers.finish(peer, peers.start(peer, "peer_quality", *arguments))
        except peers.PeerFailed as error:
            self.notes[peer] = str(error)
            return [None] * len(files), None
        self.notes[peer] = said["versions"]
        return said["found"], Times(tuple(said["seconds"]))


def estimate_rows(bench: Bench) -> tuple[list[tuple[str, ...]], Row]:
    """Return how estimates compare with NannyML's, and how long all of them took."""
    given = list(episodes(bench.side))
    said, seconds = bench.ask("nannyml", quality_estimates.write_episodes(given, bench.folder))
    rows = [quality_estimates.compare_episode(*pair) for pair in zip(given, said, strict=True)]
    times = measure(lambda: [quality_estimates.estimate_chunks(one) for one in given], bench.repeats)
    chunks = sum(episode.chunks for episode in given)
    what = f"quality of {chunks} chunks of the {len(given)} data sets estimated; NannyML"
    return rows, faster_row(what, times, seconds, 1, 10)


def time_rows(bench: Bench) -> Iterator[Row]:
    """Yield the times of counting, of merging and of reading measures."""
    case = next(shapes(bench.rows, 0.3))
    counted = measure(lambda: measure_quality(case), bench.repeats)
    learnt = measure(lambda: quality_agreement.ask_sklearn(case), bench.repeats)
    what = f"{bench.rows:,} rows to nine measures with errors"
    yield faster_row(f"{what}; scikit-learn: eight without", counted, learnt, 1, 5)
    file = bench.folder / "case.npz"
    np.savez(file, analysis=case.scores, analysis_labels=case.labels, chunks=1)
    yield faster_row(f"{what}; Evidently: six without", counted, bench.ask("evidently", [file])[1], 1, 10)
    days = [
        ScoreCounts.from_arrays(*part).to_bytes()
        for part in zip(np.array_split(case.scores, 30), np.array_split(case.labels, 30), strict=True)
    ]
    read = lambda: ScoreCounts.empty().merge(*map(ScoreCounts.from_bytes, days)).measures()  # noqa: E731
    what = f"30 days of {bench.rows // 30:,} scores from bytes, merged, to measures"
    yield limit_row(what, measure(read, bench.repeats), 2.0, 0.5)


@click.command()
@click.option("--quick", is_flag=True, help="Few rows and one run: shows that it runs, measures nothing.")
@click.option("--no-peers", is_flag=True, help="Ours and scikit-learn alone.")
@click.option("--clock", type=click.Choice(["wall", "cpu"]), default="wall", help="cpu: for a busy machine.")
def main(quick: bool, no_peers: bool, clock: str) -> None:
    """Print three tables: agreement, estimates, times."""
    os.environ[CLOCK] = clock
    with tempfile.TemporaryDirectory() as folder:
        sizes = (60_000, 3000, 1, 1) if quick else (1_000_000, 20_000, 5, 3)
        bench = Bench(Path(folder), *sizes, not no_peers)
        print(markdown(quality_agreement.HEADER, list(quality_agreement.agreement_rows(bench.rows))) + "\n")
        estimates, row = estimate_rows(bench)
        print(markdown(quality_estimates.HEADER, estimates) + "\n")
        print(markdown(HEADER, [*time_rows(bench), row]) + "\n")
    runs = f"{bench.repeats} runs of ours, {bench.peer_repeats} of a peer"
    told = f"{bench.rows:,} rows, {runs}, core {CORE}, {clock} clock"
    print("\n".join(f"- {line}" for line in (*describe(bench.notes), told)))


if __name__ == "__main__":
    main()
