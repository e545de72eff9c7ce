"""The loop of a child process: negotiate, let frames flow, send the heartbeat, drain, stop.

Everything happens in one thread. The heartbeat is sent by this loop and by nothing else, so that a stage that hangs
is seen to hang.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Item, Output, Picture, Ticket
from pipeline.link import BusClient, Hub, Receiver, Sender, endpoint
from pipeline.messages import BusMessage, Drain, Finished, Heartbeat, Hello, Ledger, Play
from pipeline.pool import PoolReader, PoolWriter, slots_for
from pipeline.runner.node import Node, Token
from pipeline.runner.spec import ProcessSpec
from pipeline.stage import Source
from pipeline.states import State

HEARTBEAT_NS = 1_000_000_000

Done: TypeAlias = Callable[[], None]


class _End:
    """What comes after the last output of a source."""


_END = _End()


class Exit:
    """The process end of a link: pictures go into the pool here, and come out of it when the link is done."""

    def __init__(self, sender: Sender, pool: Lending | None) -> None:
        self.sender = sender
        self._pool = pool

    @property
    def has_room(self) -> bool:
        return self.sender.has_room

    def accept(self, item: Item, token: Token) -> None:
        """Offer the item to the link; the token is held until it is acknowledged."""
        token.hold()
        done = token.release
        if self._pool is not None and isinstance(item, Frame) and isinstance(item.image, Picture):
            item, done = self._pool.lend(item, done)
        self.sender.offer(item, done)


class Lending:
    """The pools that this process writes. A picture that fits no slot gets a new pool; old ones go when empty."""

    def __init__(self, folder: Path, process: str, slots: int, lost: Done) -> None:
        self._lost = lost
        self._folder = folder
        self._process = process
        self._slots = slots
        self._pools: list[PoolWriter] = []
        self._made = 0
        self._last: tuple[Picture, Ticket] | None = None

    @property
    def full(self) -> bool:
        """Whether the next picture would find no slot."""
        return bool(self._pools) and self._pools[-1].free == 0

    def lend(self, frame: Frame, done: Done) -> tuple[Frame, Done]:
        """The frame with a ticket for its picture, and what to call when nobody needs the picture any more."""
        assert isinstance(frame.image, Picture)
        pool = self._fitting(frame.image.layout.nbytes)
        ticket: Ticket | None
        if self._last is not None and self._last[0] is frame.image and pool.again(self._last[1]):
            ticket = self._last[1]  # the very picture of the frame before: it lies there already
        else:
            ticket = pool.put(frame.image)
        if ticket is None:
            self._lost()
            return replace(frame, image=None), done
        self._last = (frame.image, ticket)
        slot = ticket.slot

        def finished() -> None:
            pool.release(slot)
            self._sweep()
            done()

        return replace(frame, image=ticket), finished

    def _fitting(self, nbytes: int) -> PoolWriter:
        if not self._pools or self._pools[-1].slot_bytes < nbytes:
            self._made += 1
            name = f"pool-{self._process}-{self._made}"
            self._pools.append(PoolWriter(self._folder, name, slots_for(nbytes, self._slots), nbytes))
        return self._pools[-1]

    def _sweep(self) -> None:
        for pool in [pool for pool in self._pools[:-1] if pool.busy == 0]:
            pool.remove()
            self._pools.remove(pool)


class Worker:
    """One process: its nodes, links and bus. Implements ``node.Surroundings``."""

    def __init__(self, spec: ProcessSpec) -> None:
        self._spec = spec
        self._folder = Path(spec.folder)
        self._hub = Hub()
        self._bus = BusClient(self._hub, endpoint(self._folder, "bus"))
        self._reader = PoolReader(self._folder)
        self._nodes: dict[str, Node] = {}
        self._senders: list[Sender] = []
        self._receiver: Receiver | None = None
        self._lending: Lending | None = None
        self._phase = "starting"
        self._next_beat_ns = 0
        self._source: Node | None = None
        self._produced: Iterator[Output | None] | None = None
        self._draining = False
        self._begun = self._ended = False
        self.failed_stage = spec.nodes[0].name
        self._bus.send(Hello(spec.process))

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
            self._nodes[spec.name] = Node(spec, self)
        for spec in self._spec.nodes:
            for pad, sink in spec.outputs:
                self._nodes[spec.name].connect(pad, self._nodes[sink])
        first = self._nodes[self._spec.nodes[0].name]
        if self._spec.receive is None and self._spec.sends:  # this process hosts the source
            slots = sum(send.window * (1 if send.leaky == "no" else 2) for send in self._spec.sends) + 2
            self._lending = Lending(self._folder, self._spec.process, slots, first.lost_picture)
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

    def play(self, go: Play) -> None:
        """Run until EOS has passed through every stage and all that was sent is acknowledged."""
        for node in self._nodes.values():
            self.failed_stage = node.name
            node.stage.start()
            for state in (State.READY, State.PAUSED, State.PLAYING):
                node.move(state)
        first = self._nodes[self._spec.nodes[0].name]
        if self._spec.receive is not None:
            self._receiver = Receiver(self._hub, endpoint(self._folder, self._spec.receive.id), self._spec.receive.id)
        elif isinstance(first.stage, Source):
            self._source = first
            first.stage.negotiate({pad: Caps.parse(caps) for pad, caps in go.caps.items()})
            self._produced = iter(first.stage.produce())
        self._enter("working")
        while not self._ended or not all(sender.idle for sender in self._senders):
            self._turn()
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

    def _turn(self) -> None:
        blocked = any(sender.full for sender in self._senders)
        # A leaky link lets frames go on without their picture (counted) where a lossless one waits for a slot.
        patient = all(sender.leaky == "no" for sender in self._senders)
        starved = patient and self._lending is not None and self._lending.full
        producing = self._produced is not None and not blocked and not starved
        if self._receiver is not None:
            self._receiver.pause(blocked)
        self._hub.wait(0 if producing else max(0.0, (self._next_beat_ns - time.monotonic_ns()) / 1e9))
        self.alive()
        for sender in self._senders:
            sender.serve()
        while (message := self._bus.receive()) is not None:
            if isinstance(message, Drain):
                self._drain_source()
        if producing:
            self._produce()
        if self._receiver is not None and not blocked:
            self._consume(self._receiver)

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._next_beat_ns = 0  # other limits hold from here on: say so at once
        self.alive()

    def _drain_source(self) -> None:
        if self._source is not None and isinstance(self._source.stage, Source):
            self._draining = True
            self._source.stage.finish()

    def _produce(self) -> None:
        assert self._produced is not None and self._source is not None
        self.failed_stage = self._source.name
        begin = time.perf_counter_ns()
        output = next(self._produced, _END)
        self._source.spent(time.perf_counter_ns() - begin)
        if output is None:
            return
        if isinstance(output, _End):
            self._produced = None
            self._finish(Event(EventKind.EOS, self._source.ledger.last_pts_ns, {"drained": self._draining}))
            return
        token = Token(lambda: None)
        self._source.emit(output, token)
        token.release()

    def _finish(self, eos: Event) -> None:
        assert self._source is not None
        self._enter("draining")
        token = Token(self._end)
        self._source.emit(eos, token)
        token.release()

    def _consume(self, receiver: Receiver) -> None:
        while (received := receiver.receive()) is not None:
            number, item = received
            first = self._nodes[self._spec.nodes[0].name]
            self.failed_stage = first.name
            eos = isinstance(item, Event) and item.kind is EventKind.EOS

            def done(number: int = number, eos: bool = eos) -> None:
                receiver.acknowledge(number)
                if eos:
                    self._end()

            if eos:
                self._enter("draining")
            token = Token(done)
            first.accept(item, token)
            token.release()
            if isinstance(item, Frame) and not self._begun:
                self._begun, self._next_beat_ns = True, 0  # the first frame is worth a heartbeat of its own
            self.alive()
            for sender in self._senders:
                sender.serve()
            if any(sender.full for sender in self._senders):
                return

    def _end(self) -> None:
        self._ended = True

    def _ledgers(self) -> dict[str, Ledger]:
        stages = {name: node.ledger for name, node in self._nodes.items()}
        return stages | {sender.link: sender.ledger for sender in self._senders}
