"""The processes of a run: spawned, spoken to, buried. What is done about one that ended is decided elsewhere."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.blackbox import recovered
from pipeline.config import Limits, PipelineConfig, Restart
from pipeline.errors import PipelineError
from pipeline.link import BusServer, Hub, endpoint
from pipeline.messages import BusMessage, Described, Play, StateChanged
from pipeline.pool_files import remove_pools
from pipeline.runner.spec import ProcessSpec
from pipeline.spawning import Spawner
from pipeline.states import State
from pipeline.supervisor.books import Books
from pipeline.supervisor.children import Child
from pipeline.supervisor.plan import linkable, source_caps
from pipeline.supervisor.restarting import Restarting
from pipeline.supervisor.watch import Watch

_REAP_S = 5.0


class Crew:
    """Every process of the run, in order of the data flow, with bus and books."""

    def __init__(
        self, config: PipelineConfig, folder: Path, specs: list[ProcessSpec], say: Callable[[BusMessage], None]
    ) -> None:
        """``say`` hands a message to whoever listens to the run."""
        self.config = config
        self._spawner = Spawner()
        self.hub = Hub()
        self.bus = BusServer(self.hub, endpoint(folder, "bus"))
        self.books = Books()
        self.say = say
        self.allowed: dict[str, str] | None = None  # what both ends of each link allow, once all are described
        self.ever_played = False  # every stage was PLAYING at some time
        self._folder = folder
        self._described: dict[str, Described] = {}
        self.watches = {
            spec.process: Watch(
                spec, Restarting(config.restart, random.uniform), {node.name: State.NULL for node in spec.nodes}
            )
            for spec in specs
        }

    @property
    def all(self) -> list[Watch]:
        return list(self.watches.values())

    @property
    def source(self) -> Watch:
        return next(watch for watch in self.all if watch.spec.receive is None)

    def downstream(self, watch: Watch) -> Iterator[tuple[str, Watch]]:
        """Links that leave the process, and who is there."""
        for send in watch.spec.sends:
            yield send.id, next(w for w in self.all if w.spec.receive is not None and w.spec.receive.id == send.id)

    def upstream(self, watch: Watch) -> Watch | None:
        """The process that feeds it."""
        return next((w for w in self.all if any(other is watch for _, other in self.downstream(w))), None)

    def amend(self, limits: Limits, restart: Restart) -> None:
        """Other limits, and other times and numbers of restarts, from now on."""
        self.config = replace(self.config, limits=limits, restart=restart)
        for watch in self.all:
            watch.policy.amend(restart)

    def spawn(self, watch: Watch, again: bool = False) -> None:
        """Start its process. Raises ResourceError."""
        spec = replace(watch.spec, incarnation=watch.spec.incarnation + 1) if again else watch.spec
        watch.begin(spec, time.monotonic())
        watch.child = Child(spec, self._spawner)
        if watch.child.descriptor is not None:
            self.hub.watch(watch.child.descriptor)

    def noticed(self, watch: Watch) -> None:
        """Its child has ended."""
        watch.ended = time.monotonic()
        if watch.child is not None and watch.child.descriptor is not None:
            self.hub.unwatch(watch.child.descriptor)

    def bury(self, watch: Watch) -> None:
        """Kill it if need be, reap it, and remove what it left behind."""
        if watch.child is not None:
            if watch.ended is None:
                self.noticed(watch)
            if watch.child.exit_status is None:
                watch.child.kill()
                watch.child.reap(_REAP_S)
            watch.child.close()
            remove_pools(self._folder, watch.name, watch.spec.incarnation)
            if (ledgers := recovered(self._folder, watch.name, watch.spec.incarnation)) is not None:
                self.books.hear(watch.name, ledgers)
        watch.child = watch.peer = None

    def move(self, watch: Watch, new: State) -> None:
        """Say what became of its stages; a child that is gone cannot."""
        before, watch.states = watch.states, dict.fromkeys(watch.states, new)
        for stage, old in before.items():
            self.say(StateChanged(stage, old, new))

    def tell(self, watch: Watch, message: BusMessage) -> None:
        """Nothing happens if it is down."""
        if watch.peer is not None:
            self.bus.send(watch.peer, message)

    def describe(self, watch: Watch, message: Described) -> None:
        """A stage has described its pads."""
        self._described[message.stage] = message
        watch.described.add(message.stage)

    def described(self) -> list[Described]:
        """All stages, in order of the config."""
        return [self._described[stage.name] for stage in self.config.stages]

    def link(self) -> None:
        """Let those play that are ready for it. Raises CapsError if pads do not fit."""
        if self.allowed is None:
            if len(self._described) < len(self.config.stages):
                return
            self.allowed = linkable(self.config, self._described)
        for watch in self.all:
            if not watch.played and watch.peer is not None and len(watch.described) == len(watch.stages):
                watch.played = True
                first = watch.stages[0]
                caps = source_caps(self.config, first, self.allowed, self._described[first])
                self.tell(watch, Play(caps))

    def first_failure(self) -> PipelineError | None:
        """Why the first of those in the flow was given up that were."""
        return next((watch.failed for watch in self.all if watch.failed is not None), None)

    def close(self) -> None:
        """Leave no process and no socket behind."""
        for watch in self.all:
            self.bury(watch)
        self._spawner.close()
        self.hub.close()
