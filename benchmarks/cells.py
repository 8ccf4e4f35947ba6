"""The cells of the drift benchmark: which reference, which current rows, and what is asked of the verdict."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import populations as made
from benchmarks.populations import Column, Random

Maker = Callable[[Random, int, int], list[Column]]
"""From a generator, a number of columns and of rows to the columns."""

SEED = 20_261_120
ALARM_REFERENCES = (1000, 5000, 100_000)
ALARM_ROWS = (30, 50, 100, 300, 1000, 5000)
OUTLIER_SHIFTS = (0.0, 1.0)
"""How far apart the sides are, in deviations, on which one value of 1e6 is tried."""
WINDOWS = 20
"""Reference windows kept where rows are dependent."""


@dataclass(frozen=True)
class Cell:
    """One case, judged column by column.

    Parameters
    ----------
    what : the case in words.
    n, m : rows of the reference and now.
    reference, current : what draws them.
    least : share of the columns that must be found at least; None if there is no such demand.
    most : share of the columns that may be found at most; None if there is no such demand.
    windows : into how many windows of m rows the reference is cut; 0 if it is not.
    """

    what: str
    n: int
    m: int
    reference: Maker
    current: Maker
    least: float | None = None
    most: float | None = None
    windows: int = 0

    @property
    def key(self) -> str:
        return f"{self.what} | {self.n} | {self.m}"

    def draw(self, batch: int, columns: int, times: int = 1) -> tuple[list[Column], list[list[Column]]]:
        """Return the columns of the reference, and those of now so many times; the same for the same batch."""
        random = np.random.default_rng([SEED, zlib.crc32(self.key.encode()), batch])
        before = self.reference(random, columns, self.n)
        return before, [self.current(random, columns, self.m) for _ in range(times)]


def alarm_random(n: int, batch: int) -> Random:
    """Return the generator of a reference of n rows without drift and the days compared with it."""
    return np.random.default_rng([SEED, n, batch])


def power_cells() -> list[Cell]:
    """Return what must be found, and what is too small to be."""
    shifts: list[tuple[str, Maker, Maker, int]] = [
        ("mean shift of 0.5 sd", made.normal, partial(made.normal, shift=0.5), 200),
        ("mean shift of 1 sd", made.normal, partial(made.normal, shift=1.0), 50),
        ("missing 1 to 5 %", made.normal, partial(made.normal, missing=0.05), 500),
        ("new category of 2 %", made.zipf_words, partial(made.zipf_words, new=0.02), 500),
        ("new integer of 2 %", made.integers, partial(made.integers, new=0.02), 500),
        ("scale x1.5", made.normal, partial(made.normal, scale=1.5), 300),
        ("log-normal (sigma 2) x3", made.lognormal, partial(made.lognormal, factor=3.0), 300),
    ]
    found = [
        Cell(what, n, m, before, now, least=0.9) for n in (5000, 100_000) for what, before, now, m in shifts
    ]
    trivial = partial(made.normal, shift=0.02)
    return [
        *found,
        *(
            Cell("shift of 0.02 sd (trivial)", n, 100_000, made.normal, trivial, most=0.001)
            for n in (5000, 100_000)
        ),
    ]


def sentinel_cells() -> list[Cell]:
    """Return what plain quantile bins are blind to."""
    cells = []
    for m in (10, 100, 300):
        three, minus = partial(made.constant, value=3.0), partial(made.zeros, instead=-1.0)
        cells.append(Cell("constant 5 becomes 3", 5000, m, made.constant, three, least=1.0))
        cells.append(Cell("zeros (90 %) become -1", 5000, m, made.zeros, minus, least=1.0))
    now = partial(made.normal, sentinel=0.02)
    return [*cells, Cell("2 % of -999", 5000, 500, made.normal, now, least=0.9)]


def dependent_cells(shift: float) -> list[Cell]:
    """Return rows that depend on each other; without a shift nothing may be found, with one the power is shown."""
    cells = []
    for m in (100, 500, 2000):
        cases: list[tuple[str, Callable[..., list[Column]]]] = [
            ("10 rows per user", partial(made.users, per_user=10)),
            ("50 rows per user", partial(made.users, per_user=50)),
            ("day effect of 0.15 sd", partial(made.days, per_day=m)),
        ]
        for what, draw in cases:
            name = f"{what}, shift of {shift:g} sd" if shift else f"{what}, no drift"
            now, most = partial(draw, shift=shift), None if shift else 0.01
            cells.append(Cell(name, WINDOWS * m, m, draw, now, most=most, windows=WINDOWS))
    return cells


def all_cells() -> list[Cell]:
    return [*power_cells(), *sentinel_cells(), *dependent_cells(0.0), *dependent_cells(0.5)]
