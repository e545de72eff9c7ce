"""The packets that a lecture begins with, though they came before it."""

from __future__ import annotations

from stages.recorder.packet import CameraPacket
from stages.recorder.pre_roll import PreRoll


def packet(number: int, size: int = 10) -> CameraPacket:
    return CameraPacket(0, number, number, 1, False, number * 100, 0, b"x" * size)


def numbers(taken: list[CameraPacket]) -> list[int | None]:
    return [each.pts for each in taken]


def test_only_the_newest_group_of_pictures_is_kept() -> None:
    roll = PreRoll()
    for number in range(10):
        roll.add(packet(number), begins=number in (2, 6))
    assert numbers(roll.take(0)) == [6, 7, 8, 9]


def test_without_a_keyframe_nothing_can_begin() -> None:
    roll = PreRoll()
    roll.add(packet(1), begins=False)
    assert roll.take(0) == []


def test_times_are_those_of_the_lecture_that_begins() -> None:
    roll = PreRoll()
    roll.add(packet(3), begins=True)
    assert [each.pts_ns for each in roll.take(-1000)] == [-700]


def test_a_group_that_is_too_large_is_let_go_up_to_the_next_keyframe() -> None:
    roll = PreRoll(most_bytes=35)
    for number in range(5):
        roll.add(packet(number), begins=number == 0)
    assert roll.take(0) == []
    roll.add(packet(5), begins=True)
    assert numbers(roll.take(0)) == [5]


def test_what_was_taken_is_gone() -> None:
    roll = PreRoll()
    roll.add(packet(1), begins=True)
    assert len(roll.take(0)) == 1
    assert roll.take(0) == []
