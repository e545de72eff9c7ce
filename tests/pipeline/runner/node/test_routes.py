"""Where a node leads what its stage gives out, and when it lets go of a token."""

from __future__ import annotations

import pytest
from surroundings import CAPS, EOS, Around, Done, End, accept, frame, misfit, node

from pipeline.errors import ConfigError, StageError
from pipeline.frame import Event, EventKind, caps_event
from pipeline.messages import StateChanged
from pipeline.runner.node import Node
from pipeline.runner.routes import Token
from pipeline.runner.spec import NodeSpec
from pipeline.states import State


def test_a_token_is_done_once_when_its_last_holder_lets_go() -> None:
    done = Done()
    token = Token(done)
    token.hold()
    token.release()
    assert done.times == 0
    token.release()
    assert done.times == 1
    token.release()
    assert done.times == 1


def test_an_input_is_done_when_its_last_output_is_and_not_when_process_returns() -> None:
    made, _, ends = misfit()
    first, second = End(), ends["left"]
    made.connect("left", first)
    done = accept(made, frame())
    assert done.times == 0
    first.let_go()
    assert done.times == 0
    second.let_go()
    assert done.times == 1


@pytest.mark.parametrize("how", ["drop", "hold"])
def test_an_input_without_output_is_done_at_once(how: str) -> None:
    made, _, _ = misfit(how)
    assert accept(made, frame()).times == 1


def test_a_bare_item_goes_to_the_first_pad_and_one_for_a_pad_to_that_pad() -> None:
    for how, there in (("pass", "left"), ("right", "right")):
        made, _, ends = misfit(how)
        accept(made, frame())
        assert {pad: end.kinds for pad, end in ends.items()} == {"left": [], "right": []} | {there: [0]}


def test_the_default_pad_can_be_linked_by_no_name() -> None:
    made, end = node(Around()), End()
    made.connect("", end)
    accept(made, frame())
    assert end.kinds == [0]


def test_caps_go_to_every_pad() -> None:
    made, _, ends = misfit()
    accept(made, caps_event(CAPS, 7))
    assert all(end.items == [caps_event(CAPS, 7)] for end in ends.values())


def test_eos_first_gives_out_what_is_held_then_reaches_every_pad_and_then_the_state() -> None:
    made, around, ends = misfit()
    done = accept(made, EOS)
    assert ends["left"].kinds == [9, "eos"]
    assert ends["right"].kinds == ["visit-end", "eos"]
    assert around.said == [StateChanged("it", State.PLAYING, State.PAUSED)]
    assert around.beats == 3  # also while nothing came out of drain()
    ends["left"].let_go()
    assert done.times == 0
    ends["right"].let_go()
    assert done.times == 1


def test_another_event_passes_on() -> None:
    made, _, ends = misfit()
    gap = Event(EventKind.GAP, 3, {"to": 9})
    accept(made, gap)
    assert ends["left"].items == [gap]


def test_a_frame_for_a_pad_that_does_not_exist_is_a_fault_and_an_event_is_not() -> None:
    made, _, ends = misfit("nowhere event")
    accept(made, frame())
    assert ends["left"].kinds == [0]
    made, _, _ = misfit("nowhere")
    with pytest.raises(StageError, match="src pad 'nowhere' that it does not have") as caught:
        accept(made, frame())
    assert caught.value.stage == "it"


@pytest.mark.parametrize(
    ("factory", "pad", "words"),
    [
        ("misfits:Misfit", "up", "has no src pad 'up'; it has: left, right"),
        ("misfits:User", "", "has no src pad; nothing can come after it"),
        ("misfits:User", "left", "has no src pad; nothing can come after it"),
    ],
)
def test_a_link_from_a_pad_that_does_not_exist_is_refused(factory: str, pad: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"'it' {words}"):
        Node(NodeSpec("it", factory, {}), Around()).connect(pad, End())


def test_nodes_of_one_process_feed_each_other() -> None:
    around, end = Around(), End()
    first, second = node(around, name="first"), node(around, name="second")
    first.connect("", second)
    second.connect("", end)
    done = accept(first, frame(4))
    assert end.kinds == [4] and done.times == 0
    end.let_go()
    assert done.times == 1
