"""What a page says of itself: the notes of trigger and dedup in a frame's meta, checked and in plain types."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pipeline.errors import StageError
from pipeline.frame import Frame, Value

DECISIONS = ("new", "grown", "revisit", "same")
PICTURED = ("new", "grown")  # these bring a picture


@dataclass(frozen=True, slots=True)
class Page:
    """``slide`` is dedup's id, from 1; ``start_pts_ns`` is when the view became stable, ``pts_ns`` its capture.

    ``wall_ns`` is the capture's time on the wall clock, 0 if the source knows none.
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

    @classmethod
    def of(cls, frame: Frame) -> Page:
        """Read a frame's meta. Raises StageError if trigger or dedup did not write theirs."""
        trigger, dedup = _mapping(frame, "capture"), _mapping(frame, "page")
        slide, decision, digest = dedup.get("slide"), dedup.get("decision"), dedup.get("hash")
        if not isinstance(slide, int) or slide < 1:
            raise StageError(f"meta page: slide is {slide!r}, not a number from 1")
        if decision not in DECISIONS:
            raise StageError(f"meta page: decision is {decision!r}, not one of {', '.join(DECISIONS)}")
        start = trigger.get("start_pts_ns", frame.pts_ns)
        if not isinstance(start, int):
            raise StageError(f"meta capture: start_pts_ns is {start!r}, not an integer")
        return cls(
            slide, str(decision), str(digest or ""), frame.epoch, frame.pts_ns, start, trigger, dedup, frame.wall_ns
        )


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
