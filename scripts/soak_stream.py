#!/usr/bin/env python3
"""Soak, stream: weeks of a camera in minutes, through the daemon with its recorder; everything must stay flat.

The camera shows small pictures at several hundred a second, so that decoder, links, recorder and journal see as many
items as in hours of a real one. What analysis leaves out is counted by its link, and is no fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from room import Room, is_event
from rtsp import RtspServer, lecture_clip
from soak_frames import Growth, Sampler

from pipeline.frame import SECOND_NS

STAGES = ("decoder", "recorder", "bgsub", "trigger", "dedup", "exporter")
SIZE = (160, 90)
_EVERY_S = 2.0
_MADE_FPS = 100

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Streamed:
    """``frames``: pictures that the decoder had; ``crashes`` and ``unbalanced`` must be empty."""

    frames: int
    packets: int
    segments: int
    slides: int
    elapsed_s: float
    growth: Mapping[str, Growth | None]
    unbalanced: list[str]
    crashes: list[str]

    @property
    def well(self) -> bool:
        """Whether all is flat, balanced and nothing has crashed."""
        flat = all(growth is not None and growth.flat for growth in self.growth.values())
        return flat and not self.unbalanced and not self.crashes


def stream(folder: Path, frames: int, fps: int, tell: Tell) -> Streamed:
    """Watch until so many pictures were sent."""
    # Shown faster than it was made for: the same pictures, more of them a second.
    clip = replace(lecture_clip(SIZE, _MADE_FPS, 30.0, seed=3, gop_s=0.5, more={"slides": 6}), fps=Fraction(fps))
    seconds = frames / fps
    stages: dict[str, dict[str, object]] = {"decoder": {"rate": 0}, "recorder": {"segment": 5}}
    with RtspServer(clip, lifetime_s=seconds + 180) as server, Room(folder, server.url(), stages=stages) as room:
        room.start()
        room.wait_for(is_event("slide"), 60)
        begun = time.monotonic_ns()
        sampler = Sampler(room.pid, STAGES, _EVERY_S)
        while (passed := (time.monotonic_ns() - begun) / SECOND_NS) < seconds:
            time.sleep(min(30.0, seconds - passed))
            tell(f"{passed:.0f} of {seconds:.0f} s")
        tracks = sampler.end()
        room.stop()
        ended = next(told for told in reversed(room.events) if told["event"] == "end")
        ledger: Mapping[str, Mapping[str, Any]] = ended["data"]["ledger"]
        (lecture,) = room.lectures()
        return Streamed(
            frames=ledger["decoder"]["received"] - ledger["decoder.packets-recorder"]["received"],
            packets=ledger["recorder"]["received"],
            segments=len(list((lecture / "segments").iterdir())),
            slides=len(list((lecture / "slides").iterdir())),
            elapsed_s=passed,
            growth={name: track.growth() for name, track in tracks.items()},
            unbalanced=[name for name, account in ledger.items() if account["missing"]],
            crashes=[str(told.get("text")) for told in room.events if told["event"] == "down"],
        )
