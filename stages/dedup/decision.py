"""What a capture is: a new slide, an old one shown again, the current one still, or a slide that has grown.

It knows the lecture so far and decides for one capture after the other; whether pages are held or passed on at once is
the business of ``stage``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from stages.dedup.fingerprint import Fingerprint, hashes, known_by
from stages.dedup.known import KnownSlides, Match
from stages.dedup.properties import DedupProperties
from stages.dedup.reasons import too_little, why_grown, why_of

if TYPE_CHECKING:
    from imagehash import ImageHash

    from stages.dedup.content import Content, Rules
    from stages.dedup.growing import Growing, State, Taken
    from stages.dedup.known import Load

_ALWAYS_NS = 2**62  # how long a slide was seen of which that is not known: nothing outlasts it


@dataclass(frozen=True, slots=True)
class Decision:
    """``decision``: new, revisit, same or grown. ``match``: the slide it was compared with. ``taken``: what it is to
    the slide that may grow, if it is of that slide. ``states``: how many that one has had by now. ``refined``: nothing
    new is to be seen, but should this be the last of the slide, its picture is the one to keep. ``known``: what the
    slide is known by, if this picture became its own. ``news``: share of the pixels, 0 to 1, that this picture shows of
    the slide for the first time. ``open``: nobody can tell yet; what is revealed of the view may.
    """

    slide: int
    decision: str
    match: Match | None
    why: str
    taken: Taken | None = None
    states: int = 1
    refined: bool = False
    known: Fingerprint | None = None
    news: float = 0.0
    open: bool = False


class Lecture:
    """The slides of one lecture. ``rules`` are None if contents are not compared."""

    def __init__(self, properties: DedupProperties, rules: Rules | None) -> None:
        self._properties = properties
        self._rules = rules
        confirming = rules if properties.confirm == "content" else None
        hashing = partial(hashes, properties=properties)
        self._known = KnownSlides(properties.distance, properties.confirm_distance, confirming, hashing)
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
        if self._current and seen.content is not None and seen.content.veiled:
            told = self._too_little(seen.content, state)
            if told is not None:
                return told
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
            news = self._news(match.slide, seen)
            if news:
                self.learn(match.slide, seen, fill=True)
            return Decision(match.slide, decision, match, why_of(decision, match, self._properties), news=news)
        if state is not None and self._grows_again(seen, state):
            return self._again(seen, state)
        return self._new(seen, state, match)

    def agrees(self, slide: int, seen: Fingerprint | None) -> bool | None:
        """Whether what is revealed of a view is of ``slide``, for all that is visible in both; None: that is too little
        to take anything of it.
        """
        known = self._known.content(slide) if seen is not None else None
        if seen is None or seen.content is None or known is None:
            return None
        from stages.dedup.content import Rules

        p = self._properties
        rules = Rules(p.same_percent, p.kept_percent, p.touched_percent)
        likeness = known.looked_at().against(seen.content.looked_at())
        if likeness.is_sure:
            return likeness.covered(rules) or likeness.grown(rules)
        return None if likeness.says_nothing or likeness.covered(rules) else False

    def learn(self, slide: int, seen: Fingerprint | None, *, fill: bool) -> None:
        """``seen`` shows more of ``slide``; ``fill``: what it shows counts only where nothing was known yet."""
        known = self._known.get(slide)
        if seen is None or seen.content is None or known is None or known.content is None:
            return
        content = known.content.over(seen.content) if fill else seen.content.over(known.content)
        if content is known.content:
            return
        self._known.add(slide, known_by(content, self._properties))
        if self._growing is not None and self._growing.slide == slide:
            self._growing.known = content

    def _news(self, slide: int, seen: Fingerprint) -> float:
        """What a picture of ``slide`` shows of it for the first time; nothing, unless it surely is of that slide."""
        content = self._known.content(slide) if seen.content is not None else None
        if content is None or seen.content is None:
            return 0.0
        news = seen.content.unseen_in(content)
        return news if news and content.looked_at().against(seen.content.looked_at()).is_sure else 0.0

    def _too_little(self, content: Content, state: State | None) -> Decision | None:
        """A picture that hides nearly all of itself is no new slide; None if it shows enough to be decided on."""
        likeness = content.looked_at().against(content.looked_at())
        if not likeness.says_nothing:
            return None
        why = too_little(self._current, likeness)
        if self._growing is None or state is None:
            return Decision(self._current, "same", None, why, open=True)
        from stages.dedup.growing import Change, Taken

        taken = Taken(Change.SAME, likeness, False)
        return Decision(self._current, "same", None, why, taken, self._growing.states, open=True)

    def _new(self, seen: Fingerprint | None, state: State | None, match: Match | None) -> Decision:
        self._count += 1
        self._current, self._growing = self._count, None
        if seen is not None:
            self._known.add(self._count, seen)
        if state is not None:
            self._growing = self._growable(self._count, state)
        return Decision(self._count, "new", match, why_of("new", match, self._properties), known=seen)

    def _of_growing(self, growing: Growing, seen: Fingerprint, distance: int, taken: Taken) -> Decision:
        news = self._news(growing.slide, seen)
        if taken.becomes:
            if growing.known is not seen.content:
                seen = known_by(growing.known, self._properties)
            self._known.add(growing.slide, seen)
        elif news:
            self.learn(growing.slide, seen, fill=True)
        match = Match(growing.slide, distance, None, taken.likeness, True)
        builds = self._properties.builds
        decision = "grown" if taken.becomes and builds in ("update", "all") and growing.show() else "same"
        refined = taken.becomes and builds == "update" and decision == "same" and growing.refined
        why = why_grown(decision, match)
        known = seen if taken.becomes else None
        return Decision(growing.slide, decision, match, why, taken, growing.states, refined, known, news)

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
            before = replace(
                state, content=content, seen_ns=_ALWAYS_NS, start_ns=-1, left=False, hidden=0.0, taken_ns=None
            )
            self._growing = self._growable(self._current, before, states)

    def _growable(self, slide: int, state: State, states: int = 1) -> Growing:
        from stages.dedup.growing import Growing

        assert self._rules is not None, "there is no state without rules"
        return Growing(slide, state, self._rules, states)
