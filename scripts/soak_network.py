#!/usr/bin/env python3
"""Soak, network: what a camera and its cable do, one fault after the other, while one daemon watches.

Measured is the time from the moment the camera is well again until the daemon's source is live again; afterwards
whatever was shown for 3 s outside the outages must have been found.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evidence import broken, decoded, missing
from room import Room, is_event
from rtsp import Film, ServerProcess
from rtsp.truth import Span

from pipeline.frame import SECOND_NS

FILM = Film(size=(640, 360), fps=10, seconds=60.0, seed=3, more={"slides": 12})
_GRACE_NS = 2 * SECOND_NS
_PATIENCE_S = 60.0
_BETWEEN_S = 7.0  # after 5 s a connection has proved itself, and the next loss is a new one

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """``begin`` and ``end``: orders to the camera; ``kill`` and ``start`` are the process itself. Lasts ``seconds``."""

    name: str
    begin: Sequence[str]
    seconds: float
    end: Sequence[str]


FAULTS = (
    Fault("server killed, back 2 s later", ["kill"], 2.0, ["start"]),
    Fault("frozen 5 s", ["freeze"], 5.0, ["thaw"]),
    Fault("frozen 30 s", ["freeze"], 30.0, ["thaw"]),
    Fault("frozen 120 s", ["freeze"], 120.0, ["thaw"]),
    Fault("connection cut in mid-packet", ["cut"], 0.0, []),
    Fault("accepted, never answered, 6 s", ["silence on", "cut"], 6.0, ["silence off"]),
    Fault("login refused 5 s", ["require digest u p refuse", "cut"], 5.0, ["admit"]),
    Fault("another codec, 4 s, and back", ["show hevc"], 4.0, ["show lecture"]),
)


@dataclass(slots=True)
class Suffered:
    """``back_s``: seconds from the camera's recovery to a live source, by fault."""

    back_s: dict[str, list[float]] = field(default_factory=dict)
    slides: int = 0
    pictures: int = 0
    missing: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """The targets: 3 s, of silent ones 5 s, and nothing lost that was shown outside the outages."""
        limits = {name: 5.0 if "never answered" in name else 3.0 for name in self.back_s}
        late = [name for name, seconds in self.back_s.items() if max(seconds) > limits[name]]
        return not (late or self.missing or self.broken)


def suffer(folder: Path, rounds: int, tell: Tell) -> Suffered:
    """Every fault, ``rounds`` times over; the longest only the first time."""
    suffered = Suffered({fault.name: [] for fault in FAULTS})
    outages: list[Span] = []
    with ServerProcess(FILM, lifetime_s=300 + rounds * 200) as server, Room(folder, server.url()) as room:
        room.start()
        room.wait_for(is_event("slide"), 40)
        begun = time.monotonic_ns()
        for number in range(rounds):
            for fault in FAULTS:
                if number and fault.seconds > 60:
                    continue
                time.sleep(_BETWEEN_S)
                down, back = _endure(server, room, fault)
                outages.append((down, back[1]))
                suffered.back_s[fault.name].append((back[1] - back[0]) / SECOND_NS)
                tell(f"{fault.name}: live again after {suffered.back_s[fault.name][-1]:.2f} s")
        time.sleep(8.0)
        ended = time.monotonic_ns()
        room.stop()
        (lecture,) = room.lectures()
        suffered.missing = sorted(missing(lecture, server.truth, begun, ended - _GRACE_NS, outages))
        suffered.broken, suffered.pictures = broken(lecture), decoded(lecture)
        suffered.slides = len(list((lecture / "slides").iterdir()))
    return suffered


def summary(suffered: Suffered) -> str:
    """For people."""
    lines = ["| fault | times | live again: median | longest |", "|---|---|---|---|"]
    for name, seconds in suffered.back_s.items():
        if seconds:
            lines.append(f"| {name} | {len(seconds)} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |")
    lines += ["", f"{suffered.slides} slides, {suffered.pictures} pictures recorded"]
    lines.append(f"slides missing: {suffered.missing or 'none'}; files broken: {suffered.broken or 'none'}")
    return "\n".join(lines)


def _endure(server: ServerProcess, room: Room, fault: Fault) -> tuple[int, Span]:
    """When it began, when the camera was well again, and when the source was live again."""
    since, down = len(room.events), time.monotonic_ns()
    _order(server, fault.begin)
    if fault.seconds:
        time.sleep(fault.seconds)
        since = len(room.events)
    well = time.monotonic_ns()
    _order(server, fault.end)
    live = room.wait_for(is_event("source", "decoder", state="live"), _PATIENCE_S, since=since)
    return down, (well, live["at_ns"])


def _order(server: ServerProcess, orders: Sequence[str]) -> None:
    for order in orders:
        if order == "kill":
            server.kill()
        elif order == "start":
            server.start()
        else:
            server.say(order)
