"""Standing still: a gauge that stopped moving, a counter that stopped counting.

The evidence is the run of equal values up to the newest, judged by its rank among past runs: where values never repeat
a short run is enough, where they often do (counts, zeros at night) it must be longer than what was seen.

Promise: alarms as rare as `auto`'s; silent on a series that never moved.
"""

from wolfpack.detectors.alarm_line import Prior
from wolfpack.detectors.scorer import Recipe

RECIPE = Recipe((("still", 1.0),), Prior(mark=0.5, rate=0.005, excess=0.7))
