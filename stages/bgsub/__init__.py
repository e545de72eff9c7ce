"""Background subtraction: how much of each frame is foreground. Stands between decoder and trigger.

``properties`` are OpenCV's own names, ``models`` OpenCV's own methods and the plain frame difference, ``tiles`` changed
tiles; ``auto``, the default, is that with the ``noise`` of each region, ``colour``, and ``movers``, which also tell
what changed at once. ``stage`` puts the percentage into the frame. Nothing here decides what is a slide.
"""

from stages.bgsub.properties import BgsubProperties
from stages.bgsub.stage import Bgsub

__all__ = ["Bgsub", "BgsubProperties"]
