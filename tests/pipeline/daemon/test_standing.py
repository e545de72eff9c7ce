"""What messages add up to."""

from __future__ import annotations

import json

import pytest

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.daemon.protocol import plain
from pipeline.daemon.standing import Standing
from pipeline.messages import BusMessage, Down, Element, Failure, Ledger, StateChanged, Up
from pipeline.states import State

CONFIG = PipelineConfig(
    (StageConfig("a", "x:X", "p"), StageConfig("b", "x:X", "q")), (LinkConfig("a", "b"),), name="room"
)
CRASH = Down("q", ("b",), "was killed by SIGKILL", 0.5)


def standing(*messages: BusMessage) -> Standing:
    found = Standing(CONFIG, 0.0)
    for message in messages:
        found.hear(message, 10.0)
    return found


def plays(stage: str) -> StateChanged:
    return StateChanged(stage, State.PAUSED, State.PLAYING)


def report(found: Standing) -> dict[str, object]:
    return found.report({"b": Ledger(5, 3, 0, {"leaky": 2})}, {"p": 1, "q": 2}, [], 60.0)


def test_it_is_ready_when_all_stages_play_and_only_once() -> None:
    found = standing(plays("a"))
    assert not found.settle()
    found.hear(plays("b"), 0.0)
    assert found.settle()
    assert not found.settle()


def test_a_stage_that_was_given_up_does_not_hold_up_the_others() -> None:
    found = standing(plays("a"), StateChanged("b", State.BACKOFF, State.FAILED))
    assert found.settle()


def test_nothing_that_plays_is_not_ready() -> None:
    found = standing(*(StateChanged(stage, State.BACKOFF, State.FAILED) for stage in "ab"))
    assert not found.settle()


def test_a_stage_that_was_given_up_is_named_with_its_reason() -> None:
    found = standing(plays("a"), CRASH, StateChanged("b", State.BACKOFF, State.FAILED))
    assert found.degraded([]) == ("stage 'b' is failed: was killed by SIGKILL",)


def test_a_stage_that_is_being_restarted_is_degraded_until_it_plays() -> None:
    found = standing(plays("a"), plays("b"))
    found.settle()
    for state in (State.BACKOFF, State.NULL, State.READY, State.PAUSED):
        found.hear(StateChanged("b", State.PLAYING, state), 0.0)
        assert len(found.degraded([])) == 1
    found.hear(plays("b"), 0.0)
    assert found.degraded([]) == ()


def test_the_end_is_no_degradation() -> None:
    found = standing(plays("a"), plays("b"))
    found.settle()
    found.finishing = True
    found.hear(StateChanged("b", State.PLAYING, State.PAUSED), 0.0)
    assert found.degraded([]) == ()


def test_a_process_without_a_sign_of_life_is_named() -> None:
    assert standing().degraded(["q"]) == ("process 'q' gives no sign of life",)


def test_the_report_tells_of_each_stage_with_what_has_befallen_it() -> None:
    found = standing(plays("a"), plays("b"), CRASH, Up("q", ("b",), 1, 0.7))
    stage = report(found)["stages"][1]  # type: ignore[index]
    expected = {"stage": "b", "pid": 2, "incarnation": 1, "restarts": 1, "crashes": 1}
    expected |= {"last_crash": "was killed by SIGKILL", "last_crash_ago_s": 50.0, "dropped": {"leaky": 2}}
    assert {key: stage[key] for key in expected} == expected


def test_the_report_tells_source_lecture_slides_recording_and_figures() -> None:
    found = standing(
        Element("a", "source", {"state": "live", "why": ""}),
        Element("b", "lecture", {"lecture": "x", "state": "open", "slides": 2}),
        Element("b", "slide", {"number": 3, "lag_s": 0.8}),
        Element("b", "recording", {"state": "on"}),
        Element("b", "segment", {"file": "s.mp4", "state": "open"}),
        Element("a", "figures", {"capture_lag_seconds": 0.1}),
    )
    told = report(found)
    assert told["source"] == {"a": {"state": "live", "why": ""}}
    assert (told["slides"], told["last_slide"]) == (3, {"number": 3, "lag_s": 0.8})
    assert told["recording"] == {"state": "on", "segment": {"file": "s.mp4", "state": "open"}}
    assert told["figures"] == {"a.capture_lag_seconds": 0.1}
    json.dumps(plain(told), allow_nan=False)


def test_a_new_lecture_begins_with_its_own_slides() -> None:
    slide = Element("b", "slide", {"number": 7})
    found = standing(slide, Element("b", "lecture", {"lecture": "y", "state": "open", "slides": 0}))
    assert found.slides == 0


def test_after_a_crash_the_gauges_of_a_stage_are_not_told_on() -> None:
    found = standing(Element("b", "figures", {"lag_seconds": 1.0}), CRASH)
    assert report(found)["figures"] == {}


def test_a_wrong_figure_is_said() -> None:
    assert len(Standing(CONFIG, 0.0).hear(Element("a", "figures", {"x": float("nan")}), 0.0)) == 1


@pytest.mark.parametrize(
    "message", [Down("z", ("z",), "", 1.0), Up("z", ("z",), 1, 1.0), Failure("z", "", ""), Element("z", "source", {})]
)
def test_a_stage_that_is_none_of_ours_is_no_trouble(message: BusMessage) -> None:
    assert standing(message).states == {"a": State.NULL, "b": State.NULL}


def test_the_service_manager_gets_one_line() -> None:
    found = standing(
        plays("a"),
        plays("b"),
        Element("a", "source", {"state": "live"}),
        Element("b", "lecture", {"lecture": "Analysis", "state": "open", "slides": 12}),
    )
    assert found.line() == "all stages are playing; source live; lecture Analysis, 12 slides"
    found.hear(StateChanged("b", State.PLAYING, State.BACKOFF), 0.0)
    assert found.line().startswith("b backoff; ")


def test_a_snapshot_is_not_changed_by_what_comes_later() -> None:
    found = standing(plays("a"))
    snapshot = found.snapshot({}, [], 1.0)
    found.hear(StateChanged("a", State.PLAYING, State.BACKOFF), 2.0)
    assert snapshot.states["a"] is State.PLAYING
