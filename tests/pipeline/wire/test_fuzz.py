"""Random bytes, damaged messages and headers with awkward fields: a WireError, never a crash or a hang."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgpack
from hypothesis import given
from hypothesis import strategies as st
from travellers import CAPS, frames, messages, plane

from pipeline import wire
from pipeline.errors import WireError
from pipeline.frame import Frame, Layout, Ticket
from pipeline.messages import BusMessage
from pipeline.wire import (
    decode_control,
    decode_item,
    decode_message,
    encode_item,
    encode_message,
)

FRAME = Frame(7, 40, CAPS, (plane((6, 8)),), Ticket("pool-decoder-1", 3, 8, Layout("yuv420p", 5, 3)), {"percent": 0.5})


def only_wire_errors(decode: Callable[[], object]) -> None:
    try:
        decode()
    except WireError:
        return


def every_decoder(parts: Sequence[bytes]) -> None:
    only_wire_errors(lambda: decode_item(parts, CAPS))
    for part in parts:
        only_wire_errors(lambda part=part: decode_message(part))  # type: ignore[misc]
        only_wire_errors(lambda part=part: decode_control(part, "a-b"))  # type: ignore[misc]


@given(st.lists(st.binary(max_size=80), max_size=11))
def test_random_bytes_raise_nothing_else(parts: list[bytes]) -> None:
    every_decoder(parts)


@given(frames, st.data())
def test_damaged_frames_raise_nothing_else(frame: Frame, data: st.DataObject) -> None:
    parts = [bytes(part) for part in encode_item(1, frame)]
    which = data.draw(st.integers(0, len(parts) - 1))
    at = data.draw(st.integers(0, len(parts[which])))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.binary(max_size=3))
    parts[which] = parts[which][:at] + put + parts[which][at + cut :]
    every_decoder(data.draw(st.sampled_from([parts, parts[::-1], parts[:-1], [*parts, b""], parts * 2])))


@given(messages, st.data())
def test_damaged_bus_messages_raise_nothing_else(message: BusMessage, data: st.DataObject) -> None:
    packed = encode_message(message)
    at = data.draw(st.integers(0, len(packed)))
    damaged = packed[:at] + data.draw(st.binary(max_size=3)) + packed[at + data.draw(st.integers(0, 3)) :]
    every_decoder([damaged])


COMPLETE: dict[str, object] = msgpack.unpackb(encode_item(1, FRAME)[0])
awkward: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(
        [
            *(
                None,
                True,
                False,
                -1,
                0,
                1,
                2,
                3,
                1.0,
                2.0,
                float("nan"),
                float("inf"),
                16385,
                2**63,
                2**64 - 1,
                "",
                b"",
            ),
            *("frame", "event", "caps", "eos", "null", "gray", "bgr24", "nv12", "bt709", "pool-decoder-1", "../x"),
        ]
    ),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
kinds = st.sampled_from(["frame", "event", "hello", "ack", *wire._MESSAGES])
fields = st.sampled_from(
    [
        *(
            "seq",
            "epoch",
            "pts",
            "wall",
            "flags",
            "meta",
            "planes",
            "image",
            "kind",
            "data",
            "link",
            "process",
            "stage",
        ),
        *("sink_caps", "src_caps", "old", "new", "phase", "ledgers", "text", "trace", "name", "caps"),
    ]
)


@given(kinds, st.dictionaries(fields, awkward), st.lists(st.binary(max_size=12), max_size=3), st.booleans())
def test_headers_of_ours_with_awkward_fields_raise_nothing_else(
    kind: str, body: dict[str, object], raw: list[bytes], complete: bool
) -> None:
    envelope = {"v": wire.VERSION, "t": kind, "n": 1}
    every_decoder([msgpack.packb((COMPLETE if complete else {}) | envelope | body), *raw])
