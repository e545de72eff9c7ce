"""What is to be removed so that lectures keep within their limits: a pure plan, from what there is and what is free.

A lecture that is open is never touched. Of finished ones the recording goes first, oldest lecture first; slides and
journal stay until the lecture is too old, and for ever if no age is set, or none is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DAY_NS = 86_400 * 10**9
_SET_NS = 1_577_836_800 * 10**9  # 2020: a machine whose clock says less has not been told the time yet


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit. ``floor_bytes``: what should stay free on the disk."""

    keep_ns: int = 0
    keep_bytes: int = 0
    floor_bytes: int = 0


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A segment of a recording, relative to its lecture's folder."""

    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class HeldLecture:
    """``busy``: open, or its exports are being made. ``segments``: oldest first. ``bytes``: all that is no segment."""

    name: str
    busy: bool
    ended_wall_ns: int
    segments: tuple[HeldFile, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Removal:
    """Of a segment, or of a whole lecture (``file`` empty). ``why`` is a phrase for people."""

    lecture: str
    file: str
    bytes: int
    why: str


def plan(lectures: Sequence[HeldLecture], free_bytes: int, limits: Limits, wall_ns: int) -> list[Removal]:
    """What to remove, in this order."""
    finished = sorted((each for each in lectures if not each.busy), key=lambda each: (each.ended_wall_ns, each.name))
    removals: list[Removal] = []
    kept: list[HeldLecture] = []
    for lecture in finished:
        is_dated = lecture.ended_wall_ns >= _SET_NS
        if limits.keep_ns and is_dated and wall_ns - lecture.ended_wall_ns > limits.keep_ns:
            why = f"older than {limits.keep_ns / DAY_NS:g} days"
            removals.append(Removal(lecture.name, "", _size(lecture), why))
        else:
            kept.append(lecture)
    used = sum(map(_size, lectures))
    gone = sum(removal.bytes for removal in removals)
    for name, segment in _segments(kept):
        if limits.keep_bytes and used - gone > limits.keep_bytes:
            why = f"all lectures together take more than {limits.keep_bytes / 2**30:g} GiB"
        elif free_bytes + gone < limits.floor_bytes:
            why = f"less than {limits.floor_bytes / 2**30:g} GiB were free on the disk"
        else:
            break
        removals.append(Removal(name, segment.file, segment.bytes, why))
        gone += segment.bytes
    return removals


def _segments(lectures: Sequence[HeldLecture]) -> Iterator[tuple[str, HeldFile]]:
    for lecture in lectures:
        for segment in lecture.segments:
            yield lecture.name, segment


def _size(lecture: HeldLecture) -> int:
    return lecture.bytes + sum(segment.bytes for segment in lecture.segments)
