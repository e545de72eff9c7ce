"""How much of a stretch without change the stages see: its beginning, its end, and now and then a frame between.

Between choosing frames and sending them. A view needs frames to settle, and a change is told from the frames just
before it; what remembers the last seconds (tiles that never rest, noise) weighs them by time, so that few frames do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from pipeline.frame import SECOND_NS
from stages.decoder.selection import Selected
from stages.decoder.sparse.unchanged import Unchanged

HOLD_NS = 3 * SECOND_NS // 2  # what is at rest for a second is captured
LEAD_NS = SECOND_NS
STEP_NS = 3 * SECOND_NS
LONGEST_STEP_NS = 10 * SECOND_NS


def thinned(chosen: Iterator[Selected], drop: Callable[[str, int], None]) -> Iterator[Selected]:
    """Leave out unchanged frames that are more than HOLD_NS after the last change and more than LEAD_NS before the
    next, but for one each STEP_NS, and each LONGEST_STEP_NS once that much more has passed; ``drop`` is told.
    """
    waiting: deque[Selected] = deque()
    stretch: int | None = None
    since_ns = passed_ns = 0
    dropped = 0
    for item in chosen:
        found = None if item.again or not isinstance(item.frame, Unchanged) else item.frame.stretch
        if found is None or found != stretch:
            if dropped:
                drop("unchanged", dropped)
                dropped = 0
            yield from waiting
            waiting.clear()
            stretch, since_ns = found, item.t_ns
        if found is None:
            yield item
            continue
        if item.t_ns - since_ns <= HOLD_NS:
            passed_ns = item.t_ns
            yield item
            continue
        waiting.append(item)
        while item.t_ns - waiting[0].t_ns > LEAD_NS:
            old = waiting.popleft()
            if old.t_ns - passed_ns >= min(max(STEP_NS, (old.t_ns - since_ns) // 2), LONGEST_STEP_NS):
                passed_ns = old.t_ns
                if dropped:
                    drop("unchanged", dropped)
                    dropped = 0
                yield old
            else:
                dropped += 1
    if dropped:
        drop("unchanged", dropped)
    yield from waiting
