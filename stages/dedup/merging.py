"""What became of captures that have no page of their own because another one of their slide has: notes for its page.

They say it to whoever asks later; nothing is decided by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.frame import Frame, Meta
from stages.dedup.reasons import in_colour_alone, tiles_differ

if TYPE_CHECKING:
    from stages.dedup.growing import Taken

MOST = 64  # notes on a page, the newest ones


def replaced(frame: Frame, taken: Taken) -> Meta:
    """Of a state whose place a later one takes. ``taken``: what that one is to it."""
    likeness = taken.likeness
    if taken.change.value == "grown":
        kept = f"{likeness.kept:.0f} % of its edges were there in the next one too"
        why = f"{kept}, which took its place{in_colour_alone(likeness)}"
    else:
        why = f"the next one shows the same for longer: {tiles_differ(likeness)}"
    return _note(frame, True, why)


def refused(frame: Frame, taken: Taken) -> Meta:
    """Of a capture that shows nothing new."""
    return _note(frame, False, f"nothing new on it: {tiles_differ(taken.likeness)}")


def _note(frame: Frame, state: bool, why: str) -> Meta:
    capture = frame.meta.get("capture")
    start = capture.get("start_pts_ns") if isinstance(capture, Mapping) else None
    begun = start if isinstance(start, int) else frame.pts_ns
    return {"pts_ns": frame.pts_ns, "start_pts_ns": begun, "state": state, "why": why}
