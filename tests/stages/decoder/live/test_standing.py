"""The source's state on the bus: once for each change."""

from __future__ import annotations

from pipeline.testing import Recorder
from stages.decoder.live.standing import Standing
from stages.decoder.live.watch import SourceState


def made() -> tuple[Standing, Recorder]:
    context = Recorder()
    return Standing(context, lambda: 7, lambda: 9), context


def test_each_change_is_told_once_with_both_times() -> None:
    standing, context = made()
    standing.connecting()
    for _ in range(3):
        standing.seen(SourceState.LIVE)
    assert [dict(message.data) for message in context.messages] == [
        {"state": "connecting", "why": "opening the source", "pts_ns": 7, "wall_ns": 9},
        {"state": "live", "why": "pictures come", "pts_ns": 7, "wall_ns": 9},
    ]


def test_another_reason_for_a_loss_is_told_and_the_same_one_is_not() -> None:
    standing, context = made()
    for why in ("connection refused", "connection refused", "the server refuses the user or the password"):
        standing.lost(why)
    assert [message.data["why"] for message in context.messages] == [
        "connection refused",
        "the server refuses the user or the password",
    ]
