"""The decoder's picture of the moment, for many stages that may want it: it is copied once, and by the first that does.

It stands where a pipeline has its pool of pictures.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.frame import Frame, Picture, Ticket


class Shown:
    """One picture at a time. A picture that is shown again keeps its ticket, and its copy."""

    def __init__(self) -> None:
        self._raw: Picture | None = None
        self._own: Picture | None = None
        self._generation = 0

    def show(self, frame: Frame) -> Frame:
        """The frame with a ticket for its picture."""
        if not isinstance(frame.image, Picture):
            return frame
        if frame.image is not self._raw:
            self._raw, self._own = frame.image, None
            self._generation += 1
        return replace(frame, image=Ticket("", 0, self._generation, frame.image.layout))

    def take(self, frame: Frame) -> Picture | None:
        """The frame's picture, which nobody may write to; None for a ticket of a picture that has passed."""
        if not isinstance(frame.image, Ticket):
            return frame.image
        if self._raw is None or frame.image.generation != self._generation:
            return None
        if self._own is None:
            self._own = self._raw.copy()
        return self._own
