"""Pictures in, masks out: preparing, session and masks of one network, in this order.

What a stage needs of a network, and nothing of streams: it keeps no time, and does not ask whether anybody is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.frame import Plane
from stages.segmentation.masks import Probabilities, mask_of
from stages.segmentation.models import ModelSpec
from stages.segmentation.preparing import Preparer
from stages.segmentation.session import Session


@dataclass(frozen=True, slots=True)
class Segmented:
    """Of one picture, at the network's own size: mask and probabilities, both (height, width), in memory of its own."""

    mask: Plane
    probabilities: Probabilities


class Segmenter:
    """``session`` fed as ``spec`` says."""

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        self._session, self._threshold = session, spec.threshold
        self._preparer = Preparer(session.rows, spec.mean, spec.std)

    def segment(self, pictures: Sequence[Plane]) -> list[Segmented]:
        """Each picture is uint8 BGR (height, width, 3) or grey (height, width), of any size; in their order.

        More than the session's rows go through one after the other. Raises as ``Session.run``.
        """
        segmented: list[Segmented] = []
        room = len(self._session.rows)
        for start in range(0, len(pictures), room):
            part = pictures[start : start + room]
            for row, picture in enumerate(part):
                self._preparer.put(picture, row)
            for found in self._session.run(len(part)):
                segmented.append(Segmented(mask_of(found, self._threshold), found.copy()))
        return segmented
