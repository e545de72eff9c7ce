"""Whether a stream's keyframes alone are worth decoding, and when that is known."""

from __future__ import annotations

from pipeline.frame import SECOND_NS
from stages.decoder.live.regularity import Regularity

STEP_NS = SECOND_NS // 10


def groups(regularity: Regularity, count: int, packets: int, start: int = 0) -> list[str | None]:
    """What was said of each packet; the first of each group is a keyframe."""
    return [regularity.packet(not n % packets, (start + n) * STEP_NS) for n in range(count * packets)]


def test_a_stream_with_a_keyframe_every_two_seconds_is_trusted_from_the_start() -> None:
    assert groups(Regularity(), 20, 20) == [None] * 400


def test_a_stream_of_keyframes_alone_is_not() -> None:
    found = groups(Regularity(), 30, 1)
    assert found[:9] == [None] * 9 and set(found[9:]) == {"each of its pictures is a keyframe"}


def test_ten_seconds_without_a_keyframe_are_too_many() -> None:
    found = groups(Regularity(), 1, 150)
    assert found[:101] == [None] * 101 and set(found[101:]) == {"it gave no keyframe for 10 s"}


def test_what_has_become_regular_is_trusted_again_after_three_groups() -> None:
    regularity = Regularity()
    groups(regularity, 1, 150)
    found = groups(regularity, 5, 20, start=150)
    assert all(found[:60]) and found[60:] == [None] * 40


def test_after_a_hole_the_time_since_the_last_keyframe_says_nothing() -> None:
    regularity = Regularity()
    groups(regularity, 1, 20)
    regularity.cut()
    assert regularity.packet(True, 60 * SECOND_NS) is None
