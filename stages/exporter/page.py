"""What a page or a reveal says of itself: the notes of trigger and dedup in a frame's meta, checked and in plain types;
and its picture, with what the presenter hides of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pipeline.errors import StageError
from pipeline.frame import Frame, Picture, Plane, Value
from pipeline.stage import Context
from stages.presenter import looked_for, presenter_of

DECISIONS = ("new", "grown", "revisit", "same")
PICTURED = ("new", "grown")  # these bring a picture that becomes the slide's
REVEAL = "reveal"  # no page: another moment of a slide that is known


@dataclass(frozen=True, slots=True)
class Page:
    """``slide`` is dedup's id, from 1; ``start_pts_ns`` is when the view became stable, ``pts_ns`` its capture.

    ``wall_ns`` is the capture's time on the wall clock, 0 if the source knows none. ``fill``: its picture is not to be
    the slide's, but shows what none of it has shown, as a reveal does. ``keeps``: the picture that the slide had stays,
    as that of an earlier state.
    """

    slide: int
    decision: str
    hash: str
    epoch: int
    pts_ns: int
    start_pts_ns: int
    trigger: Mapping[str, JsonValue]
    dedup: Mapping[str, JsonValue]
    wall_ns: int = 0
    fill: bool = False
    keeps: bool = False

    @property
    def is_pictured(self) -> bool:
        """Whether it brings a picture."""
        return self.fill or self.decision in PICTURED

    @classmethod
    def of(cls, frame: Frame) -> Page:
        """Read a frame's meta. Raises StageError if trigger or dedup did not write theirs."""
        trigger, dedup = _mapping(frame, "capture"), _mapping(frame, "page")
        slide, decision, digest = _slide(dedup), dedup.get("decision"), dedup.get("hash")
        if decision not in DECISIONS:
            raise StageError(f"meta page: decision is {decision!r}, not one of {', '.join(DECISIONS)}")
        start = trigger.get("start_pts_ns", frame.pts_ns)
        if not isinstance(start, int):
            raise StageError(f"meta capture: start_pts_ns is {start!r}, not an integer")
        return cls(
            slide,
            str(decision),
            str(digest or ""),
            frame.epoch,
            frame.pts_ns,
            start,
            trigger,
            dedup,
            frame.wall_ns,
            decision not in PICTURED and dedup.get("fill") is True,
            dedup.get("keeps") is True,
        )


@dataclass(frozen=True, slots=True)
class Reveal:
    """Another moment of dedup's ``slide``, that shows what was hidden. ``fill``: only what was not seen before is to be
    taken from it; else what it shows is newer.
    """

    slide: int
    fill: bool
    epoch: int
    pts_ns: int
    dedup: Mapping[str, JsonValue]
    decision: str = REVEAL

    @classmethod
    def of(cls, frame: Frame) -> Reveal | None:
        """Read a frame's meta; None if it is a page. Raises StageError if dedup did not write its own."""
        dedup = _mapping(frame, "page")
        if dedup.get("decision") != REVEAL:
            return None
        return cls(_slide(dedup), dedup.get("fill") is True, frame.epoch, frame.pts_ns, dedup)


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture in memory of its own, and the mask of what the presenter hides of it: uint8 (h, w) of any size, 255
    where that is; None: nothing. ``looked``: whether anybody looked for a presenter.
    """

    picture: Picture
    hidden: Plane | None = None
    looked: bool = False

    @classmethod
    def of(cls, frame: Frame, context: Context) -> Sight | None:
        """None if the frame's picture is lost."""
        picture = frame.image if isinstance(frame.image, Picture) else context.take(frame)
        if picture is None:
            return None
        presenter = presenter_of(frame)
        return cls(picture, None if presenter is None else presenter.mask, looked_for(frame))


def _slide(dedup: Mapping[str, JsonValue]) -> int:
    slide = dedup.get("slide")
    if not isinstance(slide, int) or slide < 1:
        raise StageError(f"meta page: slide is {slide!r}, not a number from 1")
    return slide


def _mapping(frame: Frame, key: str) -> dict[str, JsonValue]:
    found = frame.meta.get(key)
    if not isinstance(found, Mapping):
        raise StageError(f"a frame without meta '{key}' arrived; the exporter belongs after trigger and dedup")
    return {name: plain(value) for name, value in found.items()}


def plain(value: Value) -> JsonValue:
    """``value`` as JSON can say it: bytes become hex, and a float that is no number becomes None."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    assert isinstance(value, Sequence)
    return [plain(item) for item in value]
