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
from stages.dedup.held import Held, Refined, start_ns
from stages.dedup.merging import refused, replaced
from stages.dedup.page import is_pictured, page_of, reveal_of
from stages.dedup.properties import DedupProperties
from stages.dedup.view import Sight, View, as_captured, hidden_in, is_gathered, is_reveal
from stages.presenter import looked_for

if TYPE_CHECKING:
    from stages.dedup.content import Rules
    from stages.dedup.growing import State
    from stages.dedup.known import Load
    from stages.dedup.remembered import EarlierSlides

_LOADED_AT_ONCE = 2  # recalled slides a second, while nothing else is to be done; each takes about 25 ms


class Dedup(Stage[DedupProperties]):
    """Captures go on with ``meta["page"]``; only a slide that is new or has grown keeps its picture.

    With builds = final the newest slide is held until another comes. What is captured of it meanwhile takes its place
    or is dropped, and all of it is one visit; with all the state whose place is taken goes out. With update it goes out
    at once; what is held then is at most a better picture of it, which goes out if it was the last.

    Where a presenter was looked for, pages carry the mask of their picture, and what is revealed of a view follows as
    pages that are decided to be a ``reveal`` of its slide. ``fill`` says that of a picture only what was never seen
    counts; a page that is the same or a revisit has it, and its picture, if it shows something for the first time.
    """

    properties_type = DedupProperties
    summary = "tells new slides from those shown before"

    def __init__(self, properties: DedupProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._rules: Rules | None = None
        if properties.confirm == "content" or properties.grows:
            from stages.dedup.content import Rules  # it imports OpenCV, which the plain hashes need not

            self._rules = Rules(properties.same_percent, properties.kept_percent, properties.touched_percent)
        self._lecture = Lecture(properties, self._rules)
        self._folder: Path | None = None
        self._recalled: Meta = {}  # of a lecture: up to which id its slides were read, and are not of this process
        self._held: Held | None = None
        self._refined: Refined | None = None
        self._view: View | None = None
        self._waiting: Sight | None = None
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
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            yield from self._at_last(waiting, frame)
        picture = self.context.take(frame)
        if picture is None:
            self.drop("no-picture")
            self._view = self._view if is_reveal(frame) else None
        elif is_reveal(frame):
            yield from self._reveal(frame, picture)
        elif is_gathered(frame):
            self._layout = picture.layout
            self._waiting = Sight(frame, picture)
            self.hold(+1)
        else:
            self._layout = picture.layout
            yield from self._capture(frame, picture, self._print(frame, picture))

    def _print(self, frame: Frame, picture: Picture) -> Fingerprint | None:
        shown = as_captured(picture, self._layout) if is_reveal(frame) else picture
        return fingerprint(shown, self.properties, hidden_in(frame), looked_for=looked_for(frame))

    def _at_last(self, waiting: Sight, reveal: Frame | None) -> Iterator[Output]:
        """The capture that waited: decided by its whole view, if what comes now is what was revealed of that."""
        self.hold(-1)
        frame, picture = waiting.frame, waiting.picture
        seen = None
        if reveal is not None and waiting.is_shown_by(reveal):
            whole = self.context.take(reveal)
            seen = self._print(reveal, whole) if whole is not None else None
        if seen is None:
            yield from self._capture(frame, picture, self._print(frame, picture))
        else:
            yield from self._capture(frame, picture, seen, revealed=True)

    def _capture(
        self, frame: Frame, picture: Picture, seen: Fingerprint | None, *, revealed: bool = False
    ) -> Iterator[Output]:
        """``revealed``: what is known of the view from its reveal, and that comes next."""
        made = self._lecture.decide(seen, self._state(frame, seen))
        if revealed:
            made = replace(made, news=0.0)
        page = {**page_of(made, made.known or seen, self.properties), **self._recalled}
        taken = made.taken if self._held is not None else None
        own = taken.becomes if taken is not None else made.decision in ("new", "grown")
        self._view = View(made.slide, frame, fill=not own, open=made.open)
        if self._held is not None and taken is not None:
            yield from self._stay(self._held, frame, picture, page, made)
            return
        yield from self._release(still=made.slide)
        if made.decision == "new" and self.properties.holds:
            self._held = Held(frame, picture, page, start_ns(frame))
            self.hold(+1)
            return
        if made.refined:
            self._refined = Refined(frame, picture, page)
            self.hold(+1)
            return
        yield self._paged(frame, picture, page)

    def _reveal(self, frame: Frame, picture: Picture) -> Iterator[Output]:
        """A later moment of the view: it belongs to the slide that is shown there, or shows that it is another."""
        view = self._view
        if view is None:
            self.drop("no-slide")
            return
        seen = self._print(frame, picture)
        agrees = self._lecture.agrees(view.slide, seen) if view.fill else True
        if view.open or (agrees is False and not view.is_at(frame)):
            yield from self._capture(view.as_capture(frame), picture, seen)
            return
        if not agrees:
            self.drop("unsure")
            return
        self._lecture.learn(view.slide, seen, fill=view.fill)
        if self._held is None:
            yield self._paged(frame, picture, {**reveal_of(view.slide, fill=view.fill), **self._recalled})
        elif self._held.merge(frame, picture, fill=view.fill):
            self._count(self._held, "merged")
        else:
            self.drop("other-size")

    def _count(self, held: Held, dropped: str) -> None:
        """One frame is kept on the account for what is revealed of a slide that is held, the others are dropped."""
        if held.counted:
            self.drop(dropped)
        else:
            held.counted = True
            self.hold(+1)

    def handle(self, event: Event) -> Iterable[Output]:
        """The end of a visit waits for the slide that is held; any other event makes what is held go first. A trace is
        of no slide and waits for none.
        """
        if event.kind is EventKind.TRACE:
            yield event
            return
        yield from self._decide()
        if event.kind is not EventKind.LECTURE_START:
            self._view = None
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
        yield from self._decide()
        yield from self._release()

    def _decide(self) -> Iterator[Output]:
        """Nothing more is revealed of the capture that waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            yield from self._at_last(waiting, None)

    def _forget(self) -> None:
        self._lecture, self._folder, self._recalled = Lecture(self.properties, self._rules), None, {}
        self._view = None

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

    def _stay(self, held: Held, frame: Frame, picture: Picture, page: Meta, made: Decision) -> Iterator[Output]:
        """A capture of the slide that is held: its state from now on, or not; its visit goes on."""
        assert made.taken is not None, "it is of the slide that is held"
        held.left = None
        if made.decision == "grown":
            yield self._paged(held.shown(), held.picture, held.told(last=False))  # and this one is held in its place
            held.become(frame, picture, made.states, afresh=made.taken.afresh, page=page)
            return
        held.note(replaced(held.frame, made.taken) if made.taken.becomes else refused(frame, made.taken))
        if made.taken.becomes:
            held.become(frame, picture, made.states, afresh=made.taken.afresh)
            held.page = {**held.page, "hash": page["hash"]}
        elif "fill" in page:
            held.merge(frame, picture, fill=True)
        if held.merged is not None:
            self._count(held, made.taken.change.value)  # this one or the one whose place it takes
        else:
            self.drop(made.taken.change.value)

    def _release(self, still: int = 0) -> Iterator[Output]:
        """Pass on what is held; ``still``: the slide that is on screen now."""
        held, self._held = self._held, None
        refined, self._refined = self._refined, None
        if held is not None:
            self.hold(-1)
            yield self._paged(held.shown(), held.picture, held.told())
            yield from self._revealed(held)
            if held.left is not None:
                yield held.left
        if refined is not None:
            self.hold(-1)
        if refined is not None and refined.page["slide"] == still:
            yield self._paged(refined.frame, refined.picture, refined.page)
        elif refined is not None:
            yield self._paged(refined.frame, refined.picture, refined.told())
            if refined.left is not None:
                yield refined.left  # again: the page was one more of that visit

    def _revealed(self, held: Held) -> Iterator[Output]:
        """Right after its page, what was seen at other times of what is hidden in it."""
        if not held.counted:
            return
        self.hold(-1)
        slide = held.page["slide"]
        assert isinstance(slide, int), "it is a page"
        frame = held.revealed({**reveal_of(slide, fill=False), **self._recalled})
        if frame is None:
            self.drop("merged")
        else:
            yield replace(frame, caps=self._caps)

    def _state(self, frame: Frame, seen: Fingerprint | None) -> State | None:
        """None unless slides may grow."""
        if not self.properties.grows or seen is None or seen.content is None:
            return None
        from stages.dedup.states import state_of

        return state_of(frame, seen.content)

    def _paged(self, frame: Frame, picture: Picture, page: Meta) -> Frame:
        """Only a picture that is the slide's, or shows what none of it has shown, goes on."""
        return replace(
            frame, caps=self._caps, image=picture if is_pictured(page) else None, meta={**frame.meta, "page": page}
        )
