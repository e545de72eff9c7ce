"""What a node hands its stage besides items: words, ticks, the room on its pads, the number of its incarnation."""

from __future__ import annotations

import pytest
from surroundings import Around, End, node

from pipeline.errors import SourceError, StageError
from pipeline.messages import Element
from pipeline.runner.node import Node
from pipeline.runner.spec import NodeSpec
from pipeline.states import State


def talkative(how: str) -> tuple[Node, Around, End]:
    around, end = Around(), End()
    made = node(around, "misfits:Talkative", how=how)
    made.connect("left", end)
    around.said.clear()
    return made, around, end


def test_a_stage_is_told_in_its_own_words() -> None:
    made, around, _ = talkative("say")
    made.told("mark", {"text": "here"})
    assert around.said == [Element("it", "told", {"name": "mark", "text": "here"})]


@pytest.mark.parametrize("work", ["told", "tick"])
def test_an_error_because_of_a_word_or_a_tick_names_the_stage(work: str) -> None:
    made, _, _ = talkative("raise")
    with pytest.raises(StageError, match="LookupError: neither heard nor seen") as caught:
        made.told("mark", {}) if work == "told" else made.tick()
    assert caught.value.stage == "it"


def test_an_error_of_our_own_keeps_its_kind() -> None:
    made, _, _ = talkative("own")
    with pytest.raises(SourceError) as caught:
        made.told("mark", {})
    assert caught.value.stage == "it"


def test_what_a_tick_gives_out_is_sent_on_and_counted() -> None:
    made, _, end = talkative("give")
    made.tick()
    assert end.kinds == [7, "visit-end"]
    assert made.ledger.sent == 1
    end.let_go()


def test_a_frame_that_a_source_gives_out_at_a_tick_counts_as_received() -> None:
    made = node(Around(), "misfits:Clock")
    made.connect("", End())
    made.tick()
    assert (made.ledger.received, made.ledger.sent) == (1, 1)


def test_a_stage_does_not_tick_once_eos_has_passed() -> None:
    made, _, end = talkative("give")
    made.move(State.PAUSED)
    made.tick()
    assert end.items == []


def test_acknowledgement_cannot_be_deferred_from_a_tick() -> None:
    made, _, _ = talkative("defer")
    with pytest.raises(StageError, match="outside of process"):
        made.tick()


def test_a_frame_that_comes_again_is_taken_in_and_dropped() -> None:
    made, _, _ = talkative("say")
    made.repeated()
    assert made.ledger.dropped == {"repeated": 1}
    assert made.ledger.missing == 0


def test_a_pad_has_room_if_all_its_links_have_and_if_nothing_is_linked() -> None:
    made, _, _ = talkative("say")
    other = End()
    made.connect("left", other)
    assert made.room("left") and made.room("right") and made.has_room
    other.has_room = False
    assert not made.room("left")
    assert made.room("right")
    assert not made.has_room


def test_a_fused_stage_has_the_room_of_what_is_behind_it() -> None:
    made, around, end = talkative("say")
    before = node(around, "misfits:Talkative", "before")
    before.connect("left", made)
    assert before.room("left")
    end.has_room = False
    assert not before.room("left")


def test_a_stage_knows_its_incarnation_from_the_start() -> None:
    assert Node(NodeSpec("it", "misfits:Talkative", {}), Around(), 3).incarnation == 3
    assert Node(NodeSpec("it", "misfits:Talkative", {}), Around(), 3).stage.born == 3  # type: ignore[union-attr]
