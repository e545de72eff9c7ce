"""When a process that ended on its own is started again, and when it is given up. Pure: time comes as a value."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pipeline.config import Restart


class Restarting:
    """The policy for one process, or for all of them together.

    The first restart is at once. Later ones wait a random time, so that what fell together does not rise together
    and fall again: from ``backoff`` to ``backoff`` x 2, x 4 ... ``longest``.
    """

    def __init__(self, restart: Restart, uniform: Callable[[float, float], float]) -> None:
        """``uniform`` gives a random number between two."""
        self._restart = restart
        self._uniform = uniform
        self._recent: deque[float] = deque()  # when it crashed, within the window
        self._streak = 0  # crashes since it was last healthy
        self._up_s: float | None = None

    def amend(self, restart: Restart) -> None:
        """Other times and numbers from now on."""
        self._restart = restart

    def up(self, now_s: float) -> None:
        """It works."""
        self._up_s = now_s

    def crashed(self, now_s: float) -> float | None:
        """Seconds until it is to be started again; None if it is given up."""
        if self._up_s is not None and now_s - self._up_s >= self._restart.healthy:
            self.forget()
        self._up_s = None
        self._streak += 1
        self._recent.append(now_s)
        while self._recent[0] < now_s - self._restart.window:
            self._recent.popleft()
        if len(self._recent) > self._restart.crashes:
            return None
        if self._streak == 1:
            return 0.0
        # 2 ** 60 is longer than anything; a streak has no bound where crashes are further apart than the window.
        most = min(self._restart.longest, self._restart.backoff * 2.0 ** min(self._streak - 1, 60))
        return self._uniform(self._restart.backoff, most)

    def forget(self) -> None:
        """Start afresh."""
        self._recent.clear()
        self._streak = 0
