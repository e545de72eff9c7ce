"""Packets that repeat those before them are left out only if all that the decoder holds has come again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from stages.decoder.h264.headers import Coded
from stages.decoder.h264.parameters import Sequence as SequenceSet
from stages.decoder.h264.references import References
from stages.decoder.sparse.coding import OTHER, Coding
from stages.decoder.sparse.repeats import Given, Repeats

PERIOD = 4
UNLIKE = 10
HOLDS = 2
HELD_BACK = 3  # packets that the decoder keeps before their pictures come out
SET = SequenceSet(4, 6, HOLDS, True, 1, False, (320, 192))


def contents_of(repeating: int = 100, after: int = 10) -> list[int]:
    """A beginning that is never repeated, periods, an end."""
    middle = [1000 + index % PERIOD for index in range(repeating)]
    return [OTHER, *range(1, UNLIKE), *middle, *range(2000, 2000 + after)]


def coding_of(contents: Sequence[int], counters: Callable[[int], int] = lambda index: index) -> Coding:
    """The first is an IDR picture; all are referred to."""
    count = len(contents)
    kinds: list[Coded | None] = [
        Coded(index == 0, True, False, counters(index) % 16, 2 * index % 64, None, SET, None) for index in range(count)
    ]
    numbers = np.array([counters(index) % 16 for index in range(count)], np.int64)
    order = np.arange(count)
    return Coding(np.array(contents, np.int64), numbers, 2 * order % 64, order == 0, SET, None, kinds, order)


def first_leap(coding: Coding, prints: Sequence[int | None], stops: tuple[int, ...] = ()) -> tuple[int, int] | None:
    """Give all packets until some can be left out: from where, and where it goes on. ``prints``: None does not come."""
    repeats = Repeats(coding, np.array(stops, np.int64))
    given = Given()
    references = References(coding.coded, coding.frame_nums, np.arange(len(prints)))
    references.begin()
    for index in range(len(prints)):
        beyond = repeats.beyond(index, given, references)
        if beyond > index:
            return index, beyond
        references.put(index)
        given.put(index, index, needed=False)
        print_ = prints[index - HELD_BACK] if index >= HELD_BACK else None
        if print_ is not None:
            given.out(index - HELD_BACK, print_)
    return None


def leap(contents: Sequence[int], prints: Sequence[int | None], stops: tuple[int, ...] = ()) -> tuple[int, int] | None:
    return first_leap(coding_of(contents), prints, stops)


# All that was held a period ago must be of the same pictures, and must have been coded alike.
BEGIN = UNLIKE + PERIOD + HOLDS + HELD_BACK


def test_whole_periods_are_left_out_once_all_that_is_held_was_held_before() -> None:
    contents = contents_of()
    assert leap(contents, [0] * len(contents)) == (BEGIN, BEGIN + 22 * PERIOD)


@pytest.mark.parametrize("turns", [2, 3, 6])
def test_pictures_that_take_turns_come_again_when_all_have_had_theirs(turns: int) -> None:
    contents = contents_of()
    begin, beyond = leap(contents, [index % turns for index in range(len(contents))]) or (0, 0)
    assert begin >= BEGIN
    assert (beyond - begin) % np.lcm(turns, PERIOD) == 0


def test_pictures_that_never_come_again_are_decoded() -> None:
    contents = contents_of()
    assert leap(contents, list(range(len(contents)))) is None


def test_it_begins_a_period_after_the_last_other_picture_is_held_no_more() -> None:
    contents = contents_of()
    prints = [0] * len(contents)
    prints[40] = 1
    prints[:40] = range(100, 140)
    begin, _ = leap(contents, prints) or (0, 0)
    assert begin == 41 + PERIOD + HOLDS + HELD_BACK


def test_a_picture_that_did_not_come_out_is_like_no_other() -> None:
    contents = contents_of(40)
    prints: list[int | None] = [*range(100, 120), *[0] * (len(contents) - 20)]
    begin, _ = leap(contents, prints) or (0, 0)
    prints[begin - HELD_BACK - HOLDS] = None  # one of those that were held
    assert leap(contents, prints) == (begin + 1, begin + 1 + PERIOD * ((50 - begin - 1) // PERIOD))


def test_packets_that_are_compared_with_none_do_not_repeat() -> None:
    assert leap([OTHER] * 100, [0] * 100) is None


def test_counters_must_go_on_as_they_did() -> None:
    contents = contents_of()
    uneven = coding_of(contents, lambda index: index + (index > 60))
    begin, beyond = first_leap(uneven, [0] * len(contents)) or (0, 0)
    assert begin == BEGIN
    assert beyond <= 61


@pytest.mark.parametrize("stop", [60, 63, 71])
def test_it_goes_on_no_later_than_a_stop_by_whole_periods(stop: int) -> None:
    contents = contents_of()
    begin, beyond = leap(contents, [0] * len(contents), (stop,)) or (0, 0)
    assert beyond <= stop < beyond + PERIOD
    assert (beyond - begin) % PERIOD == 0


def test_where_headers_are_not_followed_up_to_the_next_idr_picture_nothing_is_left_out() -> None:
    contents = contents_of()
    coding = coding_of(contents)
    coding.frame_nums[-1] = -1
    assert first_leap(coding, [0] * len(contents)) is None


def test_only_content_that_comes_twice_between_two_stops_is_worth_a_look() -> None:
    repeats = Repeats(coding_of([1, 2, 3, 1, OTHER, 3, 4, 4]), np.array([7], np.int64))
    assert [repeats.comes_again(index) for index in range(8)] == [True, False, False, True, *[False] * 4]
    assert not repeats.comes_again(None)
