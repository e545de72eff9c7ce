"""Pictures in, masks out: preparing, session and masks of one network, in this order.

What a stage needs of a network, and nothing of streams: it keeps no time, and does not ask whether anybody is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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


class Masks(Protocol):
    """Whoever makes masks of pictures: a network in this process, or one on another host."""

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda, tensorrt, or what a far end says."""

    def segment(self, pictures: Sequence[Plane]) -> list[Segmented]:
        """In order; each picture is uint8 BGR (height, width, 3) or grey (height, width). Raises PipelineError."""

    def close(self) -> None:
        """Let go of it; it is not asked again."""


class Segmenter:
    """``session`` fed as ``spec`` says. Implements ``Masks``."""

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        self._session, self._threshold = session, spec.threshold
        self._preparer = Preparer(session.rows, spec.mean, spec.std)

    @property
    def device(self) -> str:
        """As ``Session.device``: it may change when there is no memory."""
        return self._session.device

    def close(self) -> None:
        """The session's memory goes with the last reference to it; there is nothing to be told."""

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
