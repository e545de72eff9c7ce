"""What the supervisor knows of one process, over its incarnations."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.config import Limits
from pipeline.errors import PipelineError, StageError
from pipeline.runner.spec import ProcessSpec
from pipeline.states import State
from pipeline.supervisor.children import Child
from pipeline.supervisor.restarting import Restarting


@dataclass(slots=True, eq=False)
class Watch:
    """Either there is a ``child``, or it is to be started again at ``restart_at``, or it is given up: ``failed``.

    Times are those of time.monotonic().
    """

    spec: ProcessSpec
    policy: Restarting
    states: dict[str, State]
    child: Child | None = None
    peer: bytes | None = None
    phase: str = "starting"
    born: float = 0.0
    seen: float = 0.0
    played: bool = False  # it was told to
    ever_played: bool = False  # all its stages were PLAYING, in some incarnation
    described: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)  # what it was told about the end of the run
    failure: PipelineError | None = None  # why it will end in a moment: its last word, or that it hung
    hung: bool = False
    ended: float | None = None
    finished: float | None = None
    restart_at: float | None = None
    again_at: float | None = None  # another chance, though it was given up
    down_since: float | None = None
    failed: PipelineError | None = None

    @property
    def name(self) -> str:
        return self.spec.process

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.spec.nodes)

    @property
    def running(self) -> bool:
        """Whether it lives, has work to do, and nothing is known against it."""
        return self.child is not None and self.ended is None and self.finished is None and self.failure is None

    @property
    def playing(self) -> bool:
        return all(state is State.PLAYING for state in self.states.values())

    def limit_s(self, limits: Limits) -> float:
        """How long it may give no sign of life."""
        return {"starting": limits.starting_s, "draining": limits.draining_s}.get(self.phase, limits.working_s)

    def begin(self, spec: ProcessSpec, now: float) -> None:
        """A new incarnation; nothing of the one before holds any more."""
        self.spec = spec
        self.peer = self.failure = self.ended = self.finished = self.restart_at = self.failed = None
        self.phase = "starting"
        self.born = self.seen = now
        self.played = self.hung = False
        self.described = set()
        self.told = set()

    def error(self, text: str) -> StageError:
        """A StageError that names its stages."""
        error = StageError(text)
        error.stage = "+".join(self.stages)
        return error
