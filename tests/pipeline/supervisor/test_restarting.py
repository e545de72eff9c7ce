"""The policy for restarts, without a process and without a clock."""

from __future__ import annotations

import pytest

from pipeline.config import Restart
from pipeline.supervisor.restarting import Restarting


def longest(low: float, high: float) -> float:
    return high


def policy(**restart: float) -> Restarting:
    return Restarting(Restart("process", **restart), longest)  # type: ignore[arg-type]


def test_the_first_restart_is_at_once() -> None:
    assert policy().crashed(1000.0) == 0.0


def test_later_ones_wait_for_twice_as_long_each_up_to_the_longest() -> None:
    restarting = policy(crashes=99)
    delays = [restarting.crashed(1000.0 + second) for second in range(9)]
    assert delays == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_the_time_is_random_between_the_backoff_and_its_multiple() -> None:
    ranges: list[tuple[float, float]] = []

    def noted(low: float, high: float) -> float:
        ranges.append((low, high))
        return low

    restarting = Restarting(Restart("process", crashes=99), noted)
    assert [restarting.crashed(second) for second in range(4)] == [0.0, 0.5, 0.5, 0.5]
    assert ranges == [(0.5, 1.0), (0.5, 2.0), (0.5, 4.0)]


def test_more_crashes_than_allowed_within_the_window_are_the_end() -> None:
    restarting = policy()
    assert None not in [restarting.crashed(second) for second in range(5)]
    assert restarting.crashed(119.0) is None


def test_crashes_before_the_window_do_not_count() -> None:
    restarting = policy()
    for second in range(5):
        restarting.crashed(second)
    assert restarting.crashed(121.0) is not None


def test_a_streak_of_crashes_further_apart_than_the_window_never_overflows() -> None:
    restarting = policy(window=1.0)
    assert [restarting.crashed(10.0 * count) for count in range(2000)][-1] == 30.0


def test_a_minute_of_health_forgets_the_past() -> None:
    restarting = policy()
    for second in range(5):
        restarting.crashed(second)
    restarting.up(10.0)
    assert restarting.crashed(70.0) == 0.0


@pytest.mark.parametrize("up_s", [10.5, None])
def test_less_than_a_minute_of_it_or_none_forgets_nothing(up_s: float | None) -> None:
    restarting = policy()
    for second in range(5):
        restarting.crashed(second)
    if up_s is not None:
        restarting.up(up_s)
    assert restarting.crashed(70.0) is None


def test_health_counts_once() -> None:
    restarting = policy()
    restarting.up(0.0)
    assert restarting.crashed(60.0) == 0.0
    assert restarting.crashed(200.0) == 1.0  # it never came up in between


def test_one_that_was_revived_starts_afresh() -> None:
    restarting = policy(crashes=1)
    restarting.crashed(0.0)
    assert restarting.crashed(1.0) is None
    restarting.forget()
    assert restarting.crashed(2.0) == 0.0


def test_other_numbers_are_in_force_at_the_next_crash() -> None:
    restarting = policy(crashes=1)
    restarting.crashed(0.0)
    restarting.amend(Restart(crashes=2))
    assert restarting.crashed(1.0) is not None
    assert restarting.crashed(2.0) is None
