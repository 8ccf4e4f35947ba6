"""The most recent values: is the newest one far from the last and from the average of the last ten?

The average is exponential and robust: one value moves it by a tenth of four usual errors at the most (`courses`).
Both distances over their usual size are judged by their rank among their own past, and add up.

Promise: alarms as rare as `auto`'s; needs no season and finds none, so a series with one is scored on its steepest
hours.
"""

from wolfpack.detectors.alarm_line import Prior
from wolfpack.detectors.courses import LATE
from wolfpack.detectors.scorer import Recipe

RECIPE = Recipe(
    (
        ("jump", 1.0),
        ("late", 1.0),
    ),
    Prior(mark=1.12, rate=0.015, excess=1.21),
    course=LATE,
)
"""The average of late is what is expected."""
