"""Tells the bus in which state the source is, once for each change."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.stage import Context
from stages.decoder.live.watch import SourceState

_WHY = {
    SourceState.LIVE: "pictures come",
    SourceState.BLACK: "the picture is black",
    SourceState.FROZEN: "the encoder codes changes, the picture stays the same to the last bit",
    SourceState.NO_SIGNAL: "the picture is a card that devices show without a signal",
}


class Standing:
    """``lecture_ns``: lecture time now. ``wall``: wall time now."""

    def __init__(self, context: Context, lecture_ns: Callable[[], int], wall: Callable[[], int]) -> None:
        self._context = context
        self._lecture_ns, self._wall = lecture_ns, wall
        self.state = SourceState.CONNECTING
        self._told: tuple[SourceState, str] | None = None

    def connecting(self) -> None:
        """The first attempt begins."""
        self._move(SourceState.CONNECTING, "opening the source")

    def seen(self, state: SourceState) -> None:
        """Pictures come; ``state`` is what they show."""
        if state is not self.state:
            self._move(state, _WHY[state])

    def stalled(self, why: str) -> None:
        self._move(SourceState.STALLED, why)

    def lost(self, why: str) -> None:
        """A connection has ended, or an attempt failed."""
        self._move(SourceState.LOST, why)

    def _move(self, state: SourceState, why: str) -> None:
        if (state, why) == self._told:
            return
        self._told = (state, why)
        self.state = state
        self._context.post(
            "source",
            {"state": state.label, "why": why, "pts_ns": self._lecture_ns(), "wall_ns": self._wall()},
        )
