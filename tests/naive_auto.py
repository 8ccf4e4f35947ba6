"""The slow twin of `auto` and its kin: one series, one point at a time, plain Python, past values kept and counted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

NAMES = ("level", "late", "last", "day", "day_now", "week", "week_now")
HANDICAP = (1, 1, 1.02, 1.03, 1.03, 1.05, 1.05)
DAY = 86_400.0
STATISTICS = (
    "error", "jump", "late", "day", "day_now", "week", "week_now", "spell", "level", "restless", "spread", "still",
)  # fmt: skip
OF_COURSE = {"jump": 2, "late": 1, "day": 3, "day_now": 4, "week": 5, "week_now": 6}


def clip(x: float, limit: float) -> float:
    return max(-limit, min(limit, x))


def code(x: float) -> int:
    """Return the bin of a statistic, a quarter of an octave wide, in the order of the values."""
    octaves = math.log2(abs(x)) if x else -math.inf
    step = int(min(max(4 * (octaves + 3), 0), 63))
    return 64 + step if x > 0 else 63 - step


@dataclass
class Past:
    """All values that one statistic had."""

    need: int
    values: list[float] = field(default_factory=list)

    def decades(self, x: float | None) -> float:
        if x is None:
            return 0.0
        n = len(self.values)
        mine, others = code(x), [code(v) for v in self.values]
        beyond = sum(o > mine for o in others) if x > 0 else sum(o < mine for o in others)
        p = (beyond + 0.5 * sum(o == mine for o in others) + 0.5) / (n + 1)
        result = -math.log10(p)
        same = [abs(v) for v in self.values if (v > 0) == (x > 0)]
        other = [abs(v) for v in self.values if (v > 0) != (x > 0)]
        record = max(same or other or [0.0])
        record = max(math.log2(record) if record else -math.inf, -3.0)
        if x and math.log2(abs(x)) > record:
            result += (math.log2(abs(x)) - record) / 0.3 * math.log10(math.e)
        self.values.append(x)
        return min(result, math.log10(n + 1) + 4.0) if n >= self.need else 0.0


class NaiveScorer:
    """One series under one recipe; `score` takes points in order."""

    def __init__(self, weights: dict[str, float], prior, course: int | None, step: float) -> None:
        self.weights, self.prior, self.course, self.per_day = weights, prior, course, DAY / step
        self.slots = min(round(DAY / step), 288) if 2 * step <= DAY else 1
        self.phases = min(round(7 * DAY / step), 168) if 2 * step <= 7 * DAY else 1
        self.phase_rate = 0.25 * min(1.0, step * self.phases / (7 * DAY))
        seasonal = ("day", "day_now", "week", "week_now")
        self.past = {name: Past(max(30, self.slots) if name in seasonal else 30) for name in weights}
        self.m = self.q = self.last = self.o = self.o2 = self.distance = 0.0
        self.n = 0
        self.start: float | None = None
        self.first: float | None = None
        self.p, self.pn = [0.0] * self.slots, [0] * self.slots
        self.w, self.wn = [0.0] * self.phases, [0] * self.phases
        self.sc, self.scn = [0.0] * 7, [0] * 7
        self.spell, self.lev, self.v6, self.v24 = 0.0, 0.0, 1.0, 1.0
        self.still = self.moves = 0
        self.band = [math.log(4.5), math.log(4.5)]
        self.points = self.peaks = self.excess = self.peak = 0.0
        self.since = -math.inf
        self.alarm = self.age = 0.0

    def score(self, t: float, x: float) -> tuple[float, float, float, float, bool]:
        """Return score, expected, lower, upper, ready."""
        self.start = t if self.start is None else self.start
        s = round((t - self.start) * self.slots / DAY) % self.slots
        h = round((t - self.start) * self.phases / (7 * DAY)) % self.phases
        valid = abs(x) < 1e300
        if valid and self.first is None:
            self.first = t
        old = self.first is not None and t - self.first >= 8 * DAY
        day, week = self.p[s], self.p[s] + self.w[h]
        f = [self.m, self.q, self.last, day, day + self.o, week, week + self.o2]
        known = [self.n > 0] * 3 + [self.pn[s] >= 2] * 2
        known += [known[3] and old and self.wn[h] > 0] * 2
        floor = 0.02 * self.distance + 1e-13 * abs(self.m) + 2.2250738585072014e-308
        usual = [max(one, floor) for one in self.sc]
        costs = [self.sc[i] * HANDICAP[i] if known[i] and self.scn[i] >= 20 else math.inf for i in range(7)]
        best = costs.index(min(costs))
        chosen = costs[best] < math.inf
        i = best if self.course is None else self.course
        expected, width = (f[i], usual[i]) if chosen else (math.nan, math.nan)
        lower = expected - math.exp(self.band[0]) * width
        upper = expected + math.exp(self.band[1]) * width
        ready = self.n >= 50 and chosen
        n_before, last_before = self.n, self.last
        if not valid:
            total = None
        else:
            z = [(x - f[i]) / usual[i] if known[i] else None for i in range(7)]
            self._learn(x, s, h, f, known)
            told = self._tell(x, n_before, last_before, z, (x - expected) / width if chosen else None)
            decades = {name: self.past[name].decades(told.get(name)) for name in self.weights}
            total = sum(self.weights[name] * max(one - 1, 0) for name, one in decades.items())
            total *= n_before / (n_before + 30)
            total = total if ready else 0.0
        strength = self._line(total)
        if not ready:
            return math.nan, math.nan, math.nan, math.nan, False
        if not valid:
            return (math.nan if math.isnan(x) else math.copysign(100, x)), expected, lower, upper, True
        return math.copysign(min(strength, 100), x - expected), expected, lower, upper, True

    def _tell(self, x, n, last, z, error) -> dict[str, float]:
        """Return the statistics of a point, of which n came before."""
        self.still = self.still + 1 if x == last and n > 0 else 0
        self.moves += self.still == 0
        if n < 6:
            return {}
        told = {name: clip(z[i], 1e9) for name, i in OF_COURSE.items() if z[i] is not None}
        if error is None:
            return told
        for side, out in enumerate((-error, error)):
            missed = out > math.exp(self.band[side])
            self.band[side] += 0.3 * (missed - 0.001)
            self.band[side] = min(max(self.band[side], math.log(0.5)), math.log(1e6))
        days = max(4, 4 * self.per_day)  # a spell looks back four days at the most, four points at the least
        self.spell += (clip(error, 4) - self.spell) / min(24, days)
        self.lev += (clip(z[0], 4) - self.lev) / min(24, days)
        self.v6 += (min(abs(error), 8) - self.v6) / min(6, days)
        self.v24 += (min(abs(error), 8) - self.v24) / min(24, days)
        r = self.still
        told |= {
            "error": clip(error, 1e9), "spell": self.spell * math.sqrt(24), "level": 4 * self.lev,
            "restless": 4 * math.log2(max(self.v6, 0.03)), "spread": 4 * math.log2(max(self.v24, 0.03)),
        }  # fmt: skip
        if self.moves >= 10:
            told["still"] = 0.4 * r**1.5 if r > 1 else 0.15 if r else 0.126
        return told

    def _learn(self, x, s, h, f, known) -> None:
        r = [x - f[i] if known[i] else 0.0 for i in range(7)]
        for i in range(7):
            if known[i]:
                size = min(abs(r[i]), 6 * self.sc[i]) if self.scn[i] >= 20 else abs(r[i])
                rate = max(1 / (max(self.scn[i] / 3, self.scn[i] - 30) + 1), 0.001)
                self.sc[i] += rate * (size - self.sc[i])
                self.scn[i] += 1
        self.distance += max(1 / (self.n + 1), 0.001) * (abs(r[0]) - self.distance)
        limit = [4 * self.sc[i] if self.scn[i] >= 20 else math.inf for i in range(7)]
        k = 1 / (self.n + 1)
        self.m += max(k, 0.0005) * clip(r[0], 0.75 * limit[0])
        self.q += max(k, 0.1) * clip(r[1], limit[1])
        if self.n == 0:
            self.m = self.q = x
        self.last = x
        self.o += 0.1 * known[3] * clip(r[4], limit[3])
        self.o2 += 0.1 * known[5] * clip(r[6], limit[5])
        off = x - self.p[s]
        clipped = clip(off, limit[3])
        if self.pn[s]:
            self.w[h] += max(1 / (self.wn[h] + 1), self.phase_rate) * (clipped - self.w[h])
            self.wn[h] += 1
            rate = max(1 / (self.pn[s] + 1), 0.15)
            self.p[s] += rate * (clipped if self.pn[s] >= 3 else off)
        else:
            self.p[s] += off
        self.pn[s] += 1
        self.n += 1

    def _line(self, total: float | None) -> float:
        mark, allowed = self.prior.mark, 0.065 * min(self.per_day / 288, 1) ** 0.25
        evidence = 0.0 if total is None else total
        rate = (self.peaks + 100 * self.prior.rate) / (self.points + 100)
        mean = (self.excess + 20 * self.prior.excess) / (self.peaks + 20)
        line = mark + mean * max(math.log(rate * self.per_day / allowed), 0.5)
        self.points += total is not None
        if evidence > mark:
            if self.points - self.since > 24:
                self.peaks += 1
                self.peak = 0.0
            height = min(evidence - mark, 0.8 * line)
            if height > self.peak:
                self.excess += height - self.peak
                self.peak = height
            self.since = self.points
        return self._once(evidence / line)

    def _once(self, score: float) -> float:
        hold = min(max(3 * self.per_day, 12), 200)
        self.age += 1
        if score <= 0.5:
            return score
        if score > self.alarm * math.exp(-max(self.age - hold, 0) / (hold / 4)):
            self.alarm, self.age = score, 0
            return score
        return 0.5
