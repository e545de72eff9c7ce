"""What a trigger keeps: which of the frames is safe, and that none falls off unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.trigger.shelf import Shelf

MARGIN = 600


def filled(*times: int) -> Shelf[int]:
    shelf: Shelf[int] = Shelf(MARGIN)
    for time in times:
        if shelf.wants(time):
            shelf.renew(time, time)
    return shelf


def test_a_later_frame_is_wanted_once_a_margin() -> None:
    shelf = filled(0)
    assert [time for time in range(0, 1300, 100) if shelf.wants(time) and shelf.renew(time, time) is not None] == [
        600,
        1200,
    ]


def test_the_picture_chosen_is_a_margin_older_than_the_motion() -> None:
    assert filled(0, 600, 1200).choose(1300) == 600
    assert filled(0, 600, 1200).choose(1800) == 1200


def test_a_view_too_short_for_the_margin_gives_its_first_picture() -> None:
    assert filled(1000).choose(1100) == 1000


@pytest.mark.parametrize(
    ("kept", "seen", "picture"),
    [((200, 400), 800, 400), ((200, 400), 600, 200), ((400, 500), 600, 400), ((600, 1200), 1800, 1200)],
)
def test_of_a_short_view_the_picture_is_of_its_first_half(kept: tuple[int, ...], seen: int, picture: int) -> None:
    shelf: Shelf[int] = Shelf(MARGIN)
    for time in kept:
        shelf.renew(time, time)
    assert shelf.choose(seen, 0) == picture


def test_without_motion_the_newest_is_chosen() -> None:
    assert filled(0, 600, 1200).choose(None) == 1200
    assert filled().choose(None) is filled().choose(100) is None


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(0, 2000))
def test_at_most_two_are_kept_none_is_lost_and_none_chosen_is_older_than_two_margins_and_a_step(
    steps: list[int], later: int
) -> None:
    shelf: Shelf[int] = Shelf(MARGIN)
    now, put, fallen = 0, [], []
    for step in steps:
        now += step
        if shelf.wants(now):
            put.append(now)
            fallen += shelf.renew(now, now)
        assert len(shelf) <= 2
    chosen = shelf.choose(now + 1)
    if put:
        assert chosen is not None
        assert now + 1 - chosen <= 2 * MARGIN + max(steps)
    assert sorted(fallen + shelf.clear()) == put
    assert len(shelf) == 0
