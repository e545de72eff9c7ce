"""The presenter's mask as it travels with a frame: which plane it is, and what is known of it.

A shared room of the stages: ``segmentation`` adds the mask, whoever looks at pixels leaves out what is under it. It
finds nobody, and changes no mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.frame import Frame, Plane, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = "presenter"  # of the frame's meta


@dataclass(frozen=True, slots=True)
class Presenter:
    """``mask``: uint8 (height, width) of 0 and 255, upright, as large as the analysis plane; 255 hides what is behind.

    It is wider than the person by a margin. ``age_ns``: how much older than the frame the picture is that it was found
    in; 0: it is of this very frame. None instead of a Presenter: nobody is there.
    """

    mask: Plane
    age_ns: int = 0

    @property
    def area(self) -> float:
        """Share of the picture that is hidden, 0 to 1."""
        return int((self.mask != 0).sum()) / self.mask.size


def presenter_of(frame: Frame) -> Presenter | None:
    """Who hides a part of this frame; None if nobody does, or nobody looked."""
    said = frame.meta.get(KEY)
    if not isinstance(said, Mapping):
        return None
    plane, age_ns = said.get("plane"), said.get("age_ns")
    if not isinstance(plane, int) or not 0 <= plane < len(frame.planes):
        return None
    return Presenter(frame.planes[plane], age_ns if isinstance(age_ns, int) else 0)


def hidden_at(mask: Plane, width: int, height: int) -> Plane:
    """``mask`` for a picture of another size: 255 where any of it falls on a pixel, uint8 (height, width)."""
    if mask.shape == (height, width):
        return mask
    import cv2  # not at the top: without a presenter nobody needs it here
    import numpy as np

    have_h, have_w = mask.shape
    # Averages forget nothing when a side gets smaller, and interpolation nothing when it gets larger.
    smaller = cv2.resize(mask, (min(width, have_w), min(height, have_h)), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(smaller, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.threshold(soft, 0, 255, cv2.THRESH_BINARY)[1], np.uint8)


def looked_for(frame: Frame) -> bool:
    """Whether a presenter was looked for in this frame at all, found or not."""
    return KEY in frame.meta


def carrying(frame: Frame, planes: Sequence[Plane], presenter: Presenter | None) -> Frame:
    """``frame`` with ``planes``, and behind them the mask of ``presenter``; None says that nobody is there."""
    said: Mapping[str, Value] | None = None
    if presenter is not None:
        said = {"plane": len(planes), "age_ns": presenter.age_ns}
        planes = (*planes, presenter.mask)
    return replace(frame, planes=tuple(planes), meta={**frame.meta, KEY: said})


def passed_on(frame: Frame, planes: Sequence[Plane]) -> Frame:
    """``frame`` with other planes of its own, and the mask it came with, if one was looked for."""
    if not looked_for(frame):
        return replace(frame, planes=tuple(planes))
    return carrying(frame, planes, presenter_of(frame))
