"""A pad's time, numbers and epochs, with made-up clocks."""

from __future__ import annotations

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, EventKind, Flags, Frame
from pipeline.testing import FakeClock
from stages.decoder.live.pads import Pad

CAPS = Caps.of("media/packets")
ZERO = 500 * SECOND_NS
WALL = 1_700_000_000 * SECOND_NS


def made() -> tuple[Pad, FakeClock, FakeClock]:
    mono, wall = FakeClock(ZERO), FakeClock(WALL)
    return Pad(ZERO, mono, wall), mono, wall


def frame() -> Frame:
    return Frame(0, 0, CAPS)


def test_the_first_frame_of_an_epoch_is_a_break_and_is_numbered_from_0() -> None:
    pad, _, _ = made()
    for epoch in (7, 8):
        assert pad.begin(epoch, b"", ZERO).data["epoch"] == epoch
        found = [pad.stamped(frame(), ZERO) for _ in range(2)]
        assert [(f.seq, f.epoch, f.flags) for f in found] == [(0, epoch, Flags.DISCONT), (1, epoch, Flags.NONE)]


def test_time_grows_strictly_whatever_is_given() -> None:
    pad, clock, _ = made()
    clock.advance(1)
    found = [pad.stamped(frame(), ZERO + at).pts_ns for at in (100, 100, 40, 200, -5)]
    assert found == [100, 101, 102, 200, 201]


def test_a_gap_begins_where_the_last_frame_ends() -> None:
    pad, clock, _ = made()
    pad.begin(1, b"", ZERO)
    clock.advance(1)
    pad.stamped(frame(), ZERO + SECOND_NS)
    clock.advance(2)
    gap = pad.gap("stalled", 40)
    assert gap is not None and (gap.kind, gap.pts_ns, gap.data) == (
        EventKind.GAP,
        SECOND_NS + 40,
        {"reason": "stalled"},
    )


def test_a_gap_is_said_once_until_an_epoch_ends_it() -> None:
    pad, _, _ = made()
    assert pad.gap("lost", 0) is None  # nothing had come
    pad.begin(1, b"", ZERO)
    assert pad.gap("stalled", 0) is not None
    assert pad.gap("lost", 0) is None


def test_nothing_is_earlier_than_the_gap_before_it() -> None:
    pad, clock, _ = made()
    pad.begin(1, b"", ZERO)
    pad.stamped(frame(), ZERO + 100)
    clock.advance(1)
    gap = pad.gap("lost", 40)
    assert gap is not None and pad.begin(2, b"", ZERO + 50).pts_ns > gap.pts_ns


def test_a_lecture_sets_the_time_anew() -> None:
    pad, clock, _ = made()
    clock.advance(100)
    assert pad.stamped(frame(), clock()).pts_ns == 100 * SECOND_NS
    event = pad.lecture_start({"lecture": "a", "folder": "/a", "zero_ns": clock() - 5})
    assert (event.kind, event.pts_ns, event.data["lecture"]) == (EventKind.LECTURE_START, 5, "a")
    clock.advance(1)
    assert pad.stamped(frame(), clock()).pts_ns == SECOND_NS + 5


def test_a_frame_taken_before_its_lecture_began_is_at_its_beginning() -> None:
    pad, clock, _ = made()
    clock.advance(100)
    pad.lecture_start({"lecture": "a", "folder": "/a", "zero_ns": clock()})
    assert pad.stamped(frame(), clock() - 40_000_000).pts_ns == 1


def test_a_lecture_that_is_announced_again_goes_on() -> None:
    pad, clock, _ = made()
    for _ in range(2):
        clock.advance(10)
        pad.lecture_start({"lecture": "a", "folder": "/a", "zero_ns": ZERO})
        assert pad.stamped(frame(), clock()).pts_ns > 0
    assert pad.now_ns() > 20 * SECOND_NS


def test_a_lecture_may_have_begun_before_the_machine() -> None:
    pad, clock, _ = made()
    pad.lecture_start({"lecture": "a", "folder": "/a", "zero_ns": -3600 * SECOND_NS})
    clock.advance(1)
    assert pad.stamped(frame(), clock()).pts_ns == clock() + 3600 * SECOND_NS


def test_the_wall_clock_may_be_set_without_any_effect_on_the_order() -> None:
    pad, mono, wall = made()
    found = []
    for set_s in (0, 3600, -7200):
        wall.advance(set_s)
        mono.advance(1)
        found.append(pad.stamped(frame(), mono() - 1000))
    assert [f.pts_ns for f in found] == [n * SECOND_NS - 1000 for n in (1, 2, 3)]
    assert [f.wall_ns - WALL + 1000 for f in found] == [0, 3600 * SECOND_NS, -3600 * SECOND_NS]


def test_sound_does_not_push_the_times_of_pictures() -> None:
    pad, clock, _ = made()
    clock.advance(10)
    pad.stamped(frame(), ZERO + 1000)
    assert pad.stamped(frame(), None).pts_ns == 1001
    assert pad.stamped(frame(), ZERO + 2000).pts_ns == 2000
