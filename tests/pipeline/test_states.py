"""The table of moves: complete, without dead ends, and no way around a failure."""

from __future__ import annotations

from itertools import product

import pytest

from pipeline.states import LEGAL, State, may_move


def reachable(start: State) -> set[State]:
    found, todo = {start}, [start]
    while todo:
        fresh = LEGAL[todo.pop()] - found
        found |= fresh
        todo += fresh
    return found


def test_every_state_has_its_moves_written_down() -> None:
    assert set(LEGAL) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_reached_from_every_other(state: State) -> None:
    assert reachable(state) == set(State)


@pytest.mark.parametrize("state", State)
def test_standing_still_is_no_move(state: State) -> None:
    assert not may_move(state, state)


def test_a_run_goes_up_and_stops_at_paused_after_eos() -> None:
    way = [State.NULL, State.READY, State.PAUSED, State.PLAYING, State.PAUSED, State.READY, State.NULL]
    assert all(may_move(old, new) for old, new in zip(way, way[1:], strict=False))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (State.NULL, State.PLAYING),
        (State.NULL, State.PAUSED),
        (State.READY, State.PLAYING),
        (State.PLAYING, State.NULL),
        (State.PLAYING, State.READY),
        (State.BACKOFF, State.PLAYING),
    ],
)
def test_no_state_is_skipped(old: State, new: State) -> None:
    assert not may_move(old, new)


def test_what_failed_must_be_released_before_anything_else() -> None:
    assert [new for new in State if may_move(State.FAILED, new)] == [State.NULL]


def test_every_living_state_can_fail() -> None:
    assert all(may_move(state, State.FAILED) for state in State if state is not State.FAILED)


def test_the_table_agrees_with_the_question() -> None:
    assert all(may_move(old, new) == (new in LEGAL[old]) for old, new in product(State, State))
