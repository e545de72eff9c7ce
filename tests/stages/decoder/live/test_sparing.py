"""Mode keyframes, packet by packet: what is decoded, what is shown again, what is said of the time between."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from av.packet import Packet

from pipeline.frame import SECOND_NS
from stages.decoder.live.arrivals import Arrived
from stages.decoder.live.pending import Timed
from stages.decoder.live.sparing import BRIDGE_NS, Do, Sparing

STEP_NS = SECOND_NS // 10
KEY, STILL, BUSY = 50_000, 20, 20_000
GOP = 20


@dataclass
class Spared:
    """A stream of ten packets a second, and what became of them; ``new``: what each keyframe shows, 1 as the last."""

    hold_s: float = 2.0
    period_ns: int = STEP_NS
    drops: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    done: list[Do] = field(default_factory=list)
    bridges: list[int | None] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        hold_ns = round(self.hold_s * SECOND_NS)
        self.sparing = Sparing(1920 * 1080, hold_ns, self.period_ns, self._drop, self.said.append)

    def _drop(self, reason: str, count: int) -> None:
        assert count > 0
        self.drops[reason] += count

    def give(self, *sizes: int, new: bool = False, comes: bool = True) -> list[Do]:
        """Packets; one as large as a keyframe is one, whose picture comes and is shown at once."""
        begin = len(self.done)
        for size in sizes:
            at_ns = self.number * STEP_NS
            packet = Packet(0)
            arrived = Arrived(packet, 0, True, size == KEY, False, None, None, 0, size, at_ns)
            do = self.sparing.packet(Timed(arrived, at_ns))
            self.done.append(do)
            self.number += 1
            if do is Do.ALONE and comes:
                self.bridges.append(self.sparing.bridge_ns(at_ns))
                self.sparing.shown(at_ns, new)
            elif do is Do.ALONE:
                self.sparing.blind()
        return self.done[begin:]


def group(still: int = GOP - 1, busy: int = 0) -> list[int]:
    return [KEY, *[BUSY] * busy, *[STILL] * (still - busy)]


def test_only_keyframes_are_decoded_and_what_stands_still_is_shown_again() -> None:
    spared = Spared()
    found = spared.give(*group())
    assert found[0] is Do.ALONE
    assert set(found[1:]) == {Do.AGAIN, Do.NOTHING}
    assert [n for n, do in enumerate(found) if do is Do.AGAIN] == [3, 6, 9, 12, 15, 18]


def test_no_picture_is_shown_again_more_often_than_frames_are_analysed() -> None:
    found = Spared(period_ns=SECOND_NS).give(*group())
    assert [n for n, do in enumerate(found) if do is Do.AGAIN] == [10]


def test_a_picture_that_has_long_settled_is_hardly_shown_again() -> None:
    spared = Spared(hold_s=1.0)
    spared.give(*group())
    for _ in range(3):
        assert spared.give(*group()).count(Do.AGAIN) == 0


def test_a_new_picture_is_shown_again_as_the_first_was() -> None:
    spared = Spared(hold_s=1.0)
    spared.give(*group(), *group())
    assert spared.give(*group(), new=True).count(Do.AGAIN) == 3


def test_what_happens_between_two_keyframes_is_told_once_and_nothing_is_shown_until_the_next() -> None:
    found = Spared().give(KEY, STILL, BUSY, BUSY, *[STILL] * 16)
    assert found == [Do.ALONE, Do.NOTHING, Do.UNSEEN, *[Do.NOTHING] * 17]


def test_behind_such_a_group_the_picture_before_is_shown_shortly_before_the_keyframe() -> None:
    spared = Spared()
    spared.give(KEY, STILL, BUSY, *[STILL] * 17, KEY)
    assert spared.bridges == [None, 2 * SECOND_NS - BRIDGE_NS]


def test_the_bridge_is_never_before_what_was_shown_last() -> None:
    spared = Spared()
    spared.give(KEY, *[STILL] * 17, BUSY, STILL, KEY)
    assert spared.bridges[-1] == round(1.8 * SECOND_NS) + 1


def test_a_picture_that_was_just_shown_again_needs_no_bridge() -> None:
    spared = Spared()
    spared.give(*group(), *group())
    assert spared.bridges == [None, None]


def test_every_packet_is_decoded_shown_or_in_the_books() -> None:
    spared = Spared(hold_s=1.0)
    for busy in (0, 0, 3, 0, 1):
        spared.give(*group(busy=busy))
    spared.sparing.settle()
    shown = sum(do in (Do.ALONE, Do.AGAIN, Do.UNSEEN) for do in spared.done)
    bridged = sum(bridge is not None for bridge in spared.bridges)
    assert shown + bridged + spared.drops.total() == 5 * GOP
    assert spared.drops["keyframes"] > 0 and spared.drops["unchanged"] > 0


def test_of_a_keyframe_without_a_picture_nothing_is_known_and_after_three_all_is_decoded() -> None:
    spared = Spared()
    spared.give(*group())
    assert set(spared.give(*group(), comes=False)[1:]) == {Do.NOTHING}
    spared.give(*group(), *group(), comes=False)
    assert set(spared.give(*group())) == {Do.DECODE}
    assert spared.said == ["no picture comes of its keyframes alone"]


def test_without_keyframes_the_whole_group_is_decoded_after_all() -> None:
    spared = Spared()
    found = spared.give(KEY, *[STILL] * 120)
    assert found.index(Do.REPLAY) == 101
    assert [item.mono_ns for item in spared.sparing.kept()] == [n * STEP_NS for n in range(102)]
    assert set(found[102:]) == {Do.DECODE}
    assert spared.said == ["it gave no keyframe for 10 s"]


def test_keyframes_that_come_again_are_spared_again() -> None:
    spared = Spared()
    spared.give(KEY, *[STILL] * 120)
    spared.sparing.kept()
    spared.give(*group() * 3)
    assert not spared.sparing.sparing
    assert spared.give(*group())[0] is Do.ALONE
    assert spared.sparing.sparing


def test_a_group_that_is_too_large_to_keep_is_decoded() -> None:
    spared = Spared()
    found = spared.give(KEY, *[4 << 20] * 6)
    assert found[3:5] == [Do.NOTHING, Do.REPLAY]
    assert spared.said == ["its keyframes are more than 16 MiB apart"]


def test_a_stream_of_keyframes_alone_is_decoded_from_a_keyframe_on() -> None:
    spared = Spared()
    found = spared.give(*[KEY] * 12)
    assert found == [Do.ALONE] * 9 + [Do.DECODE] * 3


def test_what_is_refused_is_decoded_from_the_next_keyframe_on() -> None:
    spared = Spared()
    spared.give(*group())
    spared.sparing.refuse("its pictures are interlaced")
    assert set(spared.give(*group() * 5)) == {Do.DECODE}


@pytest.mark.parametrize("how", ["pause", "cut"])
def test_after_a_break_no_picture_is_shown_again_before_the_next_keyframe(how: str) -> None:
    spared = Spared()
    spared.give(*group(), KEY, STILL)
    getattr(spared.sparing, how)()
    assert set(spared.give(*[STILL] * 10)) == {Do.NOTHING}
    assert spared.give(*group()).count(Do.AGAIN) > 0
    assert spared.bridges[-1] is None


def test_for_a_lecture_that_begins_the_picture_is_new() -> None:
    spared = Spared(hold_s=1.0)
    spared.give(*group(), *group())
    spared.sparing.anew(spared.number * STEP_NS)
    assert spared.give(*group()).count(Do.AGAIN) == 3
