"""Background subtraction as a stage: each frame goes on with ``foreground_percent`` and its ticket, without a plane.

A presenter's mask goes on with it, and what is under that mask weighs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import cv2
import numpy as np

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Flags, Frame, Meta, Output, Plane
from pipeline.stage import Context, Stage
from stages.bgsub.auto import Auto
from stages.bgsub.models import FrameDiff, Model, Subtractor
from stages.bgsub.properties import BgsubProperties
from stages.bgsub.tiles import Tiles
from stages.bgsub.time import ContinuousTime
from stages.chroma import chroma_of
from stages.presenter import hidden_at, passed_on, presenter_of
from stages.unseen import is_unseen

_LEAST_SEEN = 0.02  # share of the plane; of a picture of which less is to be seen, nothing is known


class Bgsub(Stage[BgsubProperties]):
    """``meta["foreground_percent"]``: 0..100 of what is visible of the plane; None while the method does not know yet.

    It is None too while a presenter hides nearly all of it. What comes out from behind a presenter is no motion, also
    if the slide has changed there: a change of slides shows beside them, and where it does not, nobody can tell a
    small one from a mask that was too narrow. The picture of a view that is taken later, or a reveal, has it.
    ``meta["foreground_pts_ns"]``: of the last frame that was looked at; a method may not look at every one.
    """

    properties_type = BgsubProperties
    summary = "finds how much of each frame is foreground"

    def __init__(self, properties: BgsubProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._model = self._fresh()
        self._time = ContinuousTime()
        self._broken = False
        self._mask: Plane | None = None  # the last one
        self._known_ns = 0
        self._caps = Caps.of("video/motion")

    @property
    def sink_caps(self) -> Caps:
        if self.properties.method == "auto":
            return Caps.of("video/raw", format="gray8", chroma="small")
        if self.properties.method in ("tiles", "frame_diff"):
            return Caps.of("video/raw", format="gray8")
        return Caps.of("video/raw", format="bgr24", spacing="regular")  # a model learns by frames, not by time

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
        """The first frame after a break is compared with nothing: whatever the model says, nothing is known of it.

        Nor is anything known while the picture changes unseen: then the model is not asked.
        """
        if is_unseen(frame):
            return (passed_on(replace(frame, caps=self._caps, meta={**frame.meta, "foreground_percent": None}), ()),)
        broken = self._broken or Flags.DISCONT in frame.flags or self._time.goes_back(frame.pts_ns)
        self._broken = False
        if broken:
            self._model.reconnect()
            self._time.jump()
        presenter, plane = presenter_of(frame), frame.planes[0]
        hidden = None if presenter is None else hidden_at(presenter.mask, plane.shape[1], plane.shape[0])
        pts_ns = self._time.of(frame.pts_ns)
        if isinstance(self._model, Auto):
            mask = self._model.apply(plane, pts_ns, hidden, chroma_of(frame))
        else:
            mask = self._model.apply(plane, pts_ns, hidden)
        if mask is None or mask is not self._mask:
            self._mask, self._known_ns = mask, frame.pts_ns
        if broken:
            mask = None
        percent = None if mask is None else _percent(mask, self._model.blind)
        planes = (_enlarged(mask, frame.planes[0]),) if self.properties.mask and mask is not None else ()
        meta: Meta = {**frame.meta, "foreground_percent": percent, "foreground_pts_ns": self._known_ns}
        if isinstance(self._model, Auto):
            meta = {**meta, **self._model.evidence}
        return (passed_on(replace(frame, caps=self._caps, meta=meta), planes),)

    def handle(self, event: Event) -> Iterable[Output]:
        """A connection breaks the stream; a lecture only sets its time."""
        if event.kind in (EventKind.EPOCH, EventKind.GAP):
            self._broken = True
        elif event.kind in (EventKind.LECTURE_START, EventKind.LECTURE_STOP):
            self._time.jump()
        yield event

    def _fresh(self) -> Model:
        match self.properties.method:
            case "auto":
                return Auto(self.properties)
            case "tiles":
                return Tiles(self.properties)
            case "frame_diff":
                return FrameDiff(self.properties)
            case _:
                return Subtractor(self.properties)


def _percent(mask: Plane, blind: Plane | None) -> float | None:
    seen = mask.size if blind is None else mask.size - cv2.countNonZero(blind)
    return 100 * cv2.countNonZero(mask) / seen if seen >= _LEAST_SEEN * mask.size else None


def _enlarged(mask: Plane, plane: Plane) -> Plane:
    size = (plane.shape[1], plane.shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
