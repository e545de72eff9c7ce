"""Background subtraction as a stage: each frame goes on with ``foreground_percent`` and its ticket, without a plane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import cv2
import numpy as np

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Flags, Frame, Output, Plane
from pipeline.stage import Context, Stage
from stages.bgsub.models import FrameDiff, Model, Subtractor
from stages.bgsub.properties import BgsubProperties
from stages.bgsub.tiles import Tiles
from stages.bgsub.time import ContinuousTime


class Bgsub(Stage[BgsubProperties]):
    """``meta["foreground_percent"]``: 0..100 of the plane, or None while the method does not know yet."""

    properties_type = BgsubProperties
    summary = "finds how much of each frame is foreground"

    def __init__(self, properties: BgsubProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._model = self._fresh()
        self._time = ContinuousTime()
        self._broken = False
        self._caps = Caps.of("video/motion")

    @property
    def sink_caps(self) -> Caps:
        grey = self.properties.method in ("tiles", "frame_diff")
        return Caps.of("video/raw", format="gray8" if grey else "bgr24")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"motion": Caps.of("video/motion")}

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        """A new size is a new stream: the model starts afresh."""
        self._model = self._fresh()
        fields = {**caps.fields, "format": frozenset(("mask8",))} if self.properties.mask else caps.fields
        self._caps = Caps("video/motion", fields)
        return {"motion": self._caps}

    def process(self, frame: Frame) -> Iterable[Output]:
        """The first frame after a break is compared with nothing: whatever the model says, nothing is known of it."""
        broken = self._broken or Flags.DISCONT in frame.flags or self._time.goes_back(frame.pts_ns)
        self._broken = False
        if broken:
            self._model.reconnect()
            self._time.jump()
        mask = self._model.apply(frame.planes[0], self._time.of(frame.pts_ns))
        if broken:
            mask = None
        percent = None if mask is None else 100 * cv2.countNonZero(mask) / mask.size
        planes = (_enlarged(mask, frame.planes[0]),) if self.properties.mask and mask is not None else ()
        meta = {**frame.meta, "foreground_percent": percent}
        return (replace(frame, caps=self._caps, planes=planes, meta=meta),)

    def handle(self, event: Event) -> Iterable[Output]:
        """A connection breaks the stream; a lecture only sets its time."""
        if event.kind in (EventKind.EPOCH, EventKind.GAP):
            self._broken = True
        elif event.kind in (EventKind.LECTURE_START, EventKind.LECTURE_STOP):
            self._time.jump()
        yield event

    def _fresh(self) -> Model:
        match self.properties.method:
            case "tiles":
                return Tiles(self.properties)
            case "frame_diff":
                return FrameDiff(self.properties)
            case _:
                return Subtractor(self.properties)


def _enlarged(mask: Plane, plane: Plane) -> Plane:
    size = (plane.shape[1], plane.shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
