"""Packets without time stamps at the beginning of a connection: they get theirs from what comes next."""

from __future__ import annotations

from fractions import Fraction

from stages.recorder.first_stamps import MOST_WAITING, FirstStamps
from stages.recorder.packet import CameraPacket

BASES = [Fraction(1, 90000), Fraction(1, 8000)]


def packet(stream: int, stamp: int | None, pts_ms: int, duration: int = 0) -> CameraPacket:
    return CameraPacket(stream, stamp, stamp, duration, True, pts_ms * 1_000_000, 0, b"x")


def given_out(first: FirstStamps, *packets: CameraPacket) -> list[tuple[int, int | None]]:
    found: list[CameraPacket] = []
    for each in packets:
        if first.must_wait(each):
            first.hold(each, lambda: None)
            continue
        found += [waited for waited, _ in first.before()]
        found.append(each)
    return [(each.stream, each.dts) for each in found]


def test_stamped_packets_do_not_wait() -> None:
    assert given_out(FirstStamps(BASES), packet(0, 5, 0), packet(1, 6, 1)) == [(0, 5), (1, 6)]


def test_the_first_gets_its_stamp_from_the_second() -> None:
    first = FirstStamps(BASES)
    assert given_out(first, packet(0, None, 0), packet(0, 9000, 50)) == [(0, 4500), (0, 9000)]


def test_several_keep_their_distances_and_their_order() -> None:
    first = FirstStamps(BASES)
    found = given_out(
        first, packet(0, None, 0), packet(1, 80, 10), packet(0, None, 40), packet(1, 240, 30), packet(0, 9000, 100)
    )
    assert found == [(0, 0), (1, 80), (0, 3600), (1, 240), (0, 9000)]


def test_packets_that_arrive_at_once_still_have_times_that_grow() -> None:
    first = FirstStamps(BASES)
    assert given_out(first, packet(0, None, 0), packet(0, None, 0), packet(0, 7, 0)) == [(0, 5), (0, 6), (0, 7)]


def test_a_duration_says_more_than_the_arrival() -> None:
    first = FirstStamps(BASES)
    assert given_out(first, packet(0, None, 0), packet(0, 9000, 0, 3000)) == [(0, 6000), (0, 9000)]


def test_a_stream_without_any_stamps_does_not_hold_up_the_others_for_ever() -> None:
    first = FirstStamps(BASES)
    packets = [packet(1, None, 0), *(packet(0, n, n) for n in range(MOST_WAITING + 5))]
    assert len(given_out(first, *packets)) == len(packets)


def test_a_stamp_that_is_missing_later_is_not_waited_for() -> None:
    first = FirstStamps(BASES)
    assert given_out(first, packet(0, 5, 0), packet(0, None, 1)) == [(0, 5), (0, None)]


def test_what_waits_is_let_go_of_at_the_end() -> None:
    first, released = FirstStamps(BASES), []
    for _ in range(3):
        assert first.must_wait(packet(0, None, 0))
        first.hold(packet(0, None, 0), lambda: released.append(1))
    assert first.clear() == 3
    assert len(released) == 3
