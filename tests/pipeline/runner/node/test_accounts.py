"""What a node counts, and what its stage says through it."""

from __future__ import annotations

import pytest
from playthings import picture
from surroundings import CAPS, EOS, Around, Done, End, accept, frame, misfit, node

from pipeline.frame import Event, EventKind, Frame, Ticket, To, caps_event
from pipeline.messages import Element, Warn
from pipeline.runner.routes import Token
from pipeline.states import State


@pytest.mark.parametrize(
    ("how", "sent", "held", "dropped"),
    [("pass", 3, 0, {}), ("right", 3, 0, {}), ("hold", 0, 3, {}), ("drop", 0, 0, {"dull": 9})],
)
def test_what_becomes_of_frames_is_counted(how: str, sent: int, held: int, dropped: dict[str, int]) -> None:
    made, _, _ = misfit(how)
    for seq in range(3):
        accept(made, frame(seq))
    ledger = made.ledger
    assert (ledger.received, ledger.sent, ledger.held, dict(ledger.dropped)) == (3, sent, held, dropped)
    assert ledger.last_pts_ns == 200
    assert ledger.busy_ns > 0


def test_a_frame_to_two_links_of_one_pad_is_sent_once() -> None:
    made, _, _ = misfit()
    made.connect("left", End())
    accept(made, frame())
    assert made.ledger.sent == 1 and made.ledger.missing == 0


def test_a_frame_for_a_pad_that_leads_nowhere_is_dropped_by_that_name() -> None:
    made = node(Around())
    accept(made, frame())
    assert made.ledger.dropped == {"unlinked": 1} and made.ledger.missing == 0


def test_a_sink_has_used_what_it_neither_drops_nor_holds() -> None:
    made = node(Around(), "misfits:User")
    for seq in range(5):
        accept(made, frame(seq))
    assert (made.ledger.sent, made.ledger.dropped, made.ledger.missing) == (3, {"odd": 2}, 0)


def test_events_are_not_counted() -> None:
    made, _, _ = misfit()
    accept(made, caps_event(CAPS))
    accept(made, Event(EventKind.GAP))
    assert (made.ledger.received, made.ledger.sent) == (0, 0)


def test_a_source_receives_what_it_sends_and_what_it_drops() -> None:
    made, end = node(Around(), "playthings:Counting"), End()
    made.connect("frames", end)
    for output in (caps_event(CAPS), frame(1), To("frames", frame(2)), To("evens", frame(3))):
        made.emit(output, Token(Done()))
    made.stage.drop("corrupt", 2)
    ledger = made.ledger
    assert (ledger.received, ledger.sent, ledger.dropped) == (5, 2, {"unlinked": 1, "corrupt": 2})
    assert ledger.missing == 0 and ledger.last_pts_ns == 300
    assert end.kinds == ["caps", 1, 2]


def test_the_end_of_a_source_reaches_every_pad() -> None:
    around, ends = Around(), [End(), End()]
    made = node(around, "playthings:Counting")
    for pad, end in zip(("frames", "evens"), ends, strict=True):
        made.connect(pad, end)
    made.emit(EOS, Token(Done()))
    assert all(end.items == [EOS] for end in ends)
    assert made.state is State.PAUSED


def test_a_picture_that_is_gone_is_counted_and_one_that_never_was_is_not() -> None:
    made, around, _ = misfit()
    image = picture(3, 64, 48)
    ticket = Ticket("pool-a-1", 0, 2, image.layout)
    assert made.take(Frame(0, 0, CAPS, image=ticket)) is None
    assert made.take(Frame(0, 0, CAPS)) is None
    assert made.ledger.lost_pictures == 1
    around.picture = image
    assert made.take(Frame(0, 0, CAPS, image=ticket)) is image
    made.lost_picture()
    assert made.ledger.lost_pictures == 2


def test_messages_and_warnings_carry_the_name_of_the_stage() -> None:
    made, around, _ = misfit()
    made.post("slide", {"number": 1})
    made.warn("it is dark")
    assert around.said == [Element("it", "slide", {"number": 1}), Warn("it", "it is dark")]
