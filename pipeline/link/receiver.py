"""The downstream end of a link."""

from __future__ import annotations

import zmq

from pipeline.caps import Caps
from pipeline.errors import ConfigError, WireError
from pipeline.frame import Event, EventKind, Item
from pipeline.link.hub import Hub, received
from pipeline.planes import MAX_PART_BYTES
from pipeline.wire import MAX_MORE, decode_item, encode_ack, encode_hello


class Receiver:
    """Connects and says hello. Serves one sender: to the sender's successor belongs another receiver."""

    def __init__(self, hub: Hub, address: str, link: str) -> None:
        self.link = link
        self._caps: Caps | None = None
        self._socket = hub.socket(zmq.DEALER, MAX_PART_BYTES)
        self._socket.connect(address)
        self._socket.send(encode_hello(link))
        hub.watch(self._socket)
        self._hub = hub
        self._done: list[int] = []  # acknowledged, and not yet said so

    def pause(self, paused: bool) -> None:
        """Let messages wait in the socket, while what is downstream is full."""
        (self._hub.unwatch if paused else self._hub.watch)(self._socket)

    def receive(self) -> tuple[int, Item] | None:
        """The next item and its number, or None if there is none now. Raises WireError naming the link."""
        parts = received(self._socket)
        if parts is None:
            return None
        try:
            number, item = decode_item(parts, self._caps)
            if isinstance(item, Event) and item.kind is EventKind.CAPS:
                self._caps = Caps.parse(str(item.data.get("caps")))
        except (WireError, ConfigError) as e:
            raise WireError(f"link {self.link}: {e}") from e
        return number, item

    def acknowledge(self, number: int) -> None:
        """This item and all that came of it are done with; the sender hears of it with the next ``flush``."""
        self._done.append(number)
        if len(self._done) > MAX_MORE:
            self.flush()

    def flush(self) -> None:
        """Say what was acknowledged: one message for many. Without effect once closed: the numbers are the sender's."""
        if self._done and not self._socket.closed:
            self._socket.send(encode_ack(*self._done))
        self._done.clear()

    def close(self) -> None:
        """The sender is gone for good; what it was still to be told is dropped."""
        self._hub.unwatch(self._socket)
        self._socket.close(linger=0)
