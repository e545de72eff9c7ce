"""A capture as a state of the slide that may grow: what trigger and bgsub say of it, with what is on it. Pure."""

from __future__ import annotations

from pipeline.frame import Frame
from stages.dedup.changes import Changes
from stages.dedup.content import Content
from stages.dedup.growing import State
from stages.dedup.held import said, start_ns
from stages.presenter import presenter_of


def state_of(frame: Frame, content: Content) -> State:
    """``content``: of the frame's picture."""
    start, presenter = start_ns(frame), presenter_of(frame)
    return State(
        content,
        seen_ns=frame.pts_ns - start,
        start_ns=start,
        left=said(frame, "reason") == "left",
        hidden=presenter.area if presenter is not None else 0.0,
        taken_ns=frame.pts_ns,
        changes=Changes.of(frame.meta.get("changed")),
    )
