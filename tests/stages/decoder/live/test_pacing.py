"""When a packet of a segment is due."""

from __future__ import annotations

from pipeline.frame import SECOND_NS
from stages.decoder.live.pacing import Pacer


def test_a_segment_is_played_at_its_own_speed() -> None:
    pacer = Pacer()
    assert [pacer.wait_ns(7 * SECOND_NS + at, 100) for at in (0, 40, 80)] == [0, 40, 80]


def test_a_packet_that_comes_late_moves_those_behind_it() -> None:
    pacer = Pacer()
    pacer.wait_ns(0, 0)
    assert pacer.wait_ns(40, 1000) == 0
    assert pacer.wait_ns(80, 1000) == 40


def test_a_timestamp_far_ahead_is_not_waited_for() -> None:
    pacer = Pacer()
    pacer.wait_ns(0, 0)
    assert pacer.wait_ns(3600 * SECOND_NS, 10) == 0
    assert pacer.wait_ns(3600 * SECOND_NS + 40, 10) == 40
