"""The rows of the journal's tables. Times called ``pts`` are stream time, those called ``wall`` of the clock on the
wall: ns since 1970, 0 if they are not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class SlideRow:
    """A slide and its picture. ``file`` is relative to the folder; ``hash`` is dedup's, in hex. ``version`` counts
    the pictures it has had.
    """

    id: int
    file: str
    bytes: int
    sha256: str
    width_px: int
    height_px: int
    hash: str
    epoch: int
    picture_pts_ns: int
    wall_ns: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True)
class PresenterFreeRow:
    """A slide without who stands before it. ``hidden``: share of the slide's own picture that the presenter hides;
    ``revealed``: share of its pixels that were seen at least once; both 0 to 1.

    ``file`` is a PNG, relative to the folder; None: nothing is hidden, the slide's own picture is it. ``version``
    counts the files it has had. ``pts_ns``: of the newest moment in it.
    """

    slide: int
    hidden: float
    revealed: float
    file: str | None
    bytes: int
    sha256: str
    version: int
    pts_ns: int


@dataclass(frozen=True, slots=True)
class RevealRow:
    """A moment that is in a presenter-free picture; ``digest`` tells it from others of the same time."""

    epoch: int
    pts_ns: int
    digest: int
    slide: int


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A stretch of time in which a slide was shown; ``end_pts_ns`` is None while it lasts."""

    id: int
    slide: int
    epoch: int
    start_pts_ns: int
    end_pts_ns: int | None


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """One capture and what became of it; ``trigger`` and ``dedup`` are what those stages said of it."""

    epoch: int
    pts_ns: int
    visit: int
    decision: str
    trigger: Mapping[str, JsonValue]
    dedup: Mapping[str, JsonValue]
    wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class GapRow:
    """A stretch of time that was not seen (``kind`` source), not looked at (analysis) or not recorded (recording).

    ``end_pts_ns`` is None while it lasts. ``filled``: it was analysed afterwards, from the recording.
    """

    id: int
    kind: str
    start_pts_ns: int
    end_pts_ns: int | None
    reason: str
    filled: bool = False


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A file of the recording, relative to the folder. ``state`` is open, complete, salvaged or deleted.

    ``end_pts_ns`` is None until something was written. ``first_key``: it begins with a keyframe. ``id`` 0: not
    entered yet.
    """

    file: str
    epoch: int
    start_pts_ns: int
    end_pts_ns: int | None
    start_wall_ns: int
    bytes: int = 0
    state: str = "open"
    first_key: bool = True
    id: int = 0


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A moment that somebody marked; it becomes a chapter."""

    id: int
    pts_ns: int
    wall_ns: int
    text: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened to the source, a stage or the disk; ``kind`` is a short fixed word."""

    id: int
    pts_ns: int
    wall_ns: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One stretch of work on the lecture: where CLOCK_MONOTONIC stood (``zero_ns`` is pts 0), and of which boot."""

    id: int
    boot_id: str
    zero_ns: int
    start_pts_ns: int
    wall_ns: int
