"""Which event it is time for."""

from __future__ import annotations

from stages.keeper.schedule import Slot, is_over, next_slot, slot_at

FIRST = Slot("a", "Analysis", 100, 200)
SECOND = Slot("b", "Botany", 150, 300)


def test_an_event_is_on_from_its_start_to_just_before_its_end() -> None:
    assert [slot_at([FIRST], at) for at in (99, 100, 199, 200)] == [None, FIRST, FIRST, None]


def test_of_two_that_overlap_the_first_one_wins() -> None:
    assert slot_at([SECOND, FIRST], 160) == FIRST
    assert slot_at([SECOND, FIRST], 210) == SECOND


def test_one_that_was_ended_by_somebody_does_not_begin_again() -> None:
    assert slot_at([FIRST], 150, frozenset({FIRST.key})) is None


def test_the_calendar_may_move_the_end_of_what_is_on() -> None:
    longer = Slot("a", "Analysis", 100, 260)
    assert is_over(FIRST, [FIRST], 200)
    assert not is_over(FIRST, [longer], 200)
    assert is_over(FIRST, [longer], 260)


def test_what_was_taken_out_of_the_calendar_ends_as_it_was_meant_to() -> None:
    assert not is_over(FIRST, [], 199)
    assert is_over(FIRST, [], 200)


def test_the_next_event_is_the_one_that_begins_first() -> None:
    assert next_slot([SECOND, FIRST], 50) == FIRST
    assert next_slot([SECOND, FIRST], 120) == SECOND
    assert next_slot([SECOND, FIRST], 150) is None
