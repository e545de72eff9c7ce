"""How long to wait before the next attempt to connect. Pure: it neither waits nor connects, chance is given."""

from __future__ import annotations

from collections.abc import Callable

from stages.decoder.live.faults import Kind

_FIRST_S = 0.2
_CAPS_S = {Kind.NETWORK: 2.0, Kind.AUTH: 30.0, Kind.ADDRESS: 30.0, Kind.CONFIG: 30.0}
_JITTER = 0.25  # a room full of recorders must not ask a restarted camera all at once


class Backoff:
    """At once, then 0.2 s and twice as long each time, up to what the kind of fault allows.

    ``random``: uniform in [0, 1).
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def delay_s(self, kind: Kind) -> float:
        """Before the attempt that follows a failure of this kind."""
        self._failures += 1
        if self._failures == 1:
            return 0.0
        doubled: float = _FIRST_S * 2.0 ** min(self._failures - 2, 16)
        return min(doubled, _CAPS_S[kind]) * (1 - _JITTER * self._random())

    def succeeded(self) -> None:
        """The connection has held for a while: the next loss is a new one."""
        self._failures = 0
