"""A lecture room for tests of its keeper: clocks that stand until they are moved, jobs that end when they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from controls import FakeControl

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.messages import Element, StateChanged
from pipeline.states import State
from stages.journal import Journal
from stages.keeper.claim import claim
from stages.keeper.job import Done, Job
from stages.keeper.keeper import LectureKeeper
from stages.keeper.surroundings import Surroundings
from stages.lecture import opened

T = TypeVar("T")

S = 10**9
WALL = 1_790_000_000 * S
NAMES = ("decoder", "recorder", "bgsub", "trigger", "dedup", "exporter")


class FakeJob(Job):
    """It ends when ``done`` is set."""

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        self.module, self.arguments = module, list(arguments)
        self.done: Done | None = None
        self.ended = False

    def poll(self, now_ns: int) -> Done | None:
        return self.done

    def end(self) -> None:
        self.ended = True


@dataclass
class Jobs:
    """Every job that was begun."""

    begun: list[FakeJob] = field(default_factory=list)

    def begin(self, module: str, arguments: Sequence[str], limit_ns: int, now_ns: int) -> Job:
        self.begun.append(FakeJob(module, arguments))
        return self.begun[-1]

    def of(self, module: str) -> list[FakeJob]:
        return [job for job in self.begun if job.module.endswith(module)]


class Room:
    """A keeper and what is around it. ``mono``, ``wall``: its clocks; ``boot``: which boot of the machine it is."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mono, self.wall, self.boot, self.free = 1000 * S, WALL, "boot-a", 2**50
        self.jobs = Jobs()
        self.said: list[str] = []
        self.claims: list[Callable[[], None]] = []
        self.start({})

    def start(self, table: Mapping[str, object], segmentation: Mapping[str, object] | None = None) -> None:
        """The daemon is started (again), with this table [lectures]; of one before it the kernel let go.

        ``segmentation``: properties of a stage that finds presenters, if there is to be one before bgsub.
        """
        self.let_go()
        self.control = FakeControl(known_states=dict.fromkeys(NAMES, State.NULL))
        stages = tuple(StageConfig(name, f"stages.{name}:{name.title()}", name) for name in NAMES)
        links = tuple(
            LinkConfig("decoder" if sink == "bgsub" else source, sink)
            for source, sink in zip(NAMES, NAMES[1:], strict=False)
        )
        if segmentation is not None:
            finder = StageConfig("finder", "stages.segmentation:Segmentation", "finder", segmentation)
            stages = (*stages, finder)
            links = (LinkConfig("decoder", "finder"), *(link for link in links if link.sink != "bgsub"))
            links = (LinkConfig("finder", "bgsub"), *links)
        tables = {"lectures": {"folder": str(self.root), **table}}
        around = Surroundings(
            lambda: self.mono, lambda: self.wall, lambda: self.boot, lambda path: self.free, self.jobs.begin, self.claim
        )
        self.keeper = LectureKeeper(PipelineConfig(stages, links, application=tables), around)

    def claim(self, root: Path) -> Callable[[], None]:
        self.claims.append(claim(root))
        return self.let_go

    def let_go(self) -> None:
        while self.claims:
            self.claims.pop()()

    def play(self) -> None:
        """The loop begins and all stages play."""
        self.keeper.begin(self.control)
        self.plays("decoder")

    def plays(self, stage: str) -> None:
        self.control.known_states[stage] = State.PLAYING
        self.keeper.hear(StateChanged(stage, State.PAUSED, State.PLAYING))

    def wait(self, seconds: float) -> None:
        """Time passes, and the loop turns once."""
        self.mono += round(seconds * S)
        self.wall += round(seconds * S)
        self.turn()

    def turn(self) -> None:
        self.said += [news.text for news in self.keeper.turn()]

    def source(self, state: str, why: str = "") -> None:
        self.keeper.hear(Element("decoder", "source", {"state": state, "why": why}))

    def closed(self) -> None:
        """The exporter closes what it was told to close."""
        self.keeper.hear(Element("exporter", "lecture", {"lecture": self.name, "state": "closed", "slides": 0}))

    @property
    def name(self) -> str:
        told = self.keeper.status()["lecture"]
        return str(told.get("name", "")) if isinstance(told, Mapping) else ""

    def told(self, name: str) -> list[Mapping[str, object]]:
        return [data for stage, said, data in self.control.told if (stage, said) == ("decoder", name)]

    def calendar(self, *slots: tuple[str, str, int, int]) -> None:
        """The reader of the calendar ends with these."""
        self.turn()
        self.jobs.of("calendar")[-1].done = Done(json.dumps(slots).encode(), "")
        self.turn()

    def read(self, look: Callable[[Journal], T], name: str = "") -> T:
        """What ``look`` finds in the journal of the lecture, by default the one that is open."""
        with opened(self.root / (name or self.name)) as journal:
            return look(journal)
