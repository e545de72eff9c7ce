"""Says of a frame that the picture is changing and cannot be seen: it carries the last one that was.

A shared room of the stages: a decoder that leaves out pictures marks such frames, whoever looks at pixels lets them by.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.frame import Frame

KEY = "unseen"  # of the frame's meta


def unseen(frame: Frame) -> Frame:
    """``frame``, marked."""
    return replace(frame, meta={**frame.meta, KEY: True})


def is_unseen(frame: Frame) -> bool:
    """Whether what is on screen is another picture than the frame's, or may be."""
    return frame.meta.get(KEY) is True
