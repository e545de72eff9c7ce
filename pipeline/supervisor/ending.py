"""The end of a run: the drain that was asked for, and processes that would wait for ever for a neighbour that is gone.

EOS comes from the source and is acknowledged from the far end. Where a process was given up, those behind it are told
to behave as if EOS had come, and the one before it to let go of what nobody will take.
"""

from __future__ import annotations

import time

from pipeline.errors import StageError
from pipeline.messages import Drain, Unlink, Warn
from pipeline.supervisor.crew import Crew
from pipeline.supervisor.recovery import Recovery
from pipeline.supervisor.watch import Watch

_PATIENCE = 0.75  # the part of the time for a drain that one process may take


class Ending:
    """Looks at every turn whether the end has come, and at whom it cannot reach."""

    def __init__(self, crew: Crew, recovery: Recovery) -> None:
        self._crew = crew
        self._recovery = recovery
        self._deadline: float | None = None  # of a drain
        self._held_up: Watch | None = None  # who was killed for holding up the others

    @property
    def over(self) -> bool:
        """Whether nothing will happen any more."""
        return all(watch.finished is not None or watch.failed is not None for watch in self._crew.all)

    def turn(self, asked: bool) -> None:
        """``asked``: for a drain. Raises StageError if a process is not through in time and that ends the run."""
        if asked and self._deadline is None:
            self._deadline = time.monotonic() + self._crew.config.limits.stopping_s
            self._recovery.hurry()
        if not self._has_begun:
            return
        if asked and self._crew.source.playing:
            self._once(self._crew.source, Drain())
        for watch in self._crew.all:
            before = self._crew.upstream(watch)
            if before is not None and watch.playing and self._gone(before, watch):
                self._once(watch, Drain())
            for link, behind in self._crew.downstream(watch):
                if self._gone(behind, watch):
                    self._once(watch, Unlink(link))
        self._enforce()

    @property
    def _has_begun(self) -> bool:
        source = self._crew.source
        return self._deadline is not None or source.finished is not None or source.phase == "draining"

    @staticmethod
    def _gone(neighbour: Watch, watch: Watch) -> bool:
        """Whether ``watch`` will never hear of it again. What finished before ``watch`` began knows nothing of it."""
        return neighbour.failed is not None or (neighbour.finished is not None and neighbour.finished < watch.born)

    def _once(self, watch: Watch, message: Drain | Unlink) -> None:
        if repr(message) not in watch.told and watch.peer is not None:
            watch.told.add(repr(message))
            self._crew.tell(watch, message)

    def _enforce(self) -> None:
        if self._deadline is None:
            return
        limits = self._crew.config.limits
        stopping_s = limits.stopping_s
        left_s = self._deadline - time.monotonic()
        left = [watch for watch in self._crew.all if watch.finished is None and watch.failed is None]
        # Whoever was reached by EOS may take longer: writing documents. But not for ever.
        late = [watch for watch in left if watch.phase != "draining" or left_s < -limits.draining_s]
        if self._crew.config.restart.policy == "process":
            # The first in the flow holds up those behind it. They are given the rest of the time to end well.
            patience_s = _PATIENCE * stopping_s
            if late and left_s <= stopping_s - patience_s and self._held_up is None:
                self._held_up = late[0]
                self._kill(late[0], patience_s)
            elif left_s <= 0:
                for watch in late:
                    self._kill(watch, stopping_s)
        elif late and left_s <= 0:
            raise _too_late(late[0], stopping_s)

    def _kill(self, watch: Watch, after_s: float) -> None:
        error = _too_late(watch, after_s)
        self._crew.say(Warn(error.stage, str(error)))
        self._recovery.give_up(watch, error)


def _too_late(watch: Watch, after_s: float) -> StageError:
    return watch.error(f"did not drain within {after_s:g} s; it was killed")
