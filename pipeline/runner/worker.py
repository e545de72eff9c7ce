"""The loop of a child process: negotiate, let frames flow, send the heartbeat, drain, stop.

Everything happens in one thread. The heartbeat is sent by this loop and by nothing else, so that a stage that hangs
is seen to hang.
"""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

from pipeline.blackbox import BlackBox
from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Frame, Picture, Ticket
from pipeline.link import HOLD_NS, BusClient, Hub, Sender, endpoint
from pipeline.messages import BusMessage, Drain, Finished, Heartbeat, Hello, Ledger, Play, Relink, Tell, Unlink
from pipeline.pool import PoolReader
from pipeline.runner.intake import Intake
from pipeline.runner.lending import Exit, Lending
from pipeline.runner.node import Node
from pipeline.runner.production import Production
from pipeline.runner.spec import ProcessSpec
from pipeline.stage import Source
from pipeline.states import State

HEARTBEAT_NS = 1_000_000_000
TICK_NS = 1_000_000_000
BURST = 8  # items that are sent together where nothing waits for one; a quarter of the usual window


class Worker:
    """One process: its nodes, links and bus. Implements ``routes.Surroundings``."""

    def __init__(self, spec: ProcessSpec) -> None:
        self._spec = spec
        self._folder = Path(spec.folder)
        self._hub = Hub()
        self._bus = BusClient(self._hub, endpoint(self._folder, "bus"))
        self._reader = PoolReader(self._folder)
        self._box = BlackBox(self._folder, spec.process, spec.incarnation) if spec.accounted else None
        self._nodes: dict[str, Node] = {}
        self._senders: list[Sender] = []
        self._intake: Intake | None = None
        self._production: Production | None = None
        self._lending: Lending | None = None
        self._early: deque[BusMessage] = deque()
        self._phase = "starting"
        self._next_beat_ns = self._next_tick_ns = self._next_flush_ns = 0
        self._begun = False
        self.failed_stage = spec.nodes[0].name
        self._bus.send(Hello(spec.process, spec.incarnation))

    # -- Surroundings --

    def send(self, message: BusMessage) -> None:
        self._bus.send(message)

    def take(self, frame: Frame) -> Picture | None:
        if isinstance(frame.image, Ticket):
            return self._reader.take(frame.image)
        return frame.image.copy() if frame.image is not None else None

    def alive(self) -> None:
        """Send the heartbeat if it is due."""
        now = time.monotonic_ns()
        if now >= self._next_beat_ns:
            self._next_beat_ns = now + HEARTBEAT_NS
            self._bus.send(Heartbeat(self._spec.process, self._phase, self._ledgers()))

    # -- the life of the process --

    def build(self) -> None:
        """Build and describe every stage. Raises ConfigError."""
        for spec in self._spec.nodes:
            self.failed_stage = spec.name
            self._nodes[spec.name] = Node(spec, self, self._spec.incarnation, self._spec.began_ns)
        for spec in self._spec.nodes:
            for pad, sink in spec.outputs:
                self._nodes[spec.name].connect(pad, self._nodes[sink])
        if self._spec.receive is None and self._spec.sends:  # this process hosts the source
            slots = sum(send.window * (1 if send.leaky == "no" else 2) for send in self._spec.sends) + 2
            lost = self._first.lost_picture
            self._lending = Lending(self._folder, self._spec.process, slots, lost, self._spec.incarnation)
        for send in self._spec.sends:
            address = endpoint(self._folder, send.id)
            sender = Sender(self._hub, address, send.id, send.window, send.leaky)
            self._senders.append(sender)
            self._nodes[send.stage].connect(send.pad, Exit(sender, self._lending))
        for node in self._nodes.values():
            self._bus.send(node.describe())

    def wait_for_play(self) -> Play | None:
        """Until the supervisor says that all pads can link; None if it says to stop instead."""
        while True:
            self._hub.wait(1.0)
            self.alive()
            while (message := self._bus.receive()) is not None:
                if isinstance(message, Play):
                    return message
                if isinstance(message, Drain):
                    return None
                self._early.append(message)

    def play(self, go: Play) -> None:
        """Run until EOS has passed through every stage and all that was sent is acknowledged."""
        for node in self._nodes.values():
            self.failed_stage = node.name
            node.stage.start()
            for state in (State.READY, State.PAUSED, State.PLAYING):
                node.move(state)
        receive = self._spec.receive
        if receive is not None:
            address = endpoint(self._folder, receive.id)
            self._intake = Intake(self._hub, address, receive.id, self._first, self._at_eos)
        else:
            self._production = self._produced(go)
        if not self._live:
            for sender in self._senders:
                sender.burst = max(1, min(BURST, sender.window // 4))
        self._enter("working")
        while not self._ended or not all(sender.idle for sender in self._senders):
            self._turn()
        self._flush()
        self._bus.send(Finished(self._spec.process, self._ledgers()))

    def stop(self) -> None:
        """Stop every stage, whatever happened before."""
        for node in self._nodes.values():
            self.failed_stage = node.name
            node.stage.stop()

    def close(self) -> None:
        """Let queued messages leave and close the sockets."""
        self._hub.close()

    # -- one turn of the loop --

    @property
    def _first(self) -> Node:
        return self._nodes[self._spec.nodes[0].name]

    @property
    def _live(self) -> bool:
        stage = self._first.stage
        return isinstance(stage, Source) and stage.live

    @property
    def _ended(self) -> bool:
        return any(end.ended for end in (self._intake, self._production) if end is not None)

    @property
    def _blocked(self) -> bool:
        return any(sender.full for sender in self._senders)

    def _produced(self, go: Play) -> Production:
        first = self._first
        if not isinstance(first.stage, Source):
            raise ConfigError(f"'{first.name}' is no source, and nothing comes before it")
        first.stage.negotiate({pad: Caps.parse(caps) for pad, caps in go.caps.items()})
        return Production(first, first.stage, self._hub, (self._senders, self._lending), self._at_eos)

    def _turn(self) -> None:
        blocked = self._blocked
        if self._intake is not None:
            self._intake.pause(blocked)
        pause_s = self._production.pause_s() if self._production is not None else None
        if pause_s != 0:
            self._flush()  # whoever waits, waits for what neighbours do about this
        rest_s = (min(self._next_beat_ns, self._next_tick_ns) - time.monotonic_ns()) / 1e9
        self._hub.wait(max(0.0, rest_s if pause_s is None else min(rest_s, pause_s)))
        self.alive()
        self._tick()
        for sender in self._senders:
            sender.serve()
        self._read_bus()
        if self._production is not None and pause_s is not None:
            self.failed_stage = self._first.name
            self._production.step()
        if self._intake is not None and not blocked:
            self.failed_stage = self._first.name
            self._intake.consume(self._after_each)
        self._account()

    def _after_each(self) -> bool:
        """Between two items; whether there may be another one."""
        if self._intake is not None and self._intake.begun and not self._begun:
            self._begun, self._next_beat_ns = True, 0  # the first frame is worth a heartbeat of its own
        self.alive()
        for sender in self._senders:
            sender.serve()
        if (now := time.monotonic_ns()) >= self._next_flush_ns:
            self._next_flush_ns = now + HOLD_NS
            self._flush()
        self._account()
        return not self._blocked

    def _flush(self) -> None:
        """Send what was held back to be sent together: one message, and one waking of a neighbour, for many items."""
        for sender in self._senders:
            sender.flush()
        if self._intake is not None:
            self._intake.flush()

    def _account(self) -> None:
        if self._box is not None:
            self._box.write(self._ledgers())

    def _tick(self) -> None:
        now = time.monotonic_ns()
        if now < self._next_tick_ns:
            return
        self._next_tick_ns = now + TICK_NS
        for node in self._nodes.values():
            self.failed_stage = node.name
            node.tick()

    def _read_bus(self) -> None:
        while (message := self._early.popleft() if self._early else self._bus.receive()) is not None:
            match message:
                case Drain():
                    if self._production is not None:
                        self._production.finish()
                    elif self._intake is not None:
                        self._intake.conclude()
                case Relink(link) if self._intake is not None and self._intake.link == link:
                    self._intake.relink()
                case Unlink(link):
                    for sender in self._senders:
                        if sender.link == link:
                            sender.unlink()
                case Tell(stage, name, data) if stage in self._nodes:
                    self.failed_stage = stage
                    self._nodes[stage].told(name, data)

    def _at_eos(self) -> None:
        self._enter("draining")

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._next_beat_ns = 0  # other limits hold from here on: say so at once
        self.alive()

    def _ledgers(self) -> dict[str, Ledger]:
        stages = {name: node.ledger for name, node in self._nodes.items()}
        return stages | {sender.link: sender.ledger for sender in self._senders}
