"""The slide on screen while it may still grow: bullets appear, ink is added, an overlay comes and goes. Pure.

It decides which of the states seen so far is the page. It compares neighbours only; ``known`` has the whole lecture.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from stages.dedup.content import Content, Likeness, Rules

# What covered a slide and went (a person, a menu, a toolbar) was there for less time than the slide is without it.
_OUTLASTS = 2
_STILL_ITSELF = 50  # percent of its edges that a slide has when it is rid of what covered it; an empty screen has none
_MOSTLY = 70  # percent of its edges; two texts on the same lines have half of theirs in common by chance


class Change(enum.StrEnum):
    """What a capture is to the slide: its next state, an earlier one or the same, or of another slide."""

    GROWN = "grown"
    SAME = "same"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class State:
    """One state of a slide. ``seen_ns`` is how long it had been calm when it was captured, ``start_ns`` since when.
    ``left``: it is what its view looked like when it was left, after an earlier capture of the same view.
    """

    content: Content
    seen_ns: int
    start_ns: int
    left: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What a capture is to the slide, and whether it has become the page's state."""

    change: Change
    likeness: Likeness
    becomes: bool


class Growing:
    """``slide`` is its id, ``state`` the page's state by now, ``states`` how many there were."""

    def __init__(self, slide: int, state: State, rules: Rules, states: int = 1) -> None:
        self.slide = slide
        self.state = state
        self.states = states
        self._shown = state.content  # of the picture that was passed on last
        self._born_ns = state.start_ns
        self._rules = rules

    def take(self, state: State) -> Taken:
        """What a capture is to this slide; if it is its page's state now, it is kept."""
        likeness = self.state.content.looked_at().against(state.content.looked_at())
        if likeness.grown(self._rules):
            return self._become(state, Change.GROWN, likeness)
        if not likeness.covered(self._rules):
            return Taken(Change.OTHER, likeness, False)
        if likeness.kept < _STILL_ITSELF or state.seen_ns <= _OUTLASTS * self.state.seen_ns:
            return Taken(Change.SAME, likeness, False)
        return self._become(state, Change.SAME, likeness)

    def turn_into(self, state: State) -> Taken | None:
        """Take a capture that is of another slide, if it is how the view looked when it was left that made this one a
        slide, and has most of it still: a person moved, a fade was too slow to be motion. One view is one page.
        """
        if not state.left or state.start_ns != self._born_ns:
            return None
        likeness = self.state.content.looked_at().against(state.content.looked_at())
        if max(likeness.kept, likeness.kept_back) < _MOSTLY:
            return None
        return self._become(state, Change.GROWN, likeness)

    def show(self) -> bool:
        """Whether the state can be told from the picture that was passed on last; then it is passed on now."""
        if self.state.content is self._shown:
            return False
        altered = self._shown.looked_at().against(self.state.content.looked_at()).altered
        if altered > 0:
            self._shown = self.state.content
        return altered > 0

    @property
    def refined(self) -> bool:
        """Whether the view was left with a picture that is better than the one passed on, though nothing is to be seen
        of it: less noise, fewer artefacts.
        """
        return self.state.left and not self.state.content.equals(self._shown)

    def _become(self, state: State, change: Change, likeness: Likeness) -> Taken:
        self.state = state
        self.states += 1
        return Taken(change, likeness, True)
