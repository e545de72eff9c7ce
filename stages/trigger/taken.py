"""A frame that the trigger keeps, with its picture. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frame import Frame, Picture


@dataclass(frozen=True, slots=True)
class Taken:
    """A frame and its picture, out of the pool. ``sent``: it was captured already, and is on no account any more."""

    frame: Frame
    picture: Picture
    sent: bool = False
