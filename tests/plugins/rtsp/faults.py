"""What can be wrong with the server, and hostile bytes. Switches are shared by all clients; orders are for each one.

A client's thread reads them; whoever tests sets them, at any time.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rtsp.auth import Login
from rtsp.clips import Clip
from rtsp.rtp import FRAMING, HEADER, Packed

HOSTILE = ("garbage", "length", "short", "empty", "channel", "extension", "padding", "nal")


@dataclass(slots=True)
class Switches:
    """``clip``: what is to be shown. ``frozen``: nothing is sent, read or accepted, connections stay open.
    ``silent``: new connections are accepted, and that is all. ``identical``: the last key unit again and again.
    ``shift``: added to video timestamps, in ticks of 1/90000 s.
    """

    clip: Clip
    login: Login | None = None
    frozen: bool = False
    silent: bool = False
    identical: bool = False
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """Half a packet, then the end: with a reset, or with an orderly FIN."""

    reset: bool = True


@dataclass(frozen=True, slots=True)
class Damage:
    """Of the next ``units``: payloads become noise, or packets end in the middle, or packets are left out."""

    kind: Literal["noise", "truncated", "missing"]
    units: int


@dataclass(frozen=True, slots=True)
class Hostile:
    """Bytes between two access units that no camera should send; see ``hostile``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing is sent for a while, then everything at once."""

    seconds: float


Order: TypeAlias = Cut | Damage | Hostile | Stall


@dataclass(slots=True)
class Damaging:
    """Does what ``Damage`` orders, unit by unit, the same way each time."""

    left: list[Damage] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def order(self, damage: Damage) -> None:
        """For the next units, after those already ordered."""
        self.left.append(damage)

    def apply(self, data: bytearray, packed: Packed) -> bytearray:
        """The bytes of the next unit as they are to be sent."""
        if not self.left:
            return data
        damage = self.left[0]
        self.left[:1] = [Damage(damage.kind, damage.units - 1)] if damage.units > 1 else []
        ends = (*packed.starts[1:], len(data))
        return bytearray(
            b"".join(
                self._packet(damage.kind, data[a:b], place)
                for place, (a, b) in enumerate(zip(packed.starts, ends, strict=True))
            )
        )

    def _packet(self, kind: str, packet: bytearray, place: int) -> bytes:
        keep = FRAMING + HEADER + 2  # the NAL unit's type stays, so that a decoder takes it up
        if kind == "noise":
            return bytes(packet[:keep]) + self._random.randbytes(max(0, len(packet) - keep))
        if kind == "missing":
            return bytes(packet) if place % 2 else b""
        half = bytes(packet[: keep + max(0, len(packet) - keep) // 2])
        return half[:2] + struct.pack(">H", len(half) - FRAMING) + half[FRAMING:]


def hostile(kind: str, channel: int, payload_type: int, ssrc: int) -> bytes:
    """``garbage``: noise between packets. ``length``: 65535 bytes declared, none sent. ``short``: half an RTP header.
    ``empty``: no bytes. ``channel``: one that was never set up. ``extension``, ``padding``: longer than their packet.
    ``nal``: aggregates that declare more than they hold, and types that do not exist.
    """
    noise = random.Random(2).randbytes

    def framed(data: bytes, at: int = channel) -> bytes:
        return struct.pack(">cBH", b"$", at, len(data)) + data

    def header(flags: int) -> bytes:
        return struct.pack(">BBHII", flags, payload_type, 0xBEEF, 0xDEADBEEF, ssrc)

    made = {
        "garbage": noise(300).replace(b"$", b"#"),
        "length": struct.pack(">cBH", b"$", channel, 0xFFFF),
        "short": framed(b"\x80\x60\x00\x01"),
        "empty": framed(b""),
        "channel": framed(noise(100), 0x63),
        "extension": framed(header(0x90) + b"\xbe\xde\xff\xff" + noise(8)),
        "padding": framed(header(0xA0) + noise(8) + b"\xff"),
        "nal": b"".join(
            framed(header(0x80) + body) for body in (b"\x18\xff\xff\x01", b"\x1f" + noise(20), b"\x7c")
        ),
    }  # fmt: skip
    return made[kind]
