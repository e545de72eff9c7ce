"""What a capture is: a new slide, an old one shown again, the current one still, or a slide that has grown.

It knows the lecture so far and decides for one capture after the other; whether pages are held or passed on at once is
the business of ``stage``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stages.dedup.fingerprint import Fingerprint
from stages.dedup.known import KnownSlides, Match
from stages.dedup.properties import DedupProperties

if TYPE_CHECKING:
    from imagehash import ImageHash

    from stages.dedup.content import Rules
    from stages.dedup.growing import Growing, State, Taken
    from stages.dedup.known import Load

_ALWAYS_NS = 2**62  # how long a slide was seen of which that is not known: nothing outlasts it


@dataclass(frozen=True, slots=True)
class Decision:
    """``decision``: new, revisit, same or grown. ``match``: the slide it was compared with. ``taken``: what it is to
    the slide that may grow, if it is of that slide. ``states``: how many that one has had by now. ``refined``: nothing
    new is to be seen, but should this be the last of the slide, its picture is the one to keep.
    """

    slide: int
    decision: str
    match: Match | None
    why: str
    taken: Taken | None = None
    states: int = 1
    refined: bool = False


class Lecture:
    """The slides of one lecture. ``rules`` are None if contents are not compared."""

    def __init__(self, properties: DedupProperties, rules: Rules | None) -> None:
        self._properties = properties
        self._rules = rules
        confirming = rules if properties.confirm == "content" else None
        self._known = KnownSlides(properties.distance, properties.confirm_distance, confirming)
        self._growing: Growing | None = None
        self._count = 0
        self._current = 0
        self._resumed: int | None = None

    def recall(self, slide: int, first: ImageHash | None, load: Load) -> None:
        """A slide that another process knew; see ``KnownSlides.recall``."""
        self._known.recall(slide, first, load)
        self._count = max(self._count, slide)

    def resume(self, slide: int, states: int) -> None:
        """``slide``, which is known, was the one on screen. The newest one may still grow as it could before."""
        self._current = slide
        self._resumed = states if slide == self._count and self._properties.builds == "update" else None

    def load_one(self) -> bool:
        """Load one of the recalled slides; False if there is none left."""
        return self._known.load_one()

    def settle(self) -> None:
        """The slide that may grow is passed on and grows no more."""
        self._growing = None

    def decide(self, seen: Fingerprint | None, state: State | None) -> Decision:
        """One capture. ``state`` is None unless slides may grow; ``seen`` is None if nothing is compared."""
        if seen is None:
            return self._new(None, None, None)
        if self._resumed is not None and state is not None:
            self._go_on(self._resumed, state)
        self._resumed = None
        growing, distance = self._growing, 0
        if growing is not None and state is not None:
            distance = self._known.distance(growing.slide, seen) or 0
            taken = growing.take(state)
            if taken.change.value != "other":
                return self._of_growing(growing, seen, distance, taken)
        match = self._known.find(seen)
        again = match is not None and match.same
        if growing is not None and state is not None and not again:
            turned = growing.turn_into(state)
            if turned is not None:
                return self._of_growing(growing, seen, distance, turned)
        if match is not None and again:
            decision = "same" if match.slide == self._current else "revisit"
            self._current, self._growing = match.slide, None
            return Decision(match.slide, decision, match, self._why(decision, match))
        if state is not None and self._grows_again(seen, state):
            return self._again(seen, state)
        return self._new(seen, state, match)

    def _new(self, seen: Fingerprint | None, state: State | None, match: Match | None) -> Decision:
        self._count += 1
        self._current, self._growing = self._count, None
        if seen is not None:
            self._known.add(self._count, seen)
        if state is not None:
            self._growing = self._growable(self._count, state)
        return Decision(self._count, "new", match, self._why("new", match))

    def _of_growing(self, growing: Growing, seen: Fingerprint, distance: int, taken: Taken) -> Decision:
        if taken.becomes:
            self._known.add(growing.slide, seen)
        match = Match(growing.slide, distance, None, taken.likeness, True)
        renewed = taken.becomes and self._properties.builds == "update"
        decision = "grown" if renewed and growing.show() else "same"
        refined = renewed and decision == "same" and growing.refined
        why = self._why_grown(decision, match)
        return Decision(growing.slide, decision, match, why, taken, growing.states, refined)

    def _grows_again(self, seen: Fingerprint, state: State) -> bool:
        """Whether the old slide on screen has more on it now. It has a picture already, which only update renews."""
        if self._properties.builds != "update" or self._growing is not None or not self._current:
            return False
        if self._rules is None or not self._known.near(self._current, seen):
            return False
        content = self._known.content(self._current)
        return content is not None and content.looked_at().against(state.content.looked_at()).grown(self._rules)

    def _again(self, seen: Fingerprint, state: State) -> Decision:
        """As if it had been the one that may grow all the time."""
        distance = self._known.distance(self._current, seen) or 0
        self._go_on(1, state)
        assert self._growing is not None, "its content was just compared"
        return self._of_growing(self._growing, seen, distance, self._growing.take(state))

    def _go_on(self, states: int, state: State) -> None:
        """The current slide may grow, from what is known of it."""
        content = self._known.content(self._current)
        if content is not None:
            before = replace(state, content=content, seen_ns=_ALWAYS_NS, start_ns=-1, left=False)
            self._growing = self._growable(self._current, before, states)

    def _growable(self, slide: int, state: State, states: int = 1) -> Growing:
        from stages.dedup.growing import Growing

        assert self._rules is not None, "there is no state without rules"
        return Growing(slide, state, self._rules, states)

    def _why_grown(self, decision: str, match: Match) -> str:
        assert match.likeness is not None, "growth is seen by content"
        if decision == "grown":
            return f"slide {match.slide} as it is now: {match.likeness.kept:.0f} % of its edges are there"
        return f"nothing new on slide {match.slide}: {match.likeness.differing:.1f} % of the tiles differ"

    def _why(self, decision: str, match: Match | None) -> str:
        p = self._properties
        if p.hash == "none":
            return "every capture is a slide"
        if match is None:
            return "the first slide"
        near = f"{match.distance} of {p.hash_size * p.hash_size} bits from slide {match.slide} by {p.hash}"
        if match.likeness is not None:
            like = match.likeness
            found = f"{like.kept_back:.0f} % of its edges are there, {like.differing:.1f} % of the tiles differ"
            return f"{near}, and {found}" if match.same else f"{near}, but only {found}"
        if decision != "new":
            return f"{near}; up to {p.distance} count as the same"
        if match.distance > p.distance:
            return f"{near}; over {p.distance} count as another"
        if match.confirm_distance is None:
            return f"{near}, which does not do without its picture"
        return f"{near}, but {match.confirm_distance} by {p.confirm}; over {p.confirm_distance} count as another"
