"""Dedup as a stage: captures become pages, each with the slide it shows and the reason for saying so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Layout, Meta, Output, Picture
from pipeline.stage import Context, Stage
from stages.dedup.decision import Decision, Lecture
from stages.dedup.fingerprint import Fingerprint, fingerprint
from stages.dedup.held import Held, Refined, said
from stages.dedup.properties import DedupProperties

if TYPE_CHECKING:
    from stages.dedup.content import Rules
    from stages.dedup.growing import State
    from stages.dedup.known import Load
    from stages.dedup.remembered import EarlierSlides

_LOADED_AT_ONCE = 2  # recalled slides a second, while nothing else is to be done; each takes about 25 ms


class Dedup(Stage[DedupProperties]):
    """Captures go on with ``meta["page"]``; only a slide that is new or has grown keeps its picture.

    With builds = final the newest slide is held until another comes. What is captured of it meanwhile takes its place
    or is dropped, and all of it is one visit. With update it goes out at once; what is held then is at most a better
    picture of it, which goes out if it was the last.
    """

    properties_type = DedupProperties
    summary = "tells new slides from those shown before"

    def __init__(self, properties: DedupProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._rules: Rules | None = None
        if properties.confirm == "content" or properties.builds != "all":
            from stages.dedup.content import Rules  # it imports OpenCV, which the plain hashes need not

            self._rules = Rules(properties.same_percent, properties.kept_percent, properties.touched_percent)
        self._lecture = Lecture(properties, self._rules)
        self._folder: Path | None = None
        self._recalled: Meta = {}  # of a lecture: up to which id its slides were read, and are not of this process
        self._held: Held | None = None
        self._refined: Refined | None = None
        self._layout: Layout | None = None
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
        self._layout = picture.layout
        seen = fingerprint(picture, self.properties)
        made = self._lecture.decide(seen, self._state(frame, seen))
        page = self._page(made, seen)
        if self._held is not None and made.taken is not None:
            self.drop(made.taken.change.value)  # this one or the one whose place it takes
            self._stay(self._held, frame, picture, page, made)
            return
        yield from self._release(still=made.slide)
        if made.decision == "new" and self.properties.builds == "final":
            self._held = Held(frame, picture, page, _start_ns(frame))
            self.hold(+1)
            return
        if made.refined:
            self._refined = Refined(frame, picture, page)
            self.hold(+1)
            return
        yield self._paged(frame, picture if made.decision in ("new", "grown") else None, page)

    def handle(self, event: Event) -> Iterable[Output]:
        """The end of a visit waits for the slide that is held; any other event makes what is held go first."""
        if event.kind is EventKind.VISIT_END:
            if self._held is not None:
                self._held.left = event
                return
            if self._refined is not None:
                self._refined.left = event
        else:
            if self._held is not None:
                self._lecture.settle()
            yield from self._release()
        if event.kind is EventKind.LECTURE_START:
            self._begin(event.data.get("folder"))
        yield event
        if event.kind is EventKind.LECTURE_STOP:
            self._forget()

    def tick(self) -> Iterable[Output]:
        """Slides of an earlier process are loaded little by little, so that no capture has to wait for many."""
        if self._layout is not None:
            for _ in range(_LOADED_AT_ONCE):
                self._lecture.load_one()
        return ()

    def drain(self) -> Iterator[Output]:
        yield from self._release()

    def _forget(self) -> None:
        self._lecture, self._folder, self._recalled = Lecture(self.properties, self._rules), None, {}

    def _begin(self, folder: object) -> None:
        """Another lecture: know what is known of it, and nothing else. The same one again: nothing new."""
        path = Path(folder) if isinstance(folder, str) and folder else None
        if path is None or path == self._folder:
            return
        self._forget()
        self._folder = path
        from stages.dedup.remembered import EarlierSlides

        earlier = EarlierSlides(path, self.properties, self.context.warn)
        slides, current = earlier.slides()
        self._recalled = {"recalled": max((slide.id for slide in slides), default=0)}
        for slide in slides:
            self._lecture.recall(slide.id, slide.hash, self._load(earlier, slide.id))
        for slide in slides:
            if slide.id == current:
                self._lecture.resume(current, slide.states)

    def _load(self, earlier: EarlierSlides, slide: int) -> Load:
        def load() -> Fingerprint | None:
            assert self._layout is not None, "slides are loaded once there is something to compare"
            return earlier.load(slide, self._layout)

        return load

    def _stay(self, held: Held, frame: Frame, picture: Picture, page: Meta, made: Decision) -> None:
        """A capture of the slide that is held: its state from now on, or not; its visit goes on."""
        held.left = None
        if made.taken is not None and made.taken.becomes:
            held.frame, held.picture, held.states = frame, picture, made.states
            held.page = {**held.page, "hash": page["hash"]}

    def _release(self, still: int = 0) -> Iterator[Output]:
        """Pass on what is held; ``still``: the slide that is on screen now."""
        held, self._held = self._held, None
        refined, self._refined = self._refined, None
        for waiting in (held, refined):
            if waiting is not None:
                self.hold(-1)
        if held is not None:
            yield self._paged(held.shown(), held.picture, held.told())
            if held.left is not None:
                yield held.left
        if refined is not None and refined.page["slide"] == still:
            yield self._paged(refined.frame, None, refined.page)
        elif refined is not None:
            yield self._paged(refined.frame, refined.picture, refined.told())
            if refined.left is not None:
                yield refined.left  # again: the page was one more of that visit

    def _state(self, frame: Frame, seen: Fingerprint | None) -> State | None:
        """None unless slides may grow."""
        if self.properties.builds == "all" or seen is None or seen.content is None:
            return None
        from stages.dedup.growing import State

        start_ns = _start_ns(frame)
        return State(seen.content, frame.pts_ns - start_ns, start_ns, said(frame, "reason") == "left")

    def _paged(self, frame: Frame, picture: Picture | None, page: Meta) -> Frame:
        return replace(frame, caps=self._caps, image=picture, meta={**frame.meta, "page": page})

    def _page(self, made: Decision, seen: Fingerprint | None) -> Meta:
        match, p = made.match, self.properties
        return {
            "slide": made.slide,
            "decision": made.decision,
            "hash": str(seen.first) if seen else "",
            "hash_name": p.hash,
            "hash_size": p.hash_size,
            "nearest": match.slide if match else None,
            "distance": match.distance if match else None,
            "confirm_distance": match.confirm_distance if match else None,
            "states": made.states,
            "why": made.why,
            **self._recalled,
        }


def _start_ns(frame: Frame) -> int:
    """When the view became calm, as the trigger says, else the capture's own time."""
    start = said(frame, "start_pts_ns")
    return start if isinstance(start, int) else frame.pts_ns
