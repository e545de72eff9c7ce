"""The typed description of a pipeline. TOML files and launch lines both become it; the supervisor runs it.

It is names and values only: whether a stage exists, whether its properties are valid and whether caps can link
is known once the stages are built, in their own processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_WINDOW = 32
LEAKY = ("no", "upstream", "downstream")
POLICIES = ("never", "rollback", "process")


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One stage. ``factory`` is a short name (``dedup``) or an import string (``stages.dedup:Dedup``)."""

    name: str
    factory: str
    process: str
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """From a stage's src pad (empty: its first) to a stage's sink pad.

    ``window``: frames that may be out unacknowledged. ``leaky``: ``no``, ``upstream`` (a full link refuses the
    new frame) or ``downstream`` (it drops the oldest one), as in GStreamer.
    """

    source: str
    sink: str
    pad: str = ""
    window: int = DEFAULT_WINDOW
    leaky: str = "no"

    @property
    def id(self) -> str:
        return f"{self.source}.{self.pad}-{self.sink}" if self.pad else f"{self.source}-{self.sink}"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a process may give no sign of life in each phase, and how long a drain may take, in seconds."""

    starting_s: float = 30.0
    working_s: float = 10.0
    draining_s: float = 120.0
    stopping_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Restart:
    """What becomes of a process that ended on its own. Times in seconds.

    ``policy``: ``never``: the run ends; ``rollback``: everything starts again from the beginning, what is written
    already is not written twice; ``process``: it alone is restarted, the others go on. The first restart is at once,
    later ones after a random time up to ``backoff`` x 2, x 4 ... ``longest``; ``healthy`` seconds of work forget
    the past. More than ``crashes`` in ``window`` seconds: FAILED, and ``again`` seconds later another chance, as
    nobody may be there for weeks (0: none). An error that is final is never worth a restart.
    """

    policy: str = "never"
    backoff: float = 0.5
    longest: float = 30.0
    healthy: float = 60.0
    crashes: int = 5
    window: float = 120.0
    again: float = 600.0


@dataclass(frozen=True, slots=True)
class Service:
    """How a pipeline that runs as a daemon can be talked to. ``http``: "host:port" of /metrics and /healthz, loopback
    if the host is left out, "" for none. ``socket``: path of the control socket, "" for the default one.
    """

    socket: str = ""
    http: str = ""


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Stages in order of the data flow and the links between them; always a tree with one source.

    ``service``: None for a run with an end. ``application``: tables of the file that the application reads.
    """

    stages: tuple[StageConfig, ...]
    links: tuple[LinkConfig, ...]
    name: str = "pipeline"
    limits: Limits = field(default_factory=Limits)
    restart: Restart = field(default_factory=Restart)
    service: Service | None = None
    application: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
