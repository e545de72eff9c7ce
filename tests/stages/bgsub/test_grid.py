"""Which tiles never rest is a matter of time, not of how many comparisons it was seen in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS
from stages.bgsub.grid import Restless

STEP = SECOND_NS // 5
SHARE = 0.35


def tile(on: bool) -> NDArray[np.bool_]:
    return np.array([[on]])


class Watched:
    """One tile, from comparison to comparison."""

    def __init__(self) -> None:
        self.restless = Restless(SHARE)
        self.now_ns = 0

    def see(self, seconds: float, active: bool, step_ns: int = STEP, hidden: bool = False) -> bool:
        found = False
        for _ in range(round(seconds * SECOND_NS / step_ns)):
            self.now_ns += step_ns
            blind = tile(True) if hidden else None
            found = bool(self.restless.see(self.now_ns, step_ns, tile(active), blind)[0, 0])
        return found


def until_restless(watched: Watched) -> float:
    begun_ns = watched.now_ns
    while not watched.see(0.2, True):
        assert watched.now_ns < begun_ns + 10 * SECOND_NS
    return (watched.now_ns - begun_ns) / SECOND_NS


def test_a_tile_is_called_restless_after_two_seconds_at_the_earliest() -> None:
    assert until_restless(Watched()) == 2.0


def test_stillness_counts_the_same_in_long_steps_as_in_short_ones() -> None:
    often, seldom = Watched(), Watched()
    often.see(6, False)
    seldom.see(6, False, step_ns=SECOND_NS)
    assert until_restless(often) == until_restless(seldom) == 2.2


def test_a_step_longer_than_the_memory_counts_no_more_than_that() -> None:
    watched = Watched()
    watched.see(60, False, step_ns=60 * SECOND_NS)
    assert until_restless(watched) == 2.2


def test_a_change_in_a_long_step_is_no_restlessness() -> None:
    watched = Watched()
    assert not watched.see(20, True, step_ns=2 * SECOND_NS)


def test_what_rests_again_is_let_go() -> None:
    watched = Watched()
    assert watched.see(6, True)
    assert not watched.see(4, False)


def test_the_time_in_which_a_tile_was_hidden_counts_for_nothing() -> None:
    watched = Watched()
    watched.see(3, True)
    assert watched.see(1, False, hidden=True)
    assert not watched.see(8, False, hidden=True)


def test_what_was_seen_to_change_a_few_times_is_not_restless_however_long_the_steps_were() -> None:
    watched = Watched()
    half = SECOND_NS // 2
    found = [watched.see(0.5, active, half) for active in (True, False, True, False, True, False, True)]
    assert found == [False] * 6 + [True]
