"""Frames, events and bus messages <-> bytes: a msgpack header and raw parts. Pure functions, versioned, bounded.

Nothing here trusts its input: whatever is not exactly one of our messages raises WireError. There is no pickle,
no extension type, and no length that is taken from a message before it was compared with the bytes that came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import msgpack

from pipeline.call import Call
from pipeline.caps import Caps
from pipeline.errors import WireError
from pipeline.frame import (
    MATRICES,
    PIX_FMTS,
    ROTATIONS,
    Event,
    EventKind,
    Flags,
    Frame,
    Item,
    Layout,
    Picture,
    Ticket,
)
from pipeline.header import Header
from pipeline.messages import (
    BusMessage,
    Described,
    Drain,
    Element,
    Failure,
    Finished,
    Heartbeat,
    Hello,
    Play,
    Relink,
    StateChanged,
    Tell,
    Unlink,
    Warn,
)
from pipeline.planes import Part, checked_shape, is_count, is_side, planes_of, sendable

VERSION = 1
MAX_HEADER_BYTES = 1 << 20
MAX_PLANES = 4
MAX_PARTS = 1 + 2 * MAX_PLANES
MAX_MORE = 1023
MAX_SAR = 64.0  # a sample aspect ratio, or its inverse; real ones stay below 4
_ALL_FLAGS = int(Flags.DISCONT | Flags.GAP)


# ---- items: frames and events -------------------------------------------------------------------------------


def encode_item(number: int, item: Item) -> list[Part]:
    """An item as message parts; ``number`` is its sequence number on the link.

    Raises WireError for what the far end would refuse: too large, not uint8, meta that are no plain values.
    """
    if isinstance(item, Event):
        return [_pack("event", number, {"kind": item.kind.value, "pts": item.pts_ns, "data": item.data})]
    if len(item.planes) > MAX_PLANES:
        raise WireError(f"a frame of {len(item.planes)} planes; at most {MAX_PLANES} are allowed")
    planes = [sendable(plane) for plane in item.planes]
    image: object = None
    if isinstance(item.image, Ticket):
        ticket = item.image
        image = [_layout_list(ticket.layout), ticket.pool, ticket.slot, ticket.generation]
    elif isinstance(item.image, Picture):
        image = [_layout_list(item.image.layout)]
    body: dict[str, object] = {
        "seq": item.seq,
        "epoch": item.epoch,
        "pts": item.pts_ns,
        "wall": item.wall_ns,
        "flags": int(item.flags),
        "meta": item.meta,
        "planes": [list(plane.shape) for plane in planes],
        "image": image,
    }
    if isinstance(item.image, Picture):
        planes += [sendable(plane) for plane in item.image.planes]
    return [_pack("frame", number, body), *(plane.data.cast("B") for plane in planes)]


def decode_item(parts: Sequence[Part], caps: Caps | None) -> tuple[int, Item]:
    """The link's sequence number and the item. ``caps`` are those of the last CAPS event, given to frames.

    Planes are views of the received parts, read-only. Raises WireError.
    """
    if not 1 <= len(parts) <= MAX_PARTS:
        raise WireError(f"a message of {len(parts)} parts; at most {MAX_PARTS} are allowed")
    kind, body = _unpack(parts[0])
    number = body.integer("n", 0)
    if kind == "event":
        if len(parts) != 1:
            raise WireError("an event with raw parts")
        return number, Event(_event_kind(body.text("kind")), body.integer("pts"), body.mapping("data"))
    if kind != "frame":
        raise WireError(f"'{kind[:40]}' where a frame or an event was expected")
    if caps is None:
        raise WireError("a frame arrived before its caps")
    shapes = [checked_shape(entry) for entry in body.sequence("planes", MAX_PLANES)]
    layout, ticket = _image(body.get("image"))
    inline = layout.plane_shapes() if layout is not None and ticket is None else ()
    arrays = planes_of(parts[1:], [*shapes, *inline])
    image: Picture | Ticket | None = ticket
    if layout is not None and ticket is None:
        image = Picture(layout, tuple(arrays[len(shapes) :]))
    return number, Frame(
        seq=body.integer("seq", 0),
        pts_ns=body.integer("pts"),
        caps=caps,
        planes=tuple(arrays[: len(shapes)]),
        image=image,
        meta=body.mapping("meta"),
        flags=Flags(body.integer("flags", 0, _ALL_FLAGS)),
        epoch=body.integer("epoch", 0),
        wall_ns=body.integer("wall", 0),
    )


# ---- link control -------------------------------------------------------------------------------------------


def encode_hello(link: str) -> bytes:
    """A receiver's first message to the sender of ``link``."""
    return _pack("hello", 0, {"link": link})


def encode_ack(number: int, *more: int) -> bytes:
    """A receiver is done with the items of these numbers, at most 1 + MAX_MORE, and so is everybody behind it."""
    return _pack("ack", number, {"more": more})


def decode_control(part: Part, link: str) -> tuple[str, tuple[int, ...]]:
    """``("hello", ())`` or ``("ack", numbers)``. Raises WireError, also for a receiver of another link."""
    kind, body = _unpack(part)
    if kind not in ("hello", "ack"):
        raise WireError(f"'{kind[:40]}' where hello or ack was expected")
    if kind == "hello" and body.text("link") != link:
        raise WireError(f"hello from a receiver of link '{body.text('link')[:40]}'")
    first = body.integer("n", 0)
    if kind == "hello":
        return kind, ()
    said = body.sequence("more", MAX_MORE)
    more = tuple(number for number in said if is_count(number))
    if len(more) != len(said):
        raise WireError("field 'more' holds what is no number of an item")
    return kind, (first, *more)


# ---- services -----------------------------------------------------------------------------------------------


def encode_call(call: Call) -> list[Part]:
    """A request to a service or its answer, as message parts. Raises WireError for what the far end would refuse."""
    if len(call.planes) > MAX_PLANES:
        raise WireError(f"a call with {len(call.planes)} planes; at most {MAX_PLANES} are allowed")
    planes = [sendable(plane) for plane in call.planes]
    body = {"kind": call.kind, "data": call.data, "planes": [list(plane.shape) for plane in planes]}
    return [_pack("call", call.number, body), *(plane.data.cast("B") for plane in planes)]


def decode_call(parts: Sequence[Part]) -> Call:
    """The call. Its planes are views of the received parts, read-only. Raises WireError."""
    if not 1 <= len(parts) <= 1 + MAX_PLANES:
        raise WireError(f"a call of {len(parts)} parts; 1 to {1 + MAX_PLANES} are allowed")
    kind, body = _unpack(parts[0])
    if kind != "call":
        raise WireError(f"'{kind[:40]}' where a call was expected")
    shapes = [checked_shape(entry) for entry in body.sequence("planes", MAX_PLANES)]
    planes = planes_of(parts[1:], shapes)
    return Call(body.text("kind"), body.integer("n", 0), body.mapping("data"), tuple(planes))


# ---- bus ----------------------------------------------------------------------------------------------------


def encode_message(message: BusMessage) -> bytes:
    """A bus message as one part."""
    return _pack(type(message).__name__, 0, _plain(message))


def decode_message(part: Part) -> BusMessage:
    """A bus message from one part. Raises WireError."""
    kind, body = _unpack(part)
    if kind not in _MESSAGES:
        raise WireError(f"unknown bus message '{kind[:40]}'")
    return _MESSAGES[kind](body)


_MESSAGES: Mapping[str, Callable[[Header], BusMessage]] = {
    "Hello": lambda b: Hello(b.text("process"), b.integer("incarnation", 0)),
    "Described": lambda b: Described(
        b.text("stage"), None if b.get("sink_caps") is None else b.text("sink_caps"), b.texts("src_caps")
    ),
    "StateChanged": lambda b: StateChanged(b.text("stage"), b.state("old"), b.state("new")),
    "Heartbeat": lambda b: Heartbeat(b.text("process"), b.text("phase"), b.ledgers("ledgers")),
    "Warn": lambda b: Warn(b.text("stage"), b.text("text")),
    "Failure": lambda b: Failure(b.text("stage"), b.text("kind"), b.text("text"), b.text("trace")),
    "Finished": lambda b: Finished(b.text("process"), b.ledgers("ledgers")),
    "Element": lambda b: Element(b.text("stage"), b.text("name"), b.mapping("data")),
    "Play": lambda b: Play(b.texts("caps")),
    "Drain": lambda b: Drain(),
    "Tell": lambda b: Tell(b.text("stage"), b.text("name"), b.mapping("data")),
    "Relink": lambda b: Relink(b.text("link")),
    "Unlink": lambda b: Unlink(b.text("link")),
}


def _plain(value: object) -> Any:
    """Dataclasses as maps, all the way down; msgpack takes the rest as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return value


def _pack(kind: str, number: int, body: Mapping[str, object]) -> bytes:
    try:
        packed: bytes = msgpack.packb({"v": VERSION, "t": kind, "n": number, **body}, use_bin_type=True)
    except (TypeError, ValueError, OverflowError) as e:
        raise WireError(f"cannot send this {kind}: {e}; meta and data hold plain values only") from e
    if len(packed) > MAX_HEADER_BYTES:
        raise WireError(f"a {kind} with a header of {len(packed)} bytes; at most {MAX_HEADER_BYTES} are allowed")
    return packed


def _refuse_extension(code: int, data: bytes) -> object:
    raise WireError(f"extension type {code} is not allowed")


def _unpack(part: Part) -> tuple[str, Header]:
    if len(part) > MAX_HEADER_BYTES:
        raise WireError(f"a header of {len(part)} bytes; at most {MAX_HEADER_BYTES} are allowed")
    try:
        header = msgpack.unpackb(part, raw=False, strict_map_key=True, max_ext_len=0, ext_hook=_refuse_extension)
    except (ValueError, TypeError, msgpack.exceptions.UnpackException, RecursionError) as e:
        raise WireError(f"not a msgpack header: {type(e).__name__}") from e
    if not isinstance(header, dict):
        raise WireError("the header is not a map")
    body = Header(header)
    if body.integer("v") != VERSION:
        raise WireError(f"wire version {body.integer('v')}; this is {VERSION}: run the same release at both ends")
    return body.text("t"), body


def _event_kind(name: str) -> EventKind:
    try:
        return EventKind(name)
    except ValueError as e:
        raise WireError(f"unknown event '{name[:40]}'") from e


def _layout_list(layout: Layout) -> list[object]:
    return [getattr(layout, f.name) for f in fields(Layout)]


def _layout(entry: object) -> Layout:
    match entry:
        case [str(fmt), int(w), int(h), str(matrix), bool(full), int(rotation), int() | float() as sar]:
            known = fmt in PIX_FMTS and matrix in MATRICES and rotation in ROTATIONS
            whole = is_side(w) and is_side(h) and not isinstance(rotation, bool)
            if known and whole and not isinstance(sar, bool) and 1 / MAX_SAR <= sar <= MAX_SAR:
                return Layout(fmt, w, h, matrix, full, rotation, float(sar))
    raise WireError("field 'image' holds no valid picture layout")


def _image(entry: object) -> tuple[Layout | None, Ticket | None]:
    match entry:
        case None:
            return None, None
        case [layout]:
            return _layout(layout), None
        case [layout, str(pool), slot, generation] if is_count(slot) and is_count(generation):
            made = _layout(layout)
            return made, Ticket(pool, slot, generation, made)
    raise WireError("field 'image' is neither a picture nor a ticket")
