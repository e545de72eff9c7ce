"""What a child process is told to be: stages, links and limits, as JSON over its standard input.

Not in its arguments or environment, which anybody on the machine can read: a URL may hold a password.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One stage: its import string and properties. ``outputs``: (src pad or "", sink stage in the same process)."""

    name: str
    factory: str
    properties: Mapping[str, object]
    outputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SendSpec:
    """A link that leaves the process."""

    id: str
    stage: str
    pad: str
    window: int
    leaky: str


@dataclass(frozen=True, slots=True)
class ReceiveSpec:
    """The link that enters the process."""

    id: str
    stage: str


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """``nodes`` in order of the data flow; ``receive`` is None in the source's process. ``incarnation``: how often
    it was restarted. ``accounted``: its accounts must survive it. ``began_ns``: CLOCK_MONOTONIC when the run began.
    """

    process: str
    parent_pid: int
    folder: str
    nodes: tuple[NodeSpec, ...]
    sends: tuple[SendSpec, ...]
    receive: ReceiveSpec | None
    incarnation: int = 0
    accounted: bool = False
    began_ns: int = 0

    def to_json(self) -> str:
        """The text form."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ProcessSpec:
        """Read what ``to_json`` wrote; both ends are of one release, so nothing is checked again."""
        raw = json.loads(text)
        return cls(
            process=raw["process"],
            parent_pid=raw["parent_pid"],
            folder=raw["folder"],
            nodes=tuple(
                NodeSpec(n["name"], n["factory"], n["properties"], tuple((pad, sink) for pad, sink in n["outputs"]))
                for n in raw["nodes"]
            ),
            sends=tuple(SendSpec(**send) for send in raw["sends"]),
            receive=ReceiveSpec(**raw["receive"]) if raw["receive"] else None,
            incarnation=raw["incarnation"],
            accounted=raw["accounted"],
            began_ns=raw["began_ns"],
        )
