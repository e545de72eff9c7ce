"""Taking items from a link whose other end may die and come back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ends import EOS, NAME, QUIET_S, frame
from surroundings import Around
from travellers import CAPS

from pipeline.frame import Event, EventKind, Flags, Frame, Item, caps_event
from pipeline.link import Hub, Sender, endpoint
from pipeline.messages import Element
from pipeline.runner.intake import Intake
from pipeline.runner.node import Node
from pipeline.runner.spec import NodeSpec
from pipeline.states import State


class Rig:
    """A sender, an intake and a noting stage, all in this thread; the sender can die and be reborn."""

    def __init__(self, incarnation: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sl"))
        self.around = Around()
        self.node = Node(NodeSpec("note", "playthings:Noting", {}), self.around, incarnation)
        for state in (State.READY, State.PAUSED, State.PLAYING):
            self.node.move(state)
        self.hub = Hub()
        self.done: list[object] = []
        self.eos = 0
        self.be_born()
        self.intake = Intake(self.hub, endpoint(self.folder, NAME), NAME, self.node, self._at_eos)

    def _at_eos(self) -> None:
        self.eos += 1

    def be_born(self) -> None:
        self.far = Hub()
        self.sender = Sender(self.far, endpoint(self.folder, NAME), NAME, 200)

    def die(self) -> None:
        self.far.close()

    def offer(self, *items: Item) -> None:
        for item in items:
            name = item.seq if isinstance(item, Frame) else item.kind.value
            self.sender.offer(item, lambda name=name: self.done.append(name))  # type: ignore[misc]

    def run(self) -> None:
        """Until nothing comes on either side any more."""
        quiet = 0
        while quiet < 2:
            came = self.far.wait(QUIET_S) if not self.far.context.closed else False
            if came:
                self.sender.serve()
            came = self.hub.wait(QUIET_S) or came
            self.intake.consume(lambda: True)
            self.intake.flush()
            quiet = 0 if came else quiet + 1

    @property
    def seen(self) -> list[object]:
        return [m.data["seq"] for m in self.around.said if isinstance(m, Element) and m.name == "frame"]

    @property
    def disconts(self) -> list[object]:
        return [m.data["discont"] for m in self.around.said if isinstance(m, Element) and m.name == "frame"]

    def close(self) -> None:
        self.hub.close()
        self.far.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


def test_a_reborn_sender_is_turned_to_and_what_it_repeats_is_dropped_once_and_counted(rig: Rig) -> None:
    rig.offer(caps_event(CAPS), *(frame(seq) for seq in range(3)))
    rig.run()
    rig.die()
    rig.be_born()
    rig.intake.relink()
    rig.offer(caps_event(CAPS), *(frame(seq) for seq in range(1, 5)))
    rig.run()
    assert rig.seen == [0, 1, 2, 3, 4]
    assert rig.node.ledger.dropped == {"repeated": 2}
    assert rig.node.ledger.missing == 0
    assert rig.done[4:] == ["caps", 1, 2, 3, 4]
    assert rig.sender.idle


def test_after_the_first_new_frame_nothing_is_taken_for_a_repetition(rig: Rig) -> None:
    rig.offer(caps_event(CAPS), frame(5))
    rig.run()
    rig.die()
    rig.be_born()
    rig.intake.relink()
    rig.offer(caps_event(CAPS), frame(6), frame(2))
    rig.run()
    assert rig.seen == [5, 6, 2]


def test_without_a_relink_nothing_is_taken_for_a_repetition(rig: Rig) -> None:
    rig.offer(caps_event(CAPS), frame(5), frame(5), frame(2))
    rig.run()
    assert rig.seen == [5, 5, 2]


def test_what_the_dead_sender_had_sent_is_worked_on_before_its_successor_is_turned_to(rig: Rig) -> None:
    rig.offer(caps_event(CAPS))
    rig.run()
    rig.offer(frame(0), frame(1))
    assert rig.hub.wait(5)
    rig.die()
    rig.be_born()
    rig.intake.relink()
    rig.run()
    assert rig.seen == [0, 1]


def test_the_first_frame_of_a_restarted_process_is_discont() -> None:
    rig = Rig(incarnation=1)
    rig.offer(caps_event(CAPS), frame(0), frame(1))
    rig.run()
    assert rig.disconts == [True, False]
    rig.close()


def test_the_first_frame_of_the_first_incarnation_is_as_it_came(rig: Rig) -> None:
    rig.offer(caps_event(CAPS), frame(0), Frame(1, 40, CAPS, flags=Flags.DISCONT))
    rig.run()
    assert rig.disconts == [False, True]


def test_a_process_that_will_get_no_eos_concludes_after_what_has_come(rig: Rig) -> None:
    rig.offer(caps_event(CAPS), frame(0))
    assert rig.far.wait(5)
    rig.sender.serve()
    assert rig.hub.wait(5)
    rig.intake.conclude()
    rig.run()
    assert rig.seen == [0]
    assert rig.eos == 1
    assert rig.intake.eos and rig.intake.ended
    assert [m.name for m in rig.around.said if isinstance(m, Element)][-1] == "drained"


def test_eos_is_taken_once_however_often_it_comes(rig: Rig) -> None:
    rig.offer(caps_event(CAPS), frame(0), EOS)
    rig.run()
    assert rig.intake.ended
    rig.intake.conclude()
    rig.die()
    rig.be_born()
    rig.intake.relink()
    rig.offer(caps_event(CAPS), frame(0), Event(EventKind.GAP), EOS)
    rig.run()
    assert rig.eos == 1
    assert rig.seen == [0]
    assert rig.done[-4:] == ["caps", 0, "gap", "eos"]
    assert rig.node.ledger.dropped == {"repeated": 1}


def test_working_on_what_came_stops_when_what_is_behind_is_full(rig: Rig) -> None:
    rig.offer(caps_event(CAPS), frame(0), frame(1))
    assert rig.far.wait(5)
    rig.sender.serve()
    assert rig.hub.wait(5)
    rig.intake.consume(lambda: False)
    assert rig.seen == []  # the caps alone
