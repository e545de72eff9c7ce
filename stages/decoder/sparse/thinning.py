"""How much of a stretch without change the stages see: all of its beginning and end, and now and then a frame between.

Between choosing frames and sending them. A view needs frames to settle; what remembers the last seconds (tiles that
never rest, noise) must have filled them with stillness by the time that something happens.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from pipeline.frame import SECOND_NS
from stages.decoder.selection import Selected
from stages.decoder.sparse.unchanged import Unchanged

LEAD_NS = 7 * SECOND_NS  # the memory of bgsub, and a second
STEP_NS = SECOND_NS // 2


def thinned(chosen: Iterator[Selected], hold_ns: int, drop: Callable[[str, int], None]) -> Iterator[Selected]:
    """Leave out unchanged frames that are more than ``hold_ns`` after the last change and more than LEAD_NS before the
    next, but for one each STEP_NS; ``drop`` is told.
    """
    waiting: deque[Selected] = deque()
    stretch: int | None = None
    since_ns = passed_ns = 0
    for item in chosen:
        found = None if item.again or not isinstance(item.frame, Unchanged) else item.frame.stretch
        if found is None or found != stretch:
            yield from waiting
            waiting.clear()
            stretch, since_ns = found, item.t_ns
        if found is None:
            yield item
            continue
        if item.t_ns - since_ns <= hold_ns:
            passed_ns = item.t_ns
            yield item
            continue
        waiting.append(item)
        while item.t_ns - waiting[0].t_ns > LEAD_NS:
            old = waiting.popleft()
            if old.t_ns - passed_ns >= STEP_NS:
                passed_ns = old.t_ns
                yield old
            else:
                drop("unchanged", 1)
    yield from waiting
