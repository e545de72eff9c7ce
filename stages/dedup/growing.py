"""The newest slide while it may still grow: bullets appear, ink is added, an overlay comes and goes. Pure.

It decides which of the states seen so far is the page. It compares neighbours only; ``known`` has the whole lecture.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pipeline.frame import Event, Frame, Meta, Picture
from stages.dedup.content import Content, Rules

# What covered a slide and went (a person, a menu, a toolbar) was there for less time than the slide is without it.
_OUTLASTS = 2
_STILL_ITSELF = 50  # percent of its edges that a slide has when it is rid of what covered it; an empty screen has none


class Change(enum.StrEnum):
    """What a capture is to the slide: its next state, an earlier one or the same, or of another slide."""

    GROWN = "grown"
    SAME = "same"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class State:
    """One state of a slide: the capture and its picture; ``seen_ns`` is how long it had been calm by then."""

    frame: Frame
    picture: Picture
    content: Content
    seen_ns: int


class Growing:
    """``slide`` is its id, ``page`` what is to be said of it; ``left`` the end of its visit, if that came."""

    def __init__(self, slide: int, page: Meta, state: State, start_pts_ns: int, rules: Rules) -> None:
        self.slide = slide
        self.page = page
        self.state = state
        self.start_pts_ns = start_pts_ns
        self.states = 1
        self.left: Event | None = None
        self._rules = rules

    def take(self, state: State) -> tuple[Change, bool]:
        """What a capture is to this slide, and whether it has become the page's state."""
        likeness = self.state.content.looked_at().against(state.content.looked_at())
        if likeness.grown(self._rules):
            change = Change.GROWN
        elif likeness.covered(self._rules):
            change = Change.SAME
            if likeness.kept < _STILL_ITSELF or state.seen_ns <= _OUTLASTS * self.state.seen_ns:
                self.left = None
                return change, False
        else:
            return Change.OTHER, False
        self.state, self.left = state, None
        self.states += 1
        return change, True
