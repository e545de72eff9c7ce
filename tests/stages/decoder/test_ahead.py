"""An iterator in a thread of its own: order, how far ahead, what is called between items, failures, and its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stages.decoder.ahead import Ahead

SOON_S = 10.0


def test_items_come_in_order_and_are_made_elsewhere() -> None:
    makers = set()

    def numbers() -> Iterator[int]:
        for number in range(100):
            makers.add(threading.get_ident())
            yield number

    assert list(Ahead[int](3).of(numbers())) == list(range(100))
    assert threading.get_ident() not in makers


def test_it_is_never_further_ahead_than_its_depth() -> None:
    asked: list[int] = []
    far = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(20):
            asked.append(number)
            if number == 3:
                far.set()
            yield number

    items = Ahead[int](3).of(numbers())
    assert next(items) == 0
    assert far.wait(SOON_S)  # three made, none taken: 1, 2, 3
    for taken in range(1, 20):
        assert next(items) == taken
        assert asked[-1] <= taken + 3
    assert next(items, None) is None


def test_what_is_to_be_called_is_called_by_who_takes_the_items_between_the_same_two() -> None:
    calls: list[tuple[str, int, int]] = []
    ahead = Ahead[int](8)
    seen = 0

    def noted(reason: str, count: int) -> None:
        calls.append((reason, count, seen))
        assert threading.current_thread() is threading.main_thread()

    later = ahead.later(noted)

    def numbers() -> Iterator[int]:
        for number in range(4):
            yield number
            later("rate", number)

    for number in ahead.of(numbers()):
        seen = number
    assert calls == [("rate", number, number) for number in range(4)]


def test_a_sign_of_life_comes_between_the_same_two_and_fills_no_place() -> None:
    ahead = Ahead[int](1)
    wanted = []

    def numbers() -> Iterator[int]:
        wanted.extend(ahead.alive() for _ in range(5))
        yield 1
        wanted.append(ahead.alive())
        yield 2

    items = ahead.of(numbers())
    assert [next(items) for _ in range(7)] == [None] * 5 + [1, None]
    assert list(items) == [2]
    assert wanted == [True] * 6


def test_who_shows_life_learns_that_nobody_wants_more() -> None:
    ahead = Ahead[int](1)

    def numbers() -> Iterator[int]:
        yield 0
        while ahead.alive():
            pass

    items = ahead.of(numbers())
    assert next(items) == 0
    assert ahead.close(SOON_S)


def test_a_failure_comes_after_what_was_made_before_it() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items = Ahead[int](4).of(numbers())
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items)


def test_closed_it_ends_though_nobody_takes_what_it_has_made() -> None:
    ahead = Ahead[int](2)
    items = ahead.of(iter(range(1000)))
    assert next(items) == 0
    assert ahead.close(SOON_S)


def test_it_says_if_its_thread_would_not_end() -> None:
    stuck, free = threading.Event(), threading.Event()

    def numbers() -> Iterator[int]:
        yield 0
        stuck.set()
        free.wait(SOON_S)
        yield 1

    ahead = Ahead[int](2)
    items = ahead.of(numbers())
    assert next(items) == 0
    assert stuck.wait(SOON_S)
    assert not ahead.close(0.0)
    free.set()
    assert ahead.close(SOON_S)


def test_one_that_never_began_is_closed_at_once() -> None:
    assert Ahead[int](2).close(0.0)
