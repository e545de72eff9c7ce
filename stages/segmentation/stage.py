"""Segmentation as a stage: each frame goes on as it came, with the mask of who stands before the slide.

Stands between the decoder and whoever looks at pixels. It drops no frame and holds none: in a file each mask is made
while its frame waits, in a live stream beside it.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import SECOND_NS, Event, EventKind, Flags, Frame, Output, Value
from pipeline.stage import Context, Stage
from stages.presenter import carrying
from stages.segmentation.beside import Beside
from stages.segmentation.figures import Figures
from stages.segmentation.following import moved
from stages.segmentation.looking import Eye, Look
from stages.segmentation.opening import Opened, opened
from stages.segmentation.pacing import Pace
from stages.segmentation.presence import Terms
from stages.segmentation.properties import SegmentationProperties
from stages.segmentation.segmenter import Segmented
from stages.segmentation.sights import Margins, Sights

# A process that shows no life for 10 s counts as hung, and nobody lives while a mask is made; a busy machine takes
# longer than it did at start.
LONGEST_NS = 5 * SECOND_NS
_MEMORY_NS = Terms().memory_ns
_STREAM = (EventKind.GAP, EventKind.EPOCH)


class Segmentation(Stage[SegmentationProperties]):
    """``meta["presenter"]``: None while nobody is there, else which plane is the mask, and ``age_ns`` of it."""

    properties_type = SegmentationProperties
    summary = "finds the presenter in front of the slide"

    def __init__(self, properties: SegmentationProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._pace = Pace(properties.rate)
        self._figures = Figures()
        self._opened: Opened | None = None
        self._beside: Beside | None = None
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()  # by the session, in whichever thread runs it
        self._stretch = 0
        self._is_away = False
        self._looked_ns: int | None = None  # the frame of the newest mask, whether or not anybody is on it
        self._known: tuple[Look, Segmented] | None = None  # the newest mask, and of what it was made
        self._last_ns: int | None = None
        self._lecture: tuple[Value, Value] | None = None

    @property
    def sink_caps(self) -> Caps:
        if self.properties.format == "bgr24":  # of bgsub's models, which want what comes through it at regular times
            return Caps.of("video/raw", format="bgr24", spacing="regular")
        return Caps.of("video/raw", format="gray8", chroma="small")  # passed on, should anybody want it

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"frames": Caps.of("video/raw", format=self.properties.format)}

    def start(self) -> None:
        """Load the network, make first masks. Raises PipelineError; ConfigError if it is too slow to wait for."""
        p = self.properties
        self._opened = opened(p, self._said.put)
        self._repeat()
        warm_up, masks = self._opened.warm_up, self._opened.masks
        if p.wait and warm_up.next_ns > LONGEST_NS:
            raise ConfigError(
                f"a mask of '{p.model}' takes {warm_up.next_ns / SECOND_NS:.1f} s on {masks.device}, and frames cannot "
                f"wait longer than {LONGEST_NS // SECOND_NS} s; take a smaller network, a GPU, or wait = false"
            )
        # Masks that come more slowly than they are remembered would never confirm each other.
        between_ns = max(round(SECOND_NS / p.rate), 0 if p.wait else warm_up.next_ns)
        terms = Terms(p.role, p.min_area, p.min_probability, memory_ns=max(_MEMORY_NS, 3 * between_ns))
        self._sights = Sights(terms, Margins(p.dilation, p.reach))
        self._eye = Eye(self._opened.full_picture, self._opened.size, self.context.take)
        self.context.post(
            "device",
            {"model": p.model, "device": masks.device, "first_ns": warm_up.first_ns, "next_ns": warm_up.next_ns},
        )
        if not p.wait:
            self._beside = Beside(masks)

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        """A new size is a new stream."""
        self._break()
        return {"frames": caps}

    def process(self, frame: Frame) -> Iterable[Output]:
        """The frame, with the mask there is of it."""
        pts_ns = frame.pts_ns
        if Flags.DISCONT in frame.flags or (self._last_ns is not None and pts_ns < self._last_ns):
            self._break()
        self._last_ns = pts_ns
        self._take_over()
        if self._pace.due(pts_ns):
            self._attend(frame)
        presenter = self._sights.presenter(frame.planes[0], pts_ns)
        if self._looked_ns is not None:
            self._figures.passed(pts_ns - self._looked_ns if presenter is None else presenter.age_ns)
        return (carrying(frame, frame.planes, presenter),)

    def handle(self, event: Event) -> Iterable[Output]:
        """After a hole in the stream, or in another lecture, nothing is known; in the same one, time is shifted."""
        if event.kind in _STREAM:
            self._break()
        elif event.kind is EventKind.LECTURE_START:
            lecture, shift_ns = (event.data.get("lecture"), event.data.get("folder")), event.data.get("shift_ns")
            if lecture == self._lecture and isinstance(shift_ns, int):
                self._shift(shift_ns)
            else:
                self._break()
            self._lecture = lecture
        return (event,)

    def tick(self) -> Iterable[Output]:
        """Say how it goes; a thread that has failed is noticed also while no frames come."""
        self._take_over()
        self._say()
        return ()

    def drain(self) -> Iterator[Output | None]:
        self._take_over()
        self._say()
        return iter(())

    def stop(self) -> None:
        if self._beside is not None and not self._beside.stop():
            self.context.warn("the mask that was being made at the end takes long; its thread ends with the process")
            return
        if self._opened is not None:
            self._opened.masks.close()

    # -- inside --

    def _attend(self, frame: Frame) -> None:
        """Have a mask made of the frame. Where nothing moved since the newest, that one is the mask of this one too."""
        if self._known is not None and self._is_still(self._known[0], frame):
            look, segmented = self._known
            self._figures.reused += 1
            self._see(replace(look, pts_ns=frame.pts_ns), segmented)
            return
        look = self._eye.look(frame, self._stretch)
        self._figures.lost += look.lost
        if self._beside is not None:
            self._figures.skipped += self._beside.offer(look)
            return
        assert self._opened is not None, "process() comes after start()"
        begun = time.monotonic_ns()
        (segmented,) = self._opened.masks.segment([look.picture])
        self._figures.made(time.monotonic_ns() - begun)
        self._see(look, segmented)

    def _is_still(self, known: Look, frame: Frame) -> bool:
        """Whether the network would be shown what it was shown then."""
        return not known.lost and not moved(known.plane, frame.planes[0]).any()

    def _take_over(self) -> None:
        """What was made beside since the last time; of an earlier stretch of the stream it says nothing."""
        self._repeat()
        if self._beside is None:
            return
        for found in self._beside.found():
            if isinstance(found.segmented, str):
                self._away(found.segmented)
                continue
            self._is_away = False
            self._figures.made(found.took_ns)
            if found.look.stretch == self._stretch and found.look.pts_ns > (self._looked_ns or -1):
                self._see(found.look, found.segmented)

    def _see(self, look: Look, segmented: Segmented) -> None:
        self._sights.see(look, segmented)
        self._known, self._looked_ns = (look, segmented), look.pts_ns
        self._figures.saw(self._sights.there)
        self._repeat()

    def _away(self, why: str) -> None:
        """Whoever makes masks cannot be reached: the newest one is too old by now, and it is said once."""
        self._figures.failed += 1
        self._sights.forget()
        self._known = None
        if not self._is_away:
            self._is_away = True
            self.context.warn(f"{why}; frames go on without masks until it does")

    def _break(self) -> None:
        self._sights.forget()
        self._pace.restart()
        self._stretch += 1
        self._last_ns = self._looked_ns = self._known = None

    def _shift(self, by_ns: int) -> None:
        """The same instants are so much later. What is being made beside has the old time, and is not waited for."""
        self._sights.shift(by_ns)
        self._pace.shift(by_ns)
        self._stretch += 1 if by_ns else 0
        self._last_ns = None if self._last_ns is None else self._last_ns + by_ns
        self._looked_ns = None if self._looked_ns is None else self._looked_ns + by_ns

    def _repeat(self) -> None:
        """Pass on what the session said."""
        while not self._said.empty():
            self.context.warn(self._said.get())

    def _say(self) -> None:
        if self._opened is None:
            return
        device = self._opened.masks.device
        fell_back = device == "cpu" and self.properties.device == "auto" and not self.properties.remote
        self.context.post("figures", {**self._figures.told(device, fell_back, self._opened.warm_up)})
