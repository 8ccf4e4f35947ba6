"""The default: every kind of evidence at once, each measured by its own past.

Seven courses are forecast side by side, and the one that erred least so far is what is expected: a season is picked
because it has predicted better than the level alone, and dropped when it no longer does. Ten statistics are judged
by their own past: a jump, the time of the day and of the week (each with and without the offset of late), spells off
the forecast and off the long-run level, errors larger or smaller than usual over 6 and 24 points (over 4 where points
are days), and a value that stands still. What is rare adds up.

Promise: not more than 0.05 alarms in a series-day on noise in which nothing happens, 0.1 where it has spikes
of its own, at a step of a minute to a day. Causal; O(1) memory and time for each point.
"""

from wolfpack.detectors.alarm_line import Prior
from wolfpack.detectors.scorer import Recipe

RECIPE = Recipe(
    (
        ("error", 1.0),
        ("jump", 1.0),
        ("day", 1 / 3),
        ("day_now", 1 / 3),
        ("week", 1 / 3),
        ("week_now", 1 / 3),
        ("spell", 1.0),
        ("level", 1.0),
        ("restless", 1.0),
        ("spread", 1.0),
        ("still", 1.0),
    ),
    Prior(mark=2.91, rate=0.013, excess=2.44),
)
"""The four seasonal courses tell about the same, so each counts a third."""
