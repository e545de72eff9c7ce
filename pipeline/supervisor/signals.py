"""SIGINT and SIGTERM: the handlers only append to a list; the loop acts on it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

# `timeout` and some shells signal the process and then its whole group: that is one wish, not two.
_ONE_WISH_S = 0.5


class Appending:
    """A handler that appends the number of a signal to ``received``, unless it is the echo of the one before."""

    def __init__(self, received: list[int], clock: Callable[[], float] = time.monotonic) -> None:
        self._received, self._clock = received, clock
        self._last: tuple[int, float] = (0, float("-inf"))

    def __call__(self, number: int, _: object) -> None:
        before, now = self._last, self._clock()
        self._last = (number, now)
        if number != before[0] or now - before[1] >= _ONE_WISH_S:
            self._received.append(number)


@contextlib.contextmanager
def signals_into(received: list[int]) -> Iterator[None]:
    """SIGINT and SIGTERM are appended to ``received`` inside; in other threads than the main one nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    handler = Appending(received)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, usual in zip(numbers, before, strict=True):
            signal.signal(number, usual)
