"""What is done about a process that ended on its own: the run ends, or all start again, or it alone does.

``config.Restart`` says which. When and how often is decided in ``restarting``.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace

from pipeline.config import Limits, Restart
from pipeline.errors import PipelineError
from pipeline.messages import Down, Relink, Up
from pipeline.states import State
from pipeline.supervisor.crew import Crew
from pipeline.supervisor.restarting import Restarting
from pipeline.supervisor.watch import Watch


class Recovery:
    """Puts processes into BACKOFF, and starts them again when their time has come."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._restart = crew.config.restart
        self._together = Restarting(self._restart, random.uniform)  # for a rollback
        self.ending = False  # a drain was asked for: who is worth a restart gets it at once, the source is not

    def crashed(self, watch: Watch, error: PipelineError, forced: bool) -> None:
        """Its process has ended, or must. ``forced``: by a signal, not by an error that would come again.

        Raises ``error`` if that ends the run.
        """
        if self.ends_run(watch, error, forced):
            raise error
        now = time.monotonic()
        if self._restart.policy == "rollback":
            self._roll_back(watch, error, now)
            return
        self._crew.bury(watch)
        self._crew.books.close(watch.name)
        delay_s = None if error.final else watch.policy.crashed(now)
        if delay_s is None and self._crew.allowed is None:
            raise error  # it never said what its pads are like: nothing can be linked
        if delay_s is None or (self.ending and watch is self._crew.source):
            self._down(watch, error, None, now)
        else:
            self._down(watch, error, 0.0 if self.ending else delay_s, now)

    def ends_run(self, watch: Watch, error: PipelineError, forced: bool) -> bool:
        """Whether nothing can be done about it."""
        match self._restart.policy:
            case "process":
                return error.final and not (self._crew.ever_played or watch.ever_played)
            case "rollback":
                return not forced
        return True

    def give_up(self, watch: Watch, error: PipelineError) -> None:
        """It will not be needed again, or was not through in time."""
        self._crew.bury(watch)
        self._crew.books.close(watch.name)
        self._down(watch, error, None, time.monotonic())

    def hurry(self) -> None:
        """A drain was asked for: nobody waits any longer; the source is not needed again."""
        self.ending = True
        for watch in self._crew.all:
            if watch.restart_at is not None:
                watch.restart_at = 0.0
        source = self._crew.source
        if source.restart_at is not None and self._restart.policy == "process":
            self._down(
                source,
                source.error("had ended, and was not started again for the end of the run"),
                None,
                time.monotonic(),
            )

    def turn(self) -> None:
        """Start again whoever's time has come."""
        now = time.monotonic()
        for watch in self._crew.all:
            if watch.again_at is not None and now >= watch.again_at and not self.ending:
                self._give_chance(watch)
            if watch.restart_at is not None and now >= watch.restart_at:
                if self._restart.policy == "process":
                    for link, neighbour in self._crew.downstream(watch):
                        self._crew.tell(neighbour, Relink(link))
                self._crew.move(watch, State.NULL)
                try:
                    self._crew.spawn(watch, again=True)
                except PipelineError as e:
                    self.crashed(watch, e, True)

    def amend(self, limits: Limits, restart: Restart) -> None:
        """Other limits, times and numbers from now on; what is done about a crash stays what it was."""
        self._restart = replace(restart, policy=self._restart.policy)
        self._together.amend(self._restart)
        self._crew.amend(limits, self._restart)

    def revive(self) -> None:
        """Another chance for whoever is FAILED."""
        for watch in self._crew.all:
            if watch.failed is not None and not self.ending:
                self._give_chance(watch)

    def played(self, watch: Watch) -> None:
        """All its stages are PLAYING."""
        now = time.monotonic()
        watch.policy.up(now)
        watch.ever_played = True
        if all(each.playing or each.finished for each in self._crew.all):
            self._crew.ever_played = True
            self._together.up(now)
            for each in self._crew.all:
                self._up(each, now)
        elif self._restart.policy == "process":
            self._up(watch, now)

    def _give_chance(self, watch: Watch) -> None:
        watch.policy.forget()
        watch.failed = watch.again_at = None
        watch.restart_at = 0.0

    def _up(self, watch: Watch, now: float) -> None:
        if watch.down_since is not None and watch.playing:
            self._crew.say(Up(watch.name, watch.stages, watch.spec.incarnation, now - watch.down_since))
            watch.down_since = None

    def _roll_back(self, culprit: Watch, error: PipelineError, now: float) -> None:
        delay_s = self._together.crashed(now)
        if delay_s is None:
            raise error
        delay_s = 0.0 if self.ending else delay_s
        for watch in self._crew.all:
            self._crew.bury(watch)
            if watch is not culprit:
                watch.restart_at = now + delay_s
                self._crew.move(watch, State.BACKOFF)
        self._crew.books.clear()
        self._down(culprit, error, delay_s, now)

    def _down(self, watch: Watch, error: PipelineError, delay_s: float | None, now: float) -> None:
        error.stage = error.stage or "+".join(watch.stages)
        watch.restart_at = None if delay_s is None else now + delay_s
        watch.failed = error if delay_s is None else None
        waits = delay_s is None and not error.final and self._restart.policy == "process" and self._restart.again > 0
        watch.again_at = now + self._restart.again if waits else None
        if watch.down_since is None:
            watch.down_since = now
        self._crew.move(watch, State.FAILED if delay_s is None else State.BACKOFF)
        self._crew.say(Down(watch.name, watch.stages, str(error), delay_s))
