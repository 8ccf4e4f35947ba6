"""False alarms, delays and bands of a method on series whose truth is known: `python -m benchmarks.detect_noise`."""

from __future__ import annotations

from collections.abc import Iterator

import click
import numpy as np

from benchmarks.machine import describe
from benchmarks.noises import CADENCES, CHANGES, HEAVY, NOISES, Cadence, changed
from benchmarks.report import markdown
from wolfpack.detectors import METHODS, RECIPES, Detection, detect_together
from wolfpack.detectors.alarm_line import GAP
from wolfpack.detectors.scorer import Scorer
from wolfpack.detectors.seasons import seasons

SEED = 11
PRIOR_NOISES = {"flat": ("rounded", "Poisson 3")}
"""Kinds whose peaks are a method's prior, if not Gaussian and t3: without equal values there is nothing flat."""
LEAST_MARK = 0.5
LEAST, LEAST_HEAVY, AIM = 0.05, 0.1, 0.01
"""Alarms in a series-day."""
BAND = (0.05, 0.5), (0.15, 0.25)
"""Percent outside the band, at least and aim."""


def judged(noise: str, cadence: Cadence, series: int, method: str) -> tuple[Detection, np.ndarray]:
    random = np.random.default_rng([SEED, list(NOISES).index(noise), round(cadence.step)])
    values = NOISES[noise](random, cadence.times, series)
    return detect_together(cadence.times, values, method), values


def alarm_rows(series: int, method: str) -> Iterator[list[str]]:
    """Yield a row of each kind of noise: alarms in a series-day, and the share outside the band, at each cadence."""
    for noise in NOISES:
        cells, outside, scored = [], 0, 0
        for cadence in CADENCES:
            found, values = judged(noise, cadence, series, method)
            cells.append(float(np.sum(np.abs(found.score) > 1)) / series / cadence.days)
            outside += int(np.sum((values < found.lower) | (values > found.upper)))
            scored += int(np.sum(found.ready))
        least = LEAST_HEAVY if noise in HEAVY else LEAST
        verdict = "aim" if max(cells) <= AIM else "least" if max(cells) <= least else "no"
        share = 100 * outside / scored
        within = [low <= share <= high for low, high in BAND]
        band = f"{share:.2f} % ({'aim' if within[1] else 'least' if within[0] else 'no'})"
        yield [noise, *(f"{one:.3f}" for one in cells), f"{least:g}", f"{AIM:g}", verdict, band]


def delay_rows(series: int, method: str) -> Iterator[list[str]]:
    """Yield a row of each change: points until it is found."""
    for kind, least in CHANGES.items():
        times, values, begin = changed(kind, series, np.random.default_rng([SEED, list(CHANGES).index(kind)]))
        loud = np.abs(detect_together(times, values, method).score[begin:]) > 1
        delay = np.where(loud.any(axis=0), loud.argmax(axis=0) + 1.0, np.inf)
        most = float(np.quantile(delay, 0.95, method="higher"))
        verdict = "aim" if most <= least / 2 else "least" if most <= least else "no"
        numbers = [f"{one:g}" for one in (np.median(delay), most, delay.max(), least, least / 2)]
        yield [kind, *numbers, verdict]


def prior(method: str, series: int) -> str:
    """Return the prior of a method's evidence: of its sum on noise at five minutes."""
    (cadence,) = [one for one in CADENCES if one.step == 300]
    totals = []
    for noise in PRIOR_NOISES.get(method, ("Gaussian", "t3")):
        values = NOISES[noise](np.random.default_rng(SEED + 1), cadence.times, series)
        scorer = Scorer(RECIPES[method], series, seasons(cadence.times))
        totals.append(np.concatenate([
            scorer.weigh(cadence.times[i : i + 32], values[i : i + 32])[2]
            for i in range(0, len(values), 32)
        ]))  # fmt: skip
    mark = max(float(np.quantile(totals[0], 0.96)), LEAST_MARK)
    peaks = [peak for total in totals for column in total.T for peak in _peaks(column, mark)]
    points = sum(total.size for total in totals)
    return f"{method}: Prior(mark={mark:.3g}, rate={len(peaks) / points:.2g}, excess={np.mean(peaks):.3g})"


def _peaks(total: np.ndarray, mark: float) -> list[float]:
    """Return how far each run of points over the mark, apart by more than the gap, rises over it."""
    over = np.flatnonzero(total > mark)
    runs = np.split(over, np.flatnonzero(np.diff(over) > GAP) + 1)
    return [float(total[run].max() - mark) for run in runs if len(run)]


@click.command()
@click.option("--method", type=click.Choice(list(METHODS)), default="auto", show_default=True)
@click.option("--series", default=50, show_default=True, help="Series of each kind and cadence.")
@click.option("--quick", is_flag=True, help="One series of each: the tests' round.")
@click.option(
    "--prior", "only_prior", is_flag=True, help="Print the prior of each method's evidence instead."
)
def main(method: str, series: int, quick: bool, only_prior: bool) -> None:
    """Print false alarms, delays and shares outside the band."""
    if only_prior:
        print("\n".join(prior(name, 1 if quick else 20) for name in RECIPES))
        return
    series = 1 if quick else series
    cadences = [f"{one.name}, {one.days} d" for one in CADENCES]
    header = ["noise", *cadences, "at least", "aim", "reached", "outside the band"]
    print("Alarms in a series-day, from the first point on:\n")
    print(markdown(header, list(alarm_rows(series, method))))
    header = [
        "change in hourly series after 28 days",
        "median",
        "worst",
        "in time",
        "at least",
        "aim",
        "reached",
    ]
    print("\nPoints until it is found:\n")
    print(markdown(header, list(delay_rows(2 if quick else 100, method))))
    print(f"\n- `{method}`, {series} series of each kind and cadence")
    print("\n".join(f"- {line}" for line in describe({})))


if __name__ == "__main__":
    main()
