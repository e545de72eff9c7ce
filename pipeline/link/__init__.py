"""Credit links over ZeroMQ, and the bus; the only room that imports zmq.

A sender never has more than ``window`` items out unacknowledged. An acknowledgement means that everybody behind the
receiver is done with the item too. What is unacknowledged is sent again to a receiver that was restarted. ZeroMQ's
own high-water mark is neither flow control nor durability, so it is switched off; memory is bounded by the window.

Beside them, and imported by those alone who use them: ``service`` and ``caller``, which ask and answer across hosts,
with ``keys``. There high-water marks are set, as a far end need not keep to anything.
"""

from pipeline.link.bus import BusClient, BusServer
from pipeline.link.hub import Hub, endpoint
from pipeline.link.receiver import Receiver
from pipeline.link.sender import HOLD_NS, Sender

__all__ = ["HOLD_NS", "BusClient", "BusServer", "Hub", "Receiver", "Sender", "endpoint"]
