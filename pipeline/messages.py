"""Messages of the bus: what a child process tells the supervisor, and what it is told.

Plain data; ``wire`` turns them into bytes. Unlike events they do not travel with the frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.frame import Meta
from pipeline.states import State


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of a stage's frames: ``received == sent + sum(dropped) + held`` at the end of a run.

    For a source, ``received`` counts frames decoded. ``lost_pictures`` counts pictures whose pool slot was
    reused before they were taken; their frames are not lost. ``busy_ns`` is time spent in the stage's own code.
    Links keep the same accounts under their id: ``sent`` is what was acknowledged, ``held`` what is on its way,
    ``dropped["leaky"]`` what a leaky link let go, ``resent`` what a restarted receiver was given again.
    Of a restarted process they are the sums over its incarnations, with ``dropped["crash"]`` for what an incarnation
    had taken in and not given out when it ended; some of that may have been given to the next one again.
    """

    received: int = 0
    sent: int = 0
    held: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    lost_pictures: int = 0
    resent: int = 0
    last_pts_ns: int = 0
    busy_ns: int = 0

    @property
    def missing(self) -> int:
        """Frames not accounted for; anything but 0 at the end of a run is a bug."""
        return self.received - self.sent - self.held - sum(self.dropped.values())


@dataclass(frozen=True, slots=True)
class Described:
    """A child built a stage: its pads, with caps in text form, for the check that all can link."""

    stage: str
    sink_caps: str | None
    src_caps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StateChanged:
    stage: str
    old: State
    new: State


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Sent by the run loop once a second and never by a thread. ``phase``: starting, working or draining."""

    process: str
    phase: str
    ledgers: Mapping[str, Ledger]


@dataclass(frozen=True, slots=True)
class Warn:
    """Something a person should know; the run goes on."""

    stage: str
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage ended by an error. ``kind`` is the class name from ``errors``."""

    stage: str
    kind: str
    text: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """EOS has passed through every stage of a process; the ledgers are final."""

    process: str
    ledgers: Mapping[str, Ledger]


@dataclass(frozen=True, slots=True)
class Element:
    """A message of a stage's own, such as the exporter's ``slide`` or the decoder's ``stream``."""

    stage: str
    name: str
    data: Meta = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Play:
    """To a child: every pad can link, let frames flow. ``caps`` maps a link's id to what both ends allow."""

    caps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drain:
    """To a source's process: stop producing, send EOS. To another: nothing will come any more, behave as at EOS."""


@dataclass(frozen=True, slots=True)
class Tell:
    """To a child: hand ``data`` to the ``told`` of one of its stages."""

    stage: str
    name: str
    data: Meta = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relink:
    """To a child: the far end of its incoming link has ended; connect to its successor."""

    link: str


@dataclass(frozen=True, slots=True)
class Unlink:
    """To a child: nobody will ever take what is on this link that leaves it; let go of it."""

    link: str


@dataclass(frozen=True, slots=True)
class Down:
    """Of the supervisor itself, never on a socket: a process ended on its own. ``delay_s``: until it is started
    again; None: it will not be, its stages are FAILED.
    """

    process: str
    stages: tuple[str, ...]
    why: str
    delay_s: float | None


@dataclass(frozen=True, slots=True)
class Up:
    """Of the supervisor itself: a restarted process is PLAYING again, ``down_s`` after it ended."""

    process: str
    stages: tuple[str, ...]
    incarnation: int
    down_s: float


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of a child: it is there and can be told things."""

    process: str
    incarnation: int = 0


BusMessage: TypeAlias = (
    Hello
    | Described
    | StateChanged
    | Heartbeat
    | Warn
    | Failure
    | Finished
    | Element
    | Play
    | Drain
    | Tell
    | Relink
    | Unlink
    | Down
    | Up
)
