"""Season and trend: is the newest value one that they led to expect?

Expected is the course that erred least so far (`courses`), with an interval that is calibrated on its own past misses
(`band`). The evidence is one number, the error over its usual size, judged by its rank among its own past.

Promise: 0.1 % of the values lie outside the band on each side, in the long run and whatever their distribution; alarms
as rare as `auto`'s. It sees single values only, no spells and no change of spread.
"""

from wolfpack.detectors.alarm_line import Prior
from wolfpack.detectors.scorer import Recipe

RECIPE = Recipe((("error", 1.0),), Prior(mark=0.684, rate=0.015, excess=0.661))
