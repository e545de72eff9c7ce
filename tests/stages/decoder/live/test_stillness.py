"""What a camera's packets say of its picture: small ones that it stands still, large ones that something happens."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pipeline.frame import SECOND_NS
from stages.decoder.live.stillness import Stillness

PIXELS = 1920 * 1080
KEY = 60_000
STEP_NS = SECOND_NS // 30


def judged(sizes: Iterable[int], stillness: Stillness | None = None, step_ns: int = STEP_NS) -> list[bool]:
    """Packet by packet, behind a keyframe."""
    judge = stillness or Stillness(PIXELS)
    judge.key(KEY)
    return [judge.is_still(size, number * step_ns) for number, size in enumerate(sizes)]


@pytest.mark.parametrize("size", [12, 60, 200])
def test_packets_of_a_still_picture_are_still_whatever_their_encoder_needs_for_one(size: int) -> None:
    assert all(judged([size] * 120))


def test_a_packet_that_takes_a_good_part_of_a_keyframe_is_not_still() -> None:
    assert judged([20] * 10 + [KEY // 10] + [20] * 5) == [True] * 10 + [False] + [True] * 5


def test_many_small_changes_within_a_second_are_as_much_as_one_large_one() -> None:
    found = judged([20] * 10 + [500] * 20)
    assert found[:15] == [True] * 15 and not found[-1]


def test_the_same_changes_spread_over_a_long_time_are_a_pointer_or_a_clock() -> None:
    assert all(judged([500] * 20, step_ns=SECOND_NS))


def test_with_each_keyframe_it_begins_anew() -> None:
    stillness = Stillness(PIXELS)
    assert not judged([KEY // 10], stillness)[0]
    assert all(judged([20] * 30, stillness))


def test_a_noisy_camera_is_never_still_however_even_its_packets_are() -> None:
    assert not any(judged([6_000] * 200)[5:])


def test_what_most_packets_need_is_found_anew_as_the_stream_changes() -> None:
    stillness = Stillness(PIXELS)
    judged([20] * 600, stillness)
    before = judged([190] * 30, stillness)
    judged([190] * 600, stillness)
    assert not before[-1] and all(judged([190] * 30, stillness))
