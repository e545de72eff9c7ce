"""Packets that repeat those before them are left out only if the pictures did as well, for a whole period."""

from __future__ import annotations

import numpy as np
import pytest

from stages.decoder.sparse.contents import OTHER
from stages.decoder.sparse.repeats import Given, Repeats

PERIOD = 8
HELD = 3  # packets that the decoder keeps back


def stream(unlike: int = 10, repeating: int = 100, after: int = 10) -> list[int]:
    """Contents: a beginning that is never repeated, periods, an end."""
    middle = [1000 + index % PERIOD for index in range(repeating)]
    return [*range(unlike), *middle, *range(2000, 2000 + after)]


def first_jump(contents: list[int], prints: list[int | None], stops: tuple[int, ...] = ()) -> tuple[int, int] | None:
    """Give all packets until some can be left out: from where, and where it goes on. ``prints``: None is left out."""
    repeats = Repeats(np.array(contents), np.array(stops, np.int64))
    given = Given(0)
    for index in range(len(contents)):
        beyond = repeats.beyond(index, given)
        if beyond > index:
            return index, beyond
        given.put(index, index, needed=False)
        print_ = prints[index - HELD] if index >= HELD else None
        if print_ is not None:
            given.out(index - HELD, print_)
    return None


def test_whole_periods_are_left_out_once_one_is_through_that_shows_what_was_shown_before_it() -> None:
    contents = stream()
    begin = 10 + PERIOD + HELD
    assert first_jump(contents, [0] * len(contents)) == (begin, begin + 11 * PERIOD)


def test_pictures_that_take_turns_repeat_themselves_too() -> None:
    contents = stream()
    assert first_jump(contents, [index % 2 for index in range(len(contents))]) is not None


def test_pictures_that_never_come_again_are_decoded() -> None:
    contents = stream()
    assert first_jump(contents, list(range(len(contents)))) is None


def test_two_periods_must_be_alike_after_the_last_other_picture() -> None:
    contents = stream()
    prints: list[int | None] = [0] * len(contents)
    prints[15] = 1
    begin, _ = first_jump(contents, prints) or (0, 0)
    assert begin == 16 + 2 * PERIOD + HELD


def test_a_frame_that_came_out_once_and_not_again_is_no_repetition() -> None:
    contents = stream(unlike=0, repeating=40)
    prints: list[int | None] = [0] * len(contents)
    prints[8] = None
    begin, _ = first_jump(contents, prints) or (0, 0)
    assert begin == 9 + 2 * PERIOD + HELD


def test_packets_that_are_compared_with_none_do_not_repeat() -> None:
    contents = [OTHER] * 100
    assert first_jump(contents, [0] * 100) is None


@pytest.mark.parametrize("stop", [60, 63, 71])
def test_it_goes_on_no_later_than_a_stop_by_whole_periods(stop: int) -> None:
    contents = stream()
    begin, beyond = first_jump(contents, [0] * len(contents), (stop,)) or (0, 0)
    assert beyond <= stop < beyond + PERIOD
    assert (beyond - begin) % PERIOD == 0


def test_what_was_left_out_proves_nothing_for_what_comes_after() -> None:
    repeats = Repeats(np.array(stream()), np.array([], np.int64))
    given = Given(0)
    for index in range(29):
        given.put(index, index, needed=False)
        given.out(index, 0)
    beyond = repeats.beyond(29, given)
    assert beyond > 29
    assert not given.repeats(beyond, PERIOD)
    for index in range(beyond, beyond + 2 * PERIOD):
        assert not given.repeats(index, PERIOD)
        given.put(index, index, needed=False)
        given.out(index, 0)
    assert given.repeats(beyond + 2 * PERIOD, PERIOD)


def test_only_bytes_that_come_twice_between_two_stops_are_worth_a_look() -> None:
    repeats = Repeats(np.array([1, 2, 3, 1, OTHER, 3, 4, 4]), np.array([7], np.int64))
    assert [repeats.comes_again(index) for index in range(8)] == [True, False, False, True, *[False] * 4]
    assert not repeats.comes_again(None)
