"""What the recorder's parts are told: how to record, what is connected, and what they count together."""

from __future__ import annotations

from dataclasses import dataclass

from stages.recorder.tracks import Format, Tracks


@dataclass(frozen=True, slots=True)
class Settings:
    """``segment_ns``: length of a segment; ``fragment_s``: of what a kill can cost; ``floor``: bytes to leave free."""

    form: Format
    segment_ns: int
    fragment_s: float
    floor: int


@dataclass(frozen=True, slots=True)
class Connection:
    """What EPOCH said. ``wall_ns`` tells it from one of an earlier run that had the same number."""

    epoch: int
    wall_ns: int
    tracks: Tracks


class Totals:
    """Counts for the figures, over all folders."""

    def __init__(self) -> None:
        self.bytes = self.segments = self.lost = self.repaired = 0
