"""What travels in band inside the decoder, in one order for each pad: epochs, breaks, lectures, packets with times."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frame import Meta
from stages.decoder.live.arrivals import Arrived, Connected
from stages.decoder.live.decoding import PacketDecoder


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection's packets follow, for this decoder."""

    facts: Connected
    decoder: PacketDecoder


@dataclass(frozen=True, slots=True)
class Begin:
    """An epoch begins here, with a packet of ``mono_ns``."""

    epoch: int
    streams: bytes
    mono_ns: int


@dataclass(frozen=True, slots=True)
class End:
    """Nothing comes from here on; ``duration_ns``: of the last picture."""

    reason: str
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Told:
    """A lecture starts or stops here."""

    start: bool
    data: Meta


@dataclass(frozen=True, slots=True)
class Timed:
    """A packet and when its picture was taken."""

    arrived: Arrived
    mono_ns: int


@dataclass(frozen=True, slots=True)
class Missing:
    """So many packets found no room."""

    count: int


Pending = Opened | Begin | End | Told | Timed | Missing
