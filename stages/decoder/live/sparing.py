"""Mode ``keyframes``: what is done with each packet of a camera of which keyframes alone are decoded.

Packets tell whether the picture stands still between two keyframes. While it does, the last picture is shown again, as
often as a view needs to settle and then hardly ever; when it does not, that is told once, and nobody knows more until
the next keyframe. Pure: it decodes nothing, and times are given.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.frame import SECOND_NS
from stages.decoder.live.pending import Timed
from stages.decoder.live.regularity import Regularity
from stages.decoder.live.stillness import Stillness

# Before a keyframe its predecessor is shown again, so much earlier: whoever compares the two sees a change at once and
# not one that took a group of pictures, and a view that both show has time to settle (0.5 s) between them.
BRIDGE_NS = 3 * SECOND_NS // 5
_STEP_NS = SECOND_NS // 4
_REST_NS = 2 * SECOND_NS  # of a picture that has long settled
_MOST_KEPT_BYTES = 16 << 20  # of a group of pictures, in case that all of it must be decoded
_MOST_BLIND = 3  # keyframes in a row of which no picture came


class Do(enum.Enum):
    """DECODE: as one of a stream. ALONE: decode this keyframe. AGAIN: the picture is still there. UNSEEN: it changes,
    nobody sees how. NOTHING: let it pass. REPLAY: decode what was kept, this packet too, and all that follow.
    """

    DECODE = enum.auto()
    ALONE = enum.auto()
    AGAIN = enum.auto()
    UNSEEN = enum.auto()
    NOTHING = enum.auto()
    REPLAY = enum.auto()


@dataclass(slots=True)
class _Group:
    """Of pictures, as far as it has come. Packets by what they were: ``still`` and ``busy`` ones were not decoded."""

    kept: list[Timed]
    nbytes: int = 0
    still: int = 0
    busy: int = 0
    known: bool = True  # what is on screen is what was shown last


class Sparing:
    """One connection. ``pixels``: of a picture. ``hold_ns``: after a change the picture is shown again that long.

    ``period_ns``: between frames of analysis; ``drop`` is told why and how many packets were not decoded, ``say`` why
    it decodes all of them.
    """

    def __init__(
        self,
        pixels: int,
        hold_ns: int,
        period_ns: int,
        drop: Callable[[str, int], None],
        say: Callable[[str], None],
    ) -> None:
        self._hold_ns, self._step_ns = hold_ns, max(_STEP_NS, period_ns)
        self._drop, self._say = drop, say
        self._stillness = Stillness(pixels)
        self._regularity = Regularity()
        self._whole = False  # every packet is decoded
        self._never: str | None = None  # why this connection's keyframes will not do
        self._group = _Group([])
        self._shown_ns: int | None = None  # when the last frame was sent; None: nothing to show again
        self._changed_ns = 0  # what is shown is new since
        self._blind = 0
        self._over = _Group([])  # the group before the keyframe at hand

    @property
    def sparing(self) -> bool:
        """Whether keyframes alone are decoded now."""
        return not self._whole

    def packet(self, item: Timed) -> Do:
        """What to do with the next packet."""
        arrived = item.arrived
        why = self._regularity.packet(arrived.key, item.mono_ns) or self._never
        if self._whole and (why is not None or not arrived.key):
            return Do.DECODE
        if why is None and not self._whole and self._group.nbytes + arrived.nbytes > _MOST_KEPT_BYTES:
            why = None if arrived.key else f"its keyframes are more than {_MOST_KEPT_BYTES >> 20} MiB apart"
        if why is not None:
            return self._all(item, why)
        self._whole = False
        return self._key(item) if arrived.key else self._between(item)

    def kept(self) -> list[Timed]:
        """After REPLAY: what is to be decoded."""
        kept, self._group = self._group.kept, _Group([])
        return kept

    def bridge_ns(self, mono_ns: int) -> int | None:
        """When, before the keyframe of ``mono_ns``, the picture before it is to be shown again; None: it is not.

        It takes the place of a packet that was not decoded.
        """
        over = self._over
        if self._shown_ns is None or not (over.still or over.busy):
            return None
        if over.known and mono_ns - self._shown_ns <= BRIDGE_NS:
            return None
        if over.busy:
            over.busy -= 1
        else:
            over.still -= 1
        return max(self._shown_ns + 1, mono_ns - BRIDGE_NS)

    def shown(self, mono_ns: int, new: bool) -> None:
        """The picture of a keyframe was sent. ``new``: it shows something else than the one before."""
        if new or self._shown_ns is None or not self._over.known:
            self._changed_ns = mono_ns
        self._shown_ns = mono_ns
        self._blind = 0
        self._account(self._over)

    def blind(self) -> None:
        """No picture came of the keyframe."""
        self._group.known = False
        self._blind += 1
        if self._blind >= _MOST_BLIND:
            self._never = "no picture comes of its keyframes alone"

    def refuse(self, why: str) -> None:
        """From the next keyframe on every packet of this connection is decoded."""
        self._never = why

    def anew(self, now_ns: int) -> None:
        """A lecture begins or ends: who sees the picture now has not seen it before."""
        self._changed_ns = now_ns

    def settle(self) -> None:
        """All packets so far are to be in the books now."""
        self._account(self._over)
        self._account(self._group)

    def pause(self) -> None:
        """A break is shown: what comes next is no picture that was shown before."""
        self.settle()
        self._group.known = False
        self._shown_ns = None

    def cut(self) -> None:
        """Packets are missing up to the next one, which is a keyframe."""
        self.pause()
        self._group = _Group([], known=False)
        self._regularity.cut()

    # -- inside --

    def _all(self, item: Timed, why: str) -> Do:
        self._whole = True
        self._say(why)
        if item.arrived.key or not self._group.kept:
            self.pause()
            self._group = _Group([])
            return Do.DECODE
        self._account(self._over)
        self._shown_ns = None
        self._group.kept.append(item)
        return Do.REPLAY

    def _key(self, item: Timed) -> Do:
        self._account(self._over)
        self._over, self._group = self._group, _Group([item], item.arrived.nbytes)
        self._over.kept = []
        self._stillness.key(item.arrived.nbytes)
        return Do.ALONE

    def _between(self, item: Timed) -> Do:
        group, arrived = self._group, item.arrived
        if group.kept:  # without a keyframe before it nothing can be made of it
            group.kept.append(item)
            group.nbytes += arrived.nbytes
        still = self._stillness.is_still(arrived.nbytes, item.mono_ns)
        told = group.known and self._shown_ns is not None
        group.known = group.known and still
        if told and not still:
            self._shown_ns = item.mono_ns
            return Do.UNSEEN
        if told and self._is_due(item.mono_ns):
            self._shown_ns = item.mono_ns
            return Do.AGAIN
        if group.known:
            group.still += 1
        else:
            group.busy += 1
        return Do.NOTHING

    def _is_due(self, mono_ns: int) -> bool:
        assert self._shown_ns is not None, "a picture that was shown is shown again"
        fresh = mono_ns - self._changed_ns <= self._hold_ns
        return mono_ns - self._shown_ns >= (self._step_ns if fresh else max(_REST_NS, self._step_ns))

    def _account(self, group: _Group) -> None:
        """What was not decoded has its place in the books."""
        for reason, count in (("unchanged", group.still), ("keyframes", group.busy)):
            if count:
                self._drop(reason, count)
        group.still = group.busy = 0
