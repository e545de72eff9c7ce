"""The thread beside a live stream that makes masks while frames go on: one picture waits, the newest takes its place.

What goes wrong in it is raised in the stage's own thread, at the next ``found``; but a service on another host that is
away is asked again with the next picture. It knows no presence and no frames.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import PipelineError, StageError
from pipeline.frame import SECOND_NS
from stages.segmentation.looking import Look
from stages.segmentation.remote import FarError
from stages.segmentation.segmenter import Masks, Segmented

END_S = 5.0  # that a mask which is being made when the stream ends may take
STUCK_NS = 60 * SECOND_NS  # a mask that takes longer will not come; a frozen driver raises nothing


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in ``look``, and how long that took; or why nothing was, if the next one may fare better."""

    look: Look
    segmented: Segmented | str
    took_ns: int


class Beside:
    """Begins at once. All methods are called by the stage's thread."""

    def __init__(self, masks: Masks, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """``clock``: monotonic, in ns."""
        self._masks, self._clock = masks, clock
        self._begun_ns: int | None = None  # when the mask that is being made was begun
        self._waiting: Look | None = None
        self._found: deque[Found] = deque()
        self._failed: Exception | None = None
        self._ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="masks", daemon=True)
        self._thread.start()

    def offer(self, look: Look) -> bool:
        """Have a mask made of it when there is time. Whether another one that waited is not made because of it."""
        with self._changed:
            replaced = self._waiting is not None
            self._waiting = look
            self._changed.notify()
        return replaced

    def found(self) -> list[Found]:
        """What came since the last time, oldest first. Raises PipelineError if no more will come."""
        with self._changed:
            came = list(self._found)
            self._found.clear()
            if self._failed is not None:
                if isinstance(self._failed, PipelineError):
                    raise self._failed
                raise StageError(f"masks cannot be made any more: {self._failed}") from self._failed
            if self._begun_ns is not None and self._clock() - self._begun_ns > STUCK_NS:
                raise StageError(f"a mask has taken more than {STUCK_NS // SECOND_NS} s on {self._masks.device}")
        return came

    def stop(self, within_s: float = END_S) -> bool:
        """Make no more masks. Whether the thread has ended; one that has not ends with the process."""
        with self._changed:
            self._ending, self._waiting = True, None
            self._changed.notify()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while (look := self._next()) is not None:
                segmented: Segmented | str
                try:
                    (segmented,) = self._masks.segment([look.picture])
                except FarError as e:
                    segmented = str(e)
                with self._changed:
                    assert self._begun_ns is not None, "set when the picture was taken"
                    self._found.append(Found(look, segmented, self._clock() - self._begun_ns))
                    self._begun_ns = None
                    self._changed.notify_all()
        except Exception as e:  # noqa: BLE001 - whatever it is, the stage must know that no mask will come
            with self._changed:
                self._failed = e
                self._changed.notify_all()

    def _next(self) -> Look | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._ending)
            if self._ending:
                return None
            look, self._waiting = self._waiting, None
            self._begun_ns = self._clock()
            return look
