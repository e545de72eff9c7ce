#!/usr/bin/env python3
"""Soak, live: a daemon watches a camera of ours while its stages, or it itself, are killed at random times.

The camera, the daemon and what is held against its folder are those of the tests (tests/plugins).
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from evidence import broken, decoded, holes, missing, segments, zero_ns
from room import Room, is_event
from rtsp import Film, ServerProcess
from rtsp.truth import Span

from pipeline.frame import SECOND_NS

STAGES = ("bgsub", "trigger", "dedup", "exporter", "recorder", "decoder")
FPS = 10
FILM = Film(size=(640, 360), fps=FPS, seconds=60.0, seed=3, more={"slides": 12})
_HEALTHY_S = 12.0  # every stage is left alone for longer than that
_GRACE_NS = 2 * SECOND_NS  # shown so shortly before the end: need not be on disk

Tell = Callable[[str], None]


@dataclass(slots=True)
class Endured:
    """``down_s`` by victim; ``lost_s``: seconds of video missing before each kill of the daemon. ``missing``,
    ``broken`` and ``holes`` must be empty.
    """

    minutes: float = 0.0
    slides: int = 0
    pictures: int = 0
    down_s: dict[str, list[float]] = field(default_factory=dict)
    lost_s: list[float] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether all that must hold has held."""
        return not self.missing and not self.broken and not self.holes and all(lost < 1.0 for lost in self.lost_s)


def kill_stages(folder: Path, rounds: int, seed: int, tell: Tell) -> Endured:
    """SIGKILL each stage in turn, ``rounds`` times over, while a lecture goes on."""
    chance, endured = random.Random(seed), Endured(down_s={stage: [] for stage in STAGES})
    outages: list[tuple[str, Span]] = []
    with (
        ServerProcess(FILM, lifetime_s=rounds * 90 + 120) as server,
        Room(folder, server.url(), restart={"healthy": _HEALTHY_S}) as room,
    ):
        room.start()
        room.wait_for(is_event("slide"), 40)
        begun = time.monotonic_ns()
        for number in range(rounds):
            for stage in STAGES:
                # A crash loop is another test: here each crash is one of its own, as after a minute in a lecture hall.
                time.sleep(chance.uniform(2.0, 7.0))
                since, down = len(room.events), time.monotonic_ns()
                os.kill(_pid(room, stage), signal.SIGKILL)
                up = room.wait_for(is_event("up", stage), 30, since=since)["at_ns"]
                outages.append((stage, (down, up)))
                endured.down_s[stage].append((up - down) / SECOND_NS)
                tell(f"round {number + 1}: {stage} back after {(up - down) / SECOND_NS:.2f} s")
        time.sleep(8)
        ended = time.monotonic_ns()
        room.stop()
        (lecture,) = room.lectures()
        _examine(endured, lecture, server, begun, ended, [span for _, span in outages])
        zero = zero_ns(lecture)
        decoder = [(down - SECOND_NS, up + 4 * SECOND_NS) for stage, (down, up) in outages if stage == "decoder"]
        for hole in holes(lecture, 2.5 / FPS):
            where = (hole.begin_s * SECOND_NS + zero, hole.end_s * SECOND_NS + zero)
            if not any(down <= where[0] and where[1] <= up for down, up in decoder):
                endured.holes.append(f"{hole.begin_s:.2f} s to {hole.end_s:.2f} s")
    return endured


def kill_daemon(folder: Path, kills: int, seed: int, tell: Tell) -> Endured:
    """SIGKILL the whole daemon at random times and start it again; the lecture goes on."""
    chance, endured = random.Random(seed), Endured(down_s={"daemon": []})
    instants: list[int] = []
    outages: list[Span] = []
    with ServerProcess(FILM, lifetime_s=kills * 40 + 120) as server, Room(folder, server.url()) as room:
        begun = time.monotonic_ns()
        for number in range(kills + 1):
            since = len(room.events)
            room.start()
            room.wait_for(is_event("source", "decoder", state="live"), 40, since=since)
            if instants:
                outages.append((instants[-1], time.monotonic_ns()))
                endured.down_s["daemon"].append((outages[-1][1] - outages[-1][0]) / SECOND_NS)
            if number == kills:
                break
            time.sleep(chance.uniform(1.0, 12.0))
            instants.append(time.monotonic_ns())
            room.kill()
            tell(f"kill {number + 1} of {kills}")
        time.sleep(8)
        ended = time.monotonic_ns()
        room.stop()
        (lecture,) = room.lectures()
        around = [(down - 2 * SECOND_NS, up + SECOND_NS) for down, up in outages]
        _examine(endured, lecture, server, begun, ended, around)
        zero = zero_ns(lecture)
        ends_s = [(segment.end_pts_ns or 0) / SECOND_NS for segment in segments(lecture)]
        for instant in instants:
            at_s = (instant - zero) / SECOND_NS
            endured.lost_s.append(min((at_s - end_s for end_s in ends_s if end_s <= at_s + 0.5), default=at_s))
    return endured


def summary(endured: Endured) -> str:
    """For people."""
    lines = [f"{endured.minutes:.1f} minutes, {endured.slides} slides, {endured.pictures} pictures recorded", ""]
    lines += ["| killed | times | down: median | longest |", "|---|---|---|---|"]
    for victim, seconds in endured.down_s.items():
        if seconds:
            lines.append(f"| {victim} | {len(seconds)} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s |")
    if endured.lost_s:
        median, worst = statistics.median(endured.lost_s), max(endured.lost_s)
        lines += ["", f"video lost before a kill of the daemon: median {median:.2f} s, most {worst:.2f} s"]
    lines += ["", f"slides missing: {endured.missing or 'none'}; files broken: {endured.broken or 'none'}; "]
    lines[-1] += f"holes in the recording that no outage explains: {endured.holes or 'none'}"
    return "\n".join(lines)


def _examine(
    endured: Endured, lecture: Path, server: ServerProcess, begun: int, ended: int, outages: list[Span]
) -> None:
    endured.minutes = (ended - begun) / SECOND_NS / 60
    endured.missing = sorted(missing(lecture, server.truth, begun, ended - _GRACE_NS, outages))
    endured.broken = broken(lecture)
    endured.pictures = decoded(lecture)
    endured.slides = len(list((lecture / "slides").iterdir()))


def _pid(room: Room, stage: str) -> int:
    told = json.loads(room.ask("status", "--json"))
    return next(int(each["pid"]) for each in told["stages"] if each["stage"] == stage)
