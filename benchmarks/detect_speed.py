"""What scoring costs: `python -m benchmarks.detect_speed`. Many series together, one tick of many, one alone."""

from __future__ import annotations

import click

from benchmarks.machine import describe, keep_one_core

CORE = keep_one_core() if __name__ == "__main__" else None

import numpy as np  # noqa: E402 - it counts the cores when it is imported

from benchmarks.noises import NOISES, START  # noqa: E402
from benchmarks.report import Times, markdown, measure, now, reached  # noqa: E402
from wolfpack.detectors import RECIPES, detect, detect_together, stream  # noqa: E402

POINTS, SERIES, TICKED, HISTORY, TICKS = 2160, 1000, 10_000, 300, 64
LIMITS = {
    "together": ("{} series of {} points together, a series", 0.008, 0.002),
    "tick": ("one tick of {} series", 0.060, 0.015),
    "alone": ("one series of {} points alone", 0.6, 0.05),
}
"""Seconds at least and as aim."""


def hourly(points: int, series: int) -> tuple[np.ndarray, np.ndarray]:
    times = START + 3600.0 * np.arange(points)
    return times, NOISES["Gaussian on a season"](np.random.default_rng(3), times, series)


def ticks(series: int, history: int, count: int, method: str) -> Times:
    """Return the seconds of each of so many ticks, after a history that is not counted."""
    times, values = hourly(history + count, series)
    running = stream(method, series)
    running.advance(times[:history], values[:history])
    seconds = []
    for i in range(history, history + count):
        start = now()
        running.advance(times[i : i + 1], values[i : i + 1])
        seconds.append(now() - start)
    return Times(tuple(seconds))


def row(kind: str, numbers: tuple[int, ...], seconds: Times, share: int = 1) -> list[str]:
    what, least, aim = LIMITS[kind]
    one = Times(tuple(second / share for second in seconds.seconds))
    mean, worst = float(np.mean(one.seconds)), max(one.seconds)
    texts = f"{1000 * mean:.3g} ms", f"{1000 * worst:.3g} ms"
    limits = f"{1000 * least:g} ms", f"{1000 * aim:g} ms"
    return [what.format(*(f"{number:,}" for number in numbers)), *texts, *limits, reached(mean, least, aim)]


@click.command()
@click.option("--method", type=click.Choice(list(RECIPES)), default="auto", show_default=True)
@click.option("--quick", is_flag=True, help="Few and short series: the tests' round.")
def main(method: str, quick: bool) -> None:
    """Print times; the clock is the processor's under WOLFPACK_BENCH_CLOCK=cpu."""
    points, series, ticked, repeats = (200, 4, 8, 1) if quick else (POINTS, SERIES, TICKED, 3)
    times, values = hourly(points, series)
    together = measure(lambda: detect_together(times, values, method), repeats)
    alone = measure(lambda: detect(times, values[:, 0], method), repeats)
    rows = [
        row("together", (series, points), together, series),
        row("tick", (ticked,), ticks(ticked, HISTORY if not quick else 80, TICKS, method)),
        row("alone", (points,), alone),
    ]
    print(markdown(["what", "mean", "worst", "at least", "aim", "reached"], rows))
    print("\n".join(f"- {line}" for line in describe({})))


if __name__ == "__main__":
    main()
