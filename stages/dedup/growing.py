"""The slide on screen while it may still grow: bullets appear, ink is added, an overlay comes and goes. Pure.

It decides which of the states seen so far is the page. It compares neighbours only; ``known`` has the whole lecture.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from stages.dedup.changes import AtOnce, Changes
from stages.dedup.content import Content, Likeness, Rules

# What covered a slide and went (a person, a menu, a toolbar) was there for less time than the slide is without it.
_OUTLASTS = 2
_STILL_ITSELF = 50  # percent of its edges that a slide has when it is rid of what covered it; an empty screen has none
_BETTER = 0.01  # of the picture: so much less is hidden in one that is passed on though nothing else is new
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
    ``hidden``: share of its own picture that is hidden, 0 to 1; ``content`` may know more of the same view.
    ``taken_ns``, ``changes``: the picture's own time, and what was seen of changes up to then; None: not known.
    """

    content: Content
    seen_ns: int
    start_ns: int
    left: bool = False
    hidden: float = 0.0
    taken_ns: int | None = None
    changes: Changes | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a capture is to the slide, and whether it has become the page's state. ``afresh``: and nothing that was seen
    of the slide before counts any more, not even where that state hides it.
    """

    change: Change
    likeness: Likeness
    becomes: bool
    afresh: bool = False


class Growing:
    """``slide`` is its id, ``state`` the page's state by now, ``states`` how many there were. ``known`` is the state
    with what was seen before of what is hidden in it.
    """

    def __init__(self, slide: int, state: State, rules: Rules, states: int = 1) -> None:
        self.slide = slide
        self.state = state
        self.states = states
        self.known = state.content
        self._shown = state.content  # of the picture that was passed on last
        self._hidden = state.hidden  # in that one
        self._born_ns = state.start_ns
        self._rules = rules

    def take(self, state: State) -> Taken:
        """What a capture is to this slide; if it is its page's state now, it is kept."""
        likeness = self.known.looked_at().against(state.content.looked_at())
        at_once = self._at_once(state, likeness)
        if likeness.in_other_colours(self._rules):
            return Taken(Change.OTHER, likeness, False)
        if at_once is None:
            grown, moved = likeness.grown(self._rules), False
        else:
            bit_by_bit = at_once.gradual and likeness.kept >= self._rules.kept_percent
            grown, moved = bit_by_bit or at_once.added(likeness), at_once.in_front(likeness)
        if grown:
            if state.hidden > self.state.hidden and likeness.differing <= self._rules.same_percent:
                return Taken(Change.SAME, likeness, False)  # the same, with more of it hidden
            return self._become(state, Change.GROWN, likeness)
        if moved:
            return self._moved(state, likeness)
        if not likeness.covered(self._rules):
            return Taken(Change.OTHER, likeness, False)
        if likeness.kept < _STILL_ITSELF or state.seen_ns <= _OUTLASTS * self.state.seen_ns:
            return Taken(Change.SAME, likeness, False)
        return self._become(state, Change.SAME, likeness)

    def _at_once(self, state: State, likeness: Likeness) -> AtOnce | None:
        """What changed at once since the page's state; None: that is not known, or not of most of the picture."""
        if state.changes is None or state.taken_ns is None or self.state.taken_ns is None or not likeness.is_sure:
            return None
        return state.changes.at_once(likeness, state.taken_ns - self.state.taken_ns)

    def _moved(self, state: State, likeness: Likeness) -> Taken:
        """The slide with something else in front of it, or a part of it exchanged: what is seen for longer counts."""
        if state.seen_ns < self.state.seen_ns:
            return Taken(Change.SAME, likeness, False)
        return self._become(state, Change.SAME, likeness)

    def turn_into(self, state: State) -> Taken | None:
        """Take a capture that is of another slide, if it is how the view looked when it was left that made this one a
        slide, and has most of it still: a person moved, a fade was too slow to be motion. One view is one page.
        """
        if not state.left or state.start_ns != self._born_ns:
            return None
        likeness = self.known.looked_at().against(state.content.looked_at())
        if max(likeness.kept, likeness.kept_back) < _MOSTLY:
            return None
        return self._become(state, Change.GROWN, likeness, afresh=True)

    def show(self) -> bool:
        """Whether the state can be told from the picture that was passed on last; then it is passed on now."""
        if self.state.content is self._shown:
            return False
        altered = self._shown.looked_at().against(self.state.content.looked_at()).altered
        shown = altered > 0 or self.state.hidden <= self._hidden - _BETTER
        if shown:
            self._shown, self._hidden = self.state.content, self.state.hidden
        return shown

    @property
    def refined(self) -> bool:
        """Whether the view was left with a picture that is better than the one passed on, though nothing is to be seen
        of it: less noise, fewer artefacts.
        """
        return self.state.left and not self.state.content.equals(self._shown)

    def _become(self, state: State, change: Change, likeness: Likeness, *, afresh: bool = False) -> Taken:
        self.known = state.content if afresh else state.content.over(self.known)
        self.state = state
        self.states += 1
        return Taken(change, likeness, True, afresh)
