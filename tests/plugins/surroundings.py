"""A node with its surroundings and the ends of its pads, all of them fakes."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Item, Picture
from pipeline.messages import BusMessage
from pipeline.runner.node import Node
from pipeline.runner.routes import Token
from pipeline.runner.spec import NodeSpec
from pipeline.states import State

CAPS = Caps.of("video/raw", format="gray8", width=64, height=48)
EOS = Event(EventKind.EOS, 900)


class Around:
    """The process around a node, as it looks from inside."""

    def __init__(self) -> None:
        self.said: list[BusMessage] = []
        self.beats = 0
        self.picture: Picture | None = None

    def send(self, message: BusMessage) -> None:
        self.said.append(message)

    def take(self, frame: Frame) -> Picture | None:
        return self.picture

    def alive(self) -> None:
        self.beats += 1


class End:
    """The far end of a pad; keeps tokens until it is told to let go."""

    def __init__(self) -> None:
        self.has_room = True
        self.items: list[Item] = []
        self.tokens: list[Token] = []

    def accept(self, item: Item, token: Token) -> None:
        token.hold()
        self.items.append(item)
        self.tokens.append(token)

    def let_go(self) -> None:
        while self.tokens:
            self.tokens.pop().release()

    @property
    def kinds(self) -> list[object]:
        return [item.seq if isinstance(item, Frame) else item.kind.value for item in self.items]


def node(around: Around, factory: str = "misfits:Misfit", name: str = "it", **properties: object) -> Node:
    made = Node(NodeSpec(name, factory, properties), around)
    for state in (State.READY, State.PAUSED, State.PLAYING):
        made.move(state)
    return made


def misfit(how: str = "pass") -> tuple[Node, Around, Mapping[str, End]]:
    around = Around()
    made = node(around, how=how)
    around.said.clear()
    ends = {"left": End(), "right": End()}
    for pad, end in ends.items():
        made.connect(pad, end)
    return made, around, ends


def frame(seq: int = 0) -> Frame:
    return Frame(seq, seq * 100, CAPS)


class Done:
    """Counts how often a token was done with."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def accept(made: Node, item: Item) -> Done:
    """As the worker does it."""
    done = Done()
    token = Token(done)
    made.accept(item, token)
    token.release()
    return done
