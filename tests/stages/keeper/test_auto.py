"""Lectures that begin with the picture and end without it."""

from __future__ import annotations

import pytest

from stages.keeper.auto import Auto, Wish

MINUTE = 60 * 10**9


def auto() -> Auto:
    return Auto(10 * MINUTE)


@pytest.mark.parametrize("state", ["", "connecting", "stalled", "black", "no-signal", "lost", "frozen"])
def test_nothing_begins_without_a_live_picture(state: str) -> None:
    machine = auto()
    if state:
        machine.observe(state, 0)
    assert machine.wish(False, MINUTE) is Wish.NOTHING


def test_a_live_picture_begins_a_lecture() -> None:
    machine = auto()
    machine.observe("live", 0)
    assert machine.wish(False, 0) is Wish.BEGIN


@pytest.mark.parametrize("state", ["black", "lost"])
def test_it_ends_once_there_was_no_picture_for_long_enough(state: str) -> None:
    machine = auto()
    machine.observe("live", 0)
    machine.observe(state, MINUTE)
    assert machine.wish(True, 11 * MINUTE - 1) is Wish.NOTHING
    assert machine.wish(True, 11 * MINUTE) is Wish.END


def test_one_absence_after_another_is_one_absence() -> None:
    machine = auto()
    machine.observe("lost", 0)
    machine.observe("connecting", 5 * MINUTE)
    machine.observe("lost", 6 * MINUTE)
    assert machine.wish(True, 10 * MINUTE) is Wish.END


@pytest.mark.parametrize("state", ["live", "frozen"])
def test_a_picture_in_between_makes_it_wait_anew(state: str) -> None:
    machine = auto()
    machine.observe("lost", 0)
    machine.observe(state, 9 * MINUTE)
    machine.observe("lost", 9 * MINUTE + 1)
    assert machine.wish(True, 12 * MINUTE) is Wish.NOTHING


def test_what_somebody_ended_is_not_begun_again_by_the_same_picture() -> None:
    machine = auto()
    machine.observe("live", 0)
    machine.dismiss()
    assert machine.wish(False, MINUTE) is Wish.NOTHING
    machine.observe("black", 2 * MINUTE)
    assert machine.wish(False, 12 * MINUTE) is Wish.NOTHING
    machine.observe("live", 13 * MINUTE)
    assert machine.wish(False, 13 * MINUTE) is Wish.BEGIN
