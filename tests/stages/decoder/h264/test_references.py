"""What a decoder holds follows from headers alone: the window, what is forgotten, what is kept for long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from stages.decoder.h264.headers import Coded
from stages.decoder.h264.parameters import Sequence as SequenceSet
from stages.decoder.h264.references import References
from stages.decoder.h264.slices import FORGET, FORGET_LONG, KEEP, KEEP_THIS, MOST_LONG, Marks

MOST = 3
SET = SequenceSet(4, 6, MOST, True, 1, False, (320, 192))


def coded(
    frame_num: int, *, idr: bool = False, reference: bool = True, backward: bool = False, marks: Marks | None = None
) -> Coded:
    return Coded(idr, reference, backward, frame_num % 16, 0, marks, SET, None)


def after(pictures: Sequence[Coded | None], shown: Sequence[int] | None = None, given: int | None = None) -> References:
    """Once the decoder has been given them, or so many of them."""
    order = np.array(shown if shown is not None else range(len(pictures) + 64), np.int64)
    numbers = np.array([picture.frame_num if picture is not None else -1 for picture in pictures], np.int64)
    references = References(lambda index: pictures[index], numbers, order)
    references.begin()
    for index in range(len(pictures) if given is None else given):
        references.put(index)
    return references


def row(count: int) -> list[Coded | None]:
    """An IDR picture, and pictures each of which is referred to."""
    return [coded(0, idr=True), *(coded(number) for number in range(1, count))]


def again(pictures: Sequence[Coded | None], period: int, shown: Sequence[int] | None = None) -> list[int] | None:
    """What must be equal to a period before, at the end of these."""
    found = after(pictures, shown).again(len(pictures), period)
    return found[1] if found is not None else None


def test_as_many_as_there_is_room_for_are_held_and_the_oldest_goes() -> None:
    assert again(row(7), 1) == [4, 5, 6]
    assert again(row(40), 4) == [37, 38, 39]


def test_until_all_that_is_held_referred_to_as_much_it_is_not_as_it_was() -> None:
    assert again(row(6), 1) is None
    assert again(row(7), 1) is not None


def test_what_nothing_refers_to_is_not_held() -> None:
    pictures: list[Coded | None] = [coded(0, idr=True)]
    for number in range(1, 8):
        pictures += [coded(number), coded(number + 1, reference=False)]
    assert again(pictures, 2) == [9, 11, 13]


def test_an_idr_picture_empties_it() -> None:
    assert again([*row(8), *row(6)], 1) is None
    assert again([*row(8), *row(7)], 1) == [12, 13, 14]


def test_what_is_forgotten_leaves_room() -> None:
    pictures: list[Coded | None] = [coded(0, idr=True)]
    pictures += [coded(number, marks=((FORGET, 1),)) for number in range(1, 5)]
    assert again(pictures, 1) == [4]


def test_counters_go_round() -> None:
    pictures: list[Coded | None] = [coded(0, idr=True), coded(1)]
    pictures += [coded(number, marks=((FORGET, 2),)) for number in range(2, 40)]
    assert again(pictures, 5) == [38, 39]


def test_what_is_kept_for_long_and_stays_need_not_be_equal() -> None:
    pictures: list[Coded | None] = [coded(0, idr=True, marks=((KEEP_THIS, 0),)), *map(coded, range(1, 7))]
    assert again(pictures, 1) == [5, 6]


def test_what_is_kept_for_long_anew_each_time_must_be() -> None:
    pictures: list[Coded | None] = [coded(0, idr=True, marks=((KEEP_THIS, 0),))]
    pictures += [coded(number, marks=((KEEP_THIS, 0),)) for number in range(1, 6)]
    assert again(pictures, 1) == [5]


def test_a_picture_can_be_kept_for_long_later_and_be_forgotten() -> None:
    pictures: list[Coded | None] = [coded(0, idr=True), coded(1), coded(2, marks=((KEEP, 2, 1),))]
    assert again([*pictures, *map(coded, range(3, 7))], 1) == [5, 6]  # the first one is held, too
    assert again([*pictures, coded(3, marks=((FORGET_LONG, 1),)), *map(coded, range(4, 9))], 1) == [6, 7, 8]
    assert again([*pictures, coded(3, marks=((MOST_LONG, 1),)), *map(coded, range(4, 9))], 1) == [6, 7, 8]


@pytest.mark.parametrize(
    "odd",
    [None, coded(9), coded(3, marks=((FORGET, 9),)), coded(3, marks=((FORGET_LONG, 0),))],
    ids=["not followed", "gap", "forgets what is not held", "forgets what was not kept"],
)
def test_after_what_is_odd_it_is_known_again_only_when_there_is_no_room_for_more(odd: Coded | None) -> None:
    number = odd.frame_num if odd is not None else 2
    pictures = [*row(3), odd, *(coded(number + more) for more in range(1, 9))]
    assert again(pictures[:8], 1) is None
    assert again(pictures, 1) == [9, 10, 11]


def test_a_decoder_that_began_in_mid_stream_is_known_when_there_is_no_room_for_more() -> None:
    pictures: list[Coded | None] = [coded(number) for number in range(7, 14)]
    assert again(pictures[:6], 1) is None
    assert again(pictures, 1) == [4, 5, 6]


def pyramid(groups: int) -> tuple[list[Coded | None], list[int]]:
    """Pictures, and when they are shown: per group one ahead, and one of two kinds between that is referred to."""
    pictures: list[Coded | None] = [coded(0, idr=True)]
    shown = [0]
    for number in range(groups):
        pictures += [coded(2 * number + 1), coded(2 * number + 2, backward=True)]
        shown += [2 * number + 2, 2 * number + 1]
    return pictures, [*shown, *range(2 * groups + 1, 2 * groups + 99)]


def test_motion_of_a_picture_between_two_is_told_from_the_later_one() -> None:
    pictures, shown = pyramid(6)
    found = after(pictures, shown).again(13, 2)
    assert found == (9, [10, 11, 12])  # 10 is shown before 9, and its motion is told from that


def test_motion_told_from_what_is_not_known_proves_nothing() -> None:
    pictures, _ = pyramid(6)
    assert again(pictures, 2, list(range(99))) is None


def test_after_a_leap_it_holds_what_it_would_hold_there_and_has_seen_nothing_yet() -> None:
    references = after(row(60), given=8)
    references.moved(16)
    assert references.again(24, 1) is None
    for index in range(24, 28):
        references.put(index)
    assert references.again(28, 1) == (25, [25, 26, 27])
