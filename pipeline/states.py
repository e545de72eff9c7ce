"""The states of a stage and the moves between them. Imports nothing of ours.

NULL       nothing exists yet, or all is released
READY      built, properties valid, start() done
PAUSED     linked and waiting: before PLAYING, and again once EOS has passed
PLAYING    frames flow
BACKOFF    it ended on its own and waits to be restarted
FAILED     it will not be restarted
"""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    NULL = "null"
    READY = "ready"
    PAUSED = "paused"
    PLAYING = "playing"
    BACKOFF = "backoff"
    FAILED = "failed"


LEGAL: dict[State, frozenset[State]] = {
    State.NULL: frozenset({State.READY, State.BACKOFF, State.FAILED}),
    State.READY: frozenset({State.PAUSED, State.NULL, State.BACKOFF, State.FAILED}),
    State.PAUSED: frozenset({State.PLAYING, State.READY, State.BACKOFF, State.FAILED}),
    State.PLAYING: frozenset({State.PAUSED, State.BACKOFF, State.FAILED}),
    State.BACKOFF: frozenset({State.NULL, State.FAILED}),
    State.FAILED: frozenset({State.NULL}),
}


def may_move(old: State, new: State) -> bool:
    """Whether the state machine allows ``old`` -> ``new``."""
    return new in LEGAL[old]
