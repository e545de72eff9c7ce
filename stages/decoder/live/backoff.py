"""How long to wait before the next attempt to connect. Pure: it neither waits nor connects, chance is given."""

from __future__ import annotations

from collections.abc import Callable

from stages.decoder.live.faults import Kind

_FIRST_S = 0.2
_CAPS_S = {Kind.NETWORK: 2.0, Kind.AUTH: 30.0, Kind.ADDRESS: 30.0, Kind.CONFIG: 30.0}
_JITTER = 0.25  # a room full of recorders must not ask a restarted camera all at once


_LOGIN_GRACE_S = 60.0


def judged(kind: Kind, known_s: float | None) -> Kind:
    """What kind of fault it is, ``known_s`` after the last packet came; None: there never was one.

    An address that worked before is no mistake of a person's. A login that worked a minute ago neither: cameras refuse
    it while they start. Later it may have been changed, and asking often could have us locked out.
    """
    if known_s is None or (kind is Kind.AUTH and known_s > _LOGIN_GRACE_S):
        return kind
    return Kind.NETWORK if kind in (Kind.ADDRESS, Kind.AUTH) else kind


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
