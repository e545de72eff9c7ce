"""What messages add up to."""

from __future__ import annotations

import pytest

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.messages import Element, Finished, Heartbeat, Ledger
from pipeline.tally import Tally


@pytest.fixture
def tally() -> Tally:
    stages = (StageConfig("b", "x:X", "b"), StageConfig("a", "x:X", "a"))
    return Tally(PipelineConfig(stages, (LinkConfig("a", "b"),)))


def test_the_source_says_how_far_a_run_is(tally: Tally) -> None:
    tally.hear(Heartbeat("a", "working", {"a": Ledger(received=40, last_pts_ns=20_000_000_000)}))
    assert (tally.source, tally.frames, tally.pts_s) == ("a", 40, 20.0)
    assert tally.speed(4.0) == 5.0


def test_time_to_go_is_told_once_the_duration_is_known(tally: Tally) -> None:
    tally.hear(Heartbeat("a", "working", {"a": Ledger(received=40, last_pts_ns=20_000_000_000)}))
    assert tally.eta_s(4.0) is None
    tally.hear(Element("a", "stream", {"duration_ns": 60_000_000_000}))
    assert (tally.duration_s, tally.eta_s(4.0)) == (60.0, 8.0)


def test_a_duration_of_zero_is_unknown(tally: Tally) -> None:
    tally.hear(Element("a", "stream", {"duration_ns": 0}))
    assert (tally.duration_s, tally.eta_s(1.0), tally.speed(0.0)) == (None, None, 0.0)


def test_a_frame_counts_as_processed_when_another_stage_has_it(tally: Tally) -> None:
    tally.hear(Heartbeat("a", "working", {"a": Ledger(received=40), "a-b": Ledger(received=1)}))
    assert not tally.processed
    tally.hear(Finished("b", {"b": Ledger(received=1)}))
    assert tally.processed


def test_what_stages_say_is_counted_and_the_result_is_kept(tally: Tally) -> None:
    for message in (Element("b", "slide"), Element("b", "slide"), Element("b", "result", {"slides": 2})):
        tally.hear(message)
    assert (tally.counts, tally.result) == ({"slide": 2}, {"slides": 2})


def test_what_stages_say_of_themselves_is_nothing_that_was_found(tally: Tally) -> None:
    tally.hear(Element("b", "figures", {"masks_total": 3}))
    tally.hear(Element("b", "device", {"device": "cpu"}))
    tally.hear(Element("b", "slide", {"number": 1}))
    assert dict(tally.counts) == {"slide": 1}
