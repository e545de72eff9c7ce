"""The ``frames`` pad: decoded pictures become frames with an analysis plane, and are looked at for the source's state.

What is not due or finds no room is never converted. It decodes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.caps import Caps
from pipeline.errors import DataError
from pipeline.frame import SECOND_NS, Frame, Output, Picture, To, caps_event
from pipeline.stage import Context
from stages.decoder.live.decoding import Taken
from stages.decoder.live.pads import Pad
from stages.decoder.live.watch import PictureWatch, is_card
from stages.decoder.native import identical, picture_of
from stages.decoder.opening import check_size
from stages.decoder.shaping import Shaper
from stages.decoder.sparse.likeness import differ
from stages.picture import small_bgr, upright_size
from stages.unseen import unseen

PAD = "frames"
_CARD_SIZE = (64, 36)


class Analysis:
    """``name``: of the source, as it may be shown. ``monotonic``: clock in ns."""

    def __init__(
        self,
        pad: Pad,
        shaper: Shaper,
        watch: PictureWatch,
        context: Context,
        monotonic: Callable[[], int],
        name: str,
    ) -> None:
        self._pad, self._shaper, self._watch, self._context = pad, shaper, watch, context
        self._monotonic = monotonic
        self._name = name
        self._caps: Caps | None = None
        self._size: tuple[int, int] | None = None
        self._last: Frame | None = None
        self._looked_ns = 0
        self._refused = False
        self._sar, self._rate = 1.0, 0.0

    def begin(self, sar: float, rate: float) -> None:
        """A new connection: its sample aspect ratio and rate of analysis, which the caps state."""
        if rate != self._rate:
            self._size = None
        self._sar, self._rate = sar, rate
        self._watch.reset()

    def outputs(self, taken: Taken) -> Iterator[Output]:
        """The frame, behind a CAPS event where they changed."""
        picture = picture_of(taken.frame, self._sar)
        size = upright_size(picture.layout)
        if size != self._size or self._caps is None:
            if not self._allowed(picture):
                self._context.dropped("oversized", 1)
                return
            self._size = size
            self._caps = self._shaper.caps(size, self._rate)
            self._last = None
            yield To(PAD, caps_event(self._caps, self._pad.at_ns(taken.stamp.mono_ns)))
        last = self._last
        same = last is not None and identical(last.image, picture)
        if last is not None and same:
            frame = Frame(0, 0, self._caps, last.planes, last.image)
        else:
            frame = Frame(0, 0, self._caps, self._shaper.planes(picture, self._caps), picture)
        self._look(picture, frame, same)
        self._last = frame
        yield To(PAD, self._pad.stamped(frame, taken.stamp.mono_ns))

    @property
    def last(self) -> Frame | None:
        """The frame given out last."""
        return self._last

    def again(self, mono_ns: int, seen: bool = True) -> Iterator[Output]:
        """The last frame as it was at another instant; not ``seen``: what is on screen then is another picture."""
        last = self._last
        if last is None or self._caps is None:
            return
        frame = Frame(0, 0, self._caps, last.planes, last.image)
        if seen:
            self._watch.picture(frame.planes[0], True, self._monotonic())
        yield To(PAD, self._pad.stamped(frame if seen else unseen(frame), mono_ns))

    def _look(self, picture: Picture, frame: Frame, same: bool) -> None:
        now_ns = self._monotonic()
        self._watch.picture(frame.planes[0], same, now_ns)
        if now_ns - self._looked_ns > SECOND_NS:
            self._looked_ns = now_ns
            self._watch.card(is_card(small_bgr(picture, *_CARD_SIZE)), now_ns)

    def _allowed(self, picture: Picture) -> bool:
        try:
            check_size(picture.layout.width, picture.layout.height, self._name)
        except DataError as e:
            if not self._refused:
                self._refused = True
                self._context.warn(str(e))
            return False
        return True


def is_new(frame: Frame | None, before: Frame | None) -> bool:
    """Whether ``frame`` shows more than a pointer that the one before it did not show."""
    if frame is None or before is None or frame.caps != before.caps:
        return True
    return frame.planes is not before.planes and differ(frame.planes[0], before.planes[0])
