"""Motion by tile: what goes on is a mover's, what begins far from it and ends soon has changed at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS
from stages.bgsub.movers import Movers

STEP_NS = SECOND_NS // 5
ROWS, COLUMNS = 36, 64
NEVER = 100.0  # seconds; more than any test takes


def box(x: int, y: int = 10, width: int = 4, height: int = 12) -> NDArray[np.bool_]:
    tiles = np.zeros((ROWS, COLUMNS), np.bool_)
    tiles[y : y + height, max(0, x) : max(0, x + width)] = True
    return tiles


NOTHING = box(0, width=0)


def seconds_before(movers: Movers) -> NDArray[np.float64]:
    told: Any = movers.changed_before()
    return np.asarray(np.frombuffer(told["before"], "<u2").reshape(told["rows"], told["columns"]) / 10, np.float64)


def at_rest() -> Movers:
    """With a long time behind it in which nothing moved."""
    movers = Movers(SECOND_NS)
    movers.follow(200 * SECOND_NS, NOTHING, NOTHING)
    return movers


def follow(movers: Movers, *steps: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    return [movers.follow(STEP_NS, active, active) for active in steps]


def test_motion_that_wanders_is_a_movers_after_a_second_wherever_it_is_by_then() -> None:
    moving = follow(at_rest(), *(box(2 + 2 * n) for n in range(8)))
    assert not moving[3].any()
    assert moving[7][box(16)].all()


def test_what_changes_far_from_a_mover_is_none_of_it() -> None:
    movers = at_rest()
    follow(movers, *(box(2 + n) for n in range(8)))
    (moving,) = follow(movers, box(10) | box(40))
    assert moving[box(10)].all()
    assert not moving[box(40)].any()


def test_motion_that_has_rested_begins_anew() -> None:
    movers = at_rest()
    follow(movers, *[box(20)] * 8, *[NOTHING] * 4)
    (moving,) = follow(movers, box(20))
    assert not moving.any()


def test_what_changed_while_nobody_looked_for_long_is_no_movers() -> None:
    movers = at_rest()
    assert not movers.follow(25 * SECOND_NS, box(20), box(20)).any()
    assert seconds_before(movers)[box(20)].min() > 1  # nor is it known yet that it changed at once
    follow(movers, *[NOTHING] * 3)
    assert seconds_before(movers)[box(20)].max() <= 0.6


def test_what_is_looked_at_once_in_a_second_can_be_a_movers() -> None:
    movers = at_rest()
    moving = [movers.follow(SECOND_NS, box(20 + n), box(20 + n)) for n in range(3)]
    assert [tiles.any() for tiles in moving] == [False, False, True]


def test_what_was_active_once_has_changed_at_once_and_when() -> None:
    movers = at_rest()
    follow(movers, box(20), *[NOTHING] * 4)
    before = seconds_before(movers)
    np.testing.assert_allclose(before[box(20)], 0.8, atol=0.01)
    assert (before[~box(20)] > NEVER).all()


def test_what_a_mover_passed_has_not_changed_neither_where_it_was_before_it_was_known_as_one() -> None:
    movers = at_rest()
    follow(movers, *(box(-4 + 2 * n) for n in range(36)), *[NOTHING] * 5)
    assert (seconds_before(movers) > NEVER).all()


def test_a_slide_that_changes_behind_a_mover_has_changed_everywhere_but_near_it() -> None:
    movers = at_rest()
    everything = np.ones((ROWS, COLUMNS), np.bool_)
    follow(movers, *(box(10 + n % 3) for n in range(8)), everything, *(box(10 + n % 3) for n in range(8)))
    before = seconds_before(movers)
    assert (before[:, 25:] < 2).all()
    assert (before[12:20, 12:14] > NEVER).all()


def test_a_slow_fade_does_not_become_a_movers_way_because_one_stands_in_it() -> None:
    movers = at_rest()
    fade = box(0, 2, 64, 12)  # a third of the picture
    follow(movers, *[box(30, 20, 4, 8)] * 8, *[fade | box(30, 20, 4, 8)] * 4, *[box(30, 20, 4, 8)] * 6)
    assert (seconds_before(movers)[box(50, 2, 14, 12)] < 3).all()


def test_a_change_soon_after_another_one_in_the_same_place_has_changed_at_once_too() -> None:
    movers = at_rest()
    follow(movers, box(20), *[NOTHING] * 2, box(21), *[NOTHING] * 3)
    assert seconds_before(movers)[box(21)].max() <= 0.6


def test_noise_alone_is_no_change_but_beside_a_change_it_is_a_part_of_it() -> None:
    movers = at_rest()
    movers.follow(STEP_NS, box(20) | box(50), box(20, width=2))
    follow(movers, *[NOTHING] * 3)
    assert seconds_before(movers)[box(20)].max() <= 0.6
    assert seconds_before(movers)[box(50)].min() > NEVER


def test_after_a_hole_everything_may_have_changed() -> None:
    movers = at_rest()
    movers.forget()
    follow(movers, NOTHING)
    assert (seconds_before(movers) < 1).all()
