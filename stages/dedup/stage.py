"""Dedup as a stage: captures become pages, each with the slide it shows and the reason for saying so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Meta, Output, Picture
from pipeline.stage import Context, Stage
from stages.dedup.fingerprint import Fingerprint, fingerprint
from stages.dedup.known import KnownSlides, Match
from stages.dedup.properties import DedupProperties

if TYPE_CHECKING:
    from stages.dedup.content import Rules
    from stages.dedup.growing import Growing, State


class Dedup(Stage[DedupProperties]):
    """Captures go on with ``meta["page"]``; only a new slide keeps its picture.

    With builds = final the newest slide is held until another comes. What is captured of it meanwhile takes its place
    or is dropped, and all of it is one visit.
    """

    properties_type = DedupProperties
    summary = "tells new slides from those shown before"

    def __init__(self, properties: DedupProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._rules: Rules | None = None
        if properties.confirm == "content" or properties.builds == "final":
            from stages.dedup.content import Rules  # it imports OpenCV, which the plain hashes need not

            self._rules = Rules(properties.same_percent, properties.kept_percent, properties.touched_percent)
        confirming = self._rules if properties.confirm == "content" else None
        self._known = KnownSlides(properties.distance, properties.confirm_distance, confirming)
        self._growing: Growing | None = None
        self._count = 0
        self._current = 0
        self._caps = Caps.of("slide/page")

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("slide/capture")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"pages": Caps.of("slide/page")}

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        self._caps = Caps("slide/page", caps.fields)
        return {"pages": self._caps}

    def process(self, frame: Frame) -> Iterable[Output]:
        picture = self.context.take(frame)
        if picture is None:
            self.drop("no-picture")
            return
        seen = fingerprint(picture, self.properties)
        if self._grows(frame, picture, seen):
            return
        yield from self._release()
        match = self._known.find(seen) if seen else None
        if match is not None and match.same:
            decision = "same" if match.slide == self._current else "revisit"
            self._current = match.slide
            yield self._paged(frame, None, self._page(match.slide, decision, seen, match))
            return
        self._count += 1
        self._current = self._count
        if seen:
            self._known.add(self._count, seen)
        page = self._page(self._count, "new", seen, match)
        state = self._state(frame, picture, seen)
        if state is None:
            yield self._paged(frame, picture, page)
        else:
            self._hold(page, state)

    def handle(self, event: Event) -> Iterable[Output]:
        """The end of a visit waits for the slide that is held; any other event makes it go first."""
        if event.kind is EventKind.VISIT_END and self._growing is not None:
            self._growing.left = event
            return
        yield from self._release()
        yield event

    def drain(self) -> Iterator[Output]:
        yield from self._release()

    def _grows(self, frame: Frame, picture: Picture, seen: Fingerprint | None) -> bool:
        """Whether the capture is of the slide that is held; then it is accounted for."""
        state = self._state(frame, picture, seen)
        if self._growing is None or state is None or seen is None:
            return False
        change, taken = self._growing.take(state)
        if change.value == "other":
            return False
        self.drop(change.value)  # this one or the one whose place it takes
        if taken:
            self._known.add(self._growing.slide, seen)
            self._growing.page = {**self._growing.page, "hash": str(seen.first)}
        return True

    def _hold(self, page: Meta, state: State) -> None:
        from stages.dedup.growing import Growing

        assert self._rules is not None, "there is no state without rules"
        self._growing = Growing(self._count, page, state, _start_ns(state.frame), self._rules)
        self.hold(+1)

    def _release(self) -> Iterator[Output]:
        held, self._growing = self._growing, None
        if held is None:
            return
        self.hold(-1)
        frame, why = held.state.frame, str(held.page["why"])
        if held.states > 1:
            why += f"; the last of {held.states} states"
        capture = frame.meta.get("capture")
        started = {**(capture if isinstance(capture, Mapping) else {}), "start_pts_ns": held.start_pts_ns}
        shown = replace(frame, meta={**frame.meta, "capture": started})
        yield self._paged(shown, held.state.picture, {**held.page, "states": held.states, "why": why})
        if held.left is not None:
            yield held.left

    def _state(self, frame: Frame, picture: Picture, seen: Fingerprint | None) -> State | None:
        """None unless slides are held."""
        if self.properties.builds == "all" or seen is None or seen.content is None:
            return None
        from stages.dedup.growing import State

        return State(frame, picture, seen.content, frame.pts_ns - _start_ns(frame))

    def _paged(self, frame: Frame, picture: Picture | None, page: Meta) -> Frame:
        return replace(frame, caps=self._caps, image=picture, meta={**frame.meta, "page": page})

    def _page(self, slide: int, decision: str, seen: Fingerprint | None, match: Match | None) -> Meta:
        return {
            "slide": slide,
            "decision": decision,
            "hash": str(seen.first) if seen else "",
            "nearest": match.slide if match else None,
            "distance": match.distance if match else None,
            "confirm_distance": match.confirm_distance if match else None,
            "why": self._why(decision, match),
        }

    def _why(self, decision: str, match: Match | None) -> str:
        p = self.properties
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
        if match.distance <= p.distance:
            return f"{near}, but {match.confirm_distance} by {p.confirm}; over {p.confirm_distance} count as another"
        return f"{near}; over {p.distance} count as another"


def _start_ns(frame: Frame) -> int:
    """When the view became calm, as the trigger says, else the capture's own time."""
    capture = frame.meta.get("capture")
    start = capture.get("start_pts_ns") if isinstance(capture, Mapping) else None
    return start if isinstance(start, int) else frame.pts_ns
