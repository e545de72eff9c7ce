"""How signals become wishes: the first drains, the second kills, and an echo is none."""

from __future__ import annotations

import os
import signal

from pipeline.supervisor.signals import Appending, signals_into


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_echo_that_a_process_group_is_sent_is_no_second_wish() -> None:
    received: list[int] = []
    clock = Clock()
    handler = Appending(received, clock)
    handler(signal.SIGTERM, None)
    clock.now += 0.01
    handler(signal.SIGTERM, None)
    assert received == [signal.SIGTERM]


def test_a_second_signal_later_or_another_one_at_once_is_a_second_wish() -> None:
    received: list[int] = []
    clock = Clock()
    handler = Appending(received, clock)
    handler(signal.SIGINT, None)
    clock.now += 0.6
    handler(signal.SIGINT, None)
    handler(signal.SIGTERM, None)
    assert received == [signal.SIGINT, signal.SIGINT, signal.SIGTERM]


def test_handlers_are_put_back() -> None:
    received: list[int] = []
    before = signal.getsignal(signal.SIGTERM)
    with signals_into(received):
        os.kill(os.getpid(), signal.SIGTERM)
    assert received == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) == before
